"""PyTorch as a peer, as service.py has it; with --compile its modules go through torch.compile."""

import sys

import service
import torch
from torch_cells import CELLS, Frames
from torch_training import Training


class Race:
    def __init__(self, given, cell, training, compile=False):
        self.training = training
        tensors = {name: torch.from_numpy(values) for name, values in given.items()}
        self.cell = CELLS[cell](tensors, training)
        if compile:
            if not isinstance(self.cell, Frames):
                raise service.Cannot("it leaves torch.nn's own LSTM, GRU and RNN as they are")
            self.cell.forward = torch.compile(self.cell.forward)

    def round(self):
        if not self.training:
            with torch.inference_mode():
                return self.cell.forward()
        for parameter in self.cell.parameters():
            parameter.grad = None  # the faster of the two ways: nothing is added up
        y = self.cell.forward()
        y.backward(self.cell.dy)
        return y

    def results(self):
        all = self.cell.results(self.round())
        return {name: values.detach().numpy() for name, values in all.items()}

    def memory(self):
        return {"kept_bytes": self.kept_bytes(), "round_bytes": self.round_bytes()}

    def kept_bytes(self):
        """Of every storage that autograd keeps, and of y."""
        own = {p.untyped_storage().data_ptr() for p in self.cell.parameters()}
        kept = {}

        def keep(tensor):
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in own:
                kept[storage.data_ptr()] = storage.nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            keep(self.cell.forward())
        return sum(kept.values())

    def round_bytes(self):
        """The most that the allocator had given out, counted from the round's start."""
        for parameter in self.cell.parameters():
            parameter.grad = None
        with torch.profiler.profile(
            activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True
        ) as profile:
            self.round()
        changes = [e for e in profile.profiler.kineto_results.events() if e.name() == "[memory]"]
        now = most = 0
        for change in sorted(changes, key=lambda e: e.start_ns()):
            now += change.nbytes()
            most = max(most, now)
        return most


class TrainingRace:
    """Whole training steps of an encoder-forecaster; y are the first losses."""

    def __init__(self, given):
        self.count = len(given["y"])
        tensors = {name: torch.from_numpy(values) for name, values in given.items()}
        settings = {name: given[name].item() for name in ("rate", "clip")}
        settings |= {name: int(given[name].item()) for name in ("seen", "patch")}
        settings |= {"model": "convlstm", "hidden": given["model.weight_h_enc0"].shape[1]}
        self.training = Training(tensors, settings)

    def round(self):
        self.training.step()

    def results(self):
        return {"y": [self.training.step() for _ in range(self.count)]}

    def memory(self):
        raise service.Cannot("asked of single cells only")


def open_race(given, cell, training):
    if cell == "training":
        if COMPILE:
            raise service.Cannot("only single cells are compiled")
        return TrainingRace(given)
    return Race(given, cell, training, compile=COMPILE)


def start(threads):
    torch.set_num_threads(threads)
    return {
        "name": "torch.compile" if COMPILE else "PyTorch eager",
        "version": torch.__version__,
        "capability": torch.backends.cpu.get_cpu_capability(),
    }


COMPILE = "--compile" in sys.argv
service.serve(start, open_race)
