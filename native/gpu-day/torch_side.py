"""PyTorch as a side of a race on a GPU: one JSON request a line on stdin, one JSON answer a line on stdout.

{"threads": n, "device", "math"}       -> {"name", "version", "capability"}: the device cpu or cuda, the math exact, tf32
                                          or bfloat16 (autocast)
{"open": file, "cell", "training"}     -> {"worst": error} after a run from the same weights and input; the error is the
                                          largest over all results, relative to a result's largest number (or to 1)
{"run": n}                             -> {"nanos": [...]} of n rounds, a GPU waited for after each; there also
                                          {"event_nanos": [...]} between its own events

The file is safetensors: x, the weights, y, and in training dy and the gradients as grad.NAME. Unlike the benchmarks'
peer it does without numpy, which PyTorch's package does not bring.
"""

import contextlib
import functools
import json
import struct
import sys
import time

import torch
from torch_cells import CELLS

TYPES = {"F32": torch.float32, "F64": torch.float64, "I32": torch.int32}


def read(path, device):
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        data = bytearray(file.read())
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            kind = TYPES[entry["dtype"]]
            flat = torch.frombuffer(data, dtype=kind, count=(end - start) // kind.itemsize, offset=start)
            tensors[name] = flat.reshape(entry["shape"]).clone().to(device)
    return tensors


class Race:
    def __init__(self, given, cell, training, bfloat16):
        self.training = training
        self.cuda = given["x"].is_cuda
        self.autocast = contextlib.nullcontext
        if bfloat16 and self.cuda:
            self.autocast = functools.partial(torch.autocast, "cuda", torch.bfloat16)
        self.given = given
        self.cell = CELLS[cell](given, training)

    def round(self):
        if not self.training:
            with torch.inference_mode(), self.autocast():
                return self.cell.forward()
        for parameter in self.cell.parameters():
            parameter.grad = None  # the faster of the two ways: nothing is added up
        with self.autocast():
            y = self.cell.forward()
        y.backward(self.cell.dy.to(y.dtype))
        return y

    def worst(self):
        worst = 0.0
        results = self.cell.results(self.round())
        for name in (n for n in self.given if n == "y" or n.startswith("grad.")):
            expected, got = self.given[name], results[name].detach()
            if expected.shape != got.shape:
                raise ValueError(f"{name}: {list(expected.shape)} against {list(got.shape)}")
            scale = max(1.0, expected.abs().max().item())
            worst = max(worst, (expected - got).abs().max().item() / scale)
        return worst

    def run(self, rounds):
        nanos, events = [], []
        for _ in range(rounds):
            start = time.perf_counter_ns()
            if self.cuda:
                events.append(self.round_between_events())
            else:
                self.round()
            nanos.append(time.perf_counter_ns() - start)
        return {"nanos": nanos, "event_nanos": events} if self.cuda else {"nanos": nanos}

    def round_between_events(self):
        before, after = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        before.record()
        self.round()
        after.record()
        after.synchronize()
        return round(before.elapsed_time(after) * 1e6)


def start(request):
    """Sets what is for the whole process; who this is, and where tensors go."""
    torch.set_num_threads(request["threads"])
    who = {"name": "PyTorch eager", "version": torch.__version__, "capability": torch.backends.cpu.get_cpu_capability()}
    device = torch.device(request["device"])
    if device.type == "cuda":
        rounds = request["math"] != "exact"
        torch.backends.cudnn.benchmark = True  # the fastest convolution is looked for
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = rounds
        who |= {"capability": torch.cuda.get_device_name(), "cudnn": torch.backends.cudnn.version()}
    return device, request["math"] == "bfloat16", who


def main():
    race = None
    device, bfloat16 = torch.device("cpu"), False
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "threads" in request:
                device, bfloat16, answer = start(request)
            elif "open" in request:
                race = None  # gives its memory back first
                given = read(request["open"], device)
                race = Race(given, request["cell"], request["training"], bfloat16)
                answer = {"worst": race.worst()}
            else:
                answer = race.run(request["run"])
        except Exception as e:  # told to the other side, which decides
            answer = {"error": f"{type(e).__name__}: {e}"}
        print(json.dumps(answer), flush=True)


main()
