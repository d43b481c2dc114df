"""The losses of Sluice's first training steps, repeated by PyTorch from the same weights and clips.

torch_curves.py FOLDER [--record FILE]: reads what LossCurves.java left in FOLDER, NAME.safetensors (model.*, and
clips [batches, T, N, H, W]) and NAME.json (settings and Sluice's losses), trains by autograd with torch.optim.Adam,
prints both curves, and fails where a loss differs by more than 1e-4 of PyTorch's. --record keeps PyTorch's losses of
the small settings for the tests.
"""

import argparse
import json
import pathlib
import struct
import sys

import torch
from torch_training import Training

TOLERANCE = 1e-4
SMALL = 32


def read(path):
    """Float32 tensors of a safetensors file."""
    data = bytearray(path.read_bytes())
    (size,) = struct.unpack_from("<Q", data)
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + size]).items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            flat = torch.frombuffer(data, dtype=torch.float32, count=(end - start) // 4, offset=8 + size + start)
            tensors[name] = flat.reshape(entry["shape"]).clone()
    return tensors


def train(tensors, settings):
    training = Training(tensors, settings)
    return [training.step() for _ in settings["losses"]]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--record", type=pathlib.Path)
    arguments = parser.parse_args()
    recorded, missed = {}, []
    for file in sorted(arguments.folder.glob("*.json")):
        settings = json.loads(file.read_text())
        losses = train(read(file.with_suffix(".safetensors")), settings)
        if settings["size"] == SMALL:
            recorded[settings["model"]] = losses
        print(f"\n{file.stem}: {settings['hidden']} channels, {settings['batch']} clips a step")
        print(f"{'step':>4} {'PyTorch':>14} {'Sluice':>14} {'difference':>11}")
        differences = [abs(s - t) / t for s, t in zip(settings["losses"], losses)]
        for step, (t, s, d) in enumerate(zip(losses, settings["losses"], differences), 1):
            print(f"{step:4} {t:14.9f} {s:14.9f} {d:11.1e}")
        print(f"largest relative difference: {max(differences):.1e}")
        if not max(differences) <= TOLERANCE:
            missed.append(file.stem)
    if arguments.record:
        arguments.record.write_text(json.dumps({"torch": torch.__version__, **recorded}, indent=1) + "\n")
    if missed:
        sys.exit(f"more than {TOLERANCE:g} apart: {', '.join(missed)}")
    print(f"\nall within {TOLERANCE:g}")


if __name__ == "__main__":
    main()
