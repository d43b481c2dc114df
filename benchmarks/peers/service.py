"""A peer in Python: one JSON request a line on stdin, one JSON answer a line on stdout.

{"threads": n}                         -> {"name", "version", ...}
{"open": file, "cell", "training"}     -> {"worst": error} after a run from the same weights and
                                          input; the error is the largest over all results, relative
                                          to the largest number of a result (or to 1 if that is less)
{"run": n}                             -> {"nanos": [...]} of n rounds
{"memory": true}                       -> {"kept_bytes"} that a training round's way forward keeps
                                          for backward, and {"round_bytes"} in use at most, both
                                          without x and the parameters
{"sessions": n, "seconds": s}          -> {"rate": rounds a second} of n threads (in Java alone)
Instead {"cannot": reason} where the library has no such thing, and {"error": what} where it failed.

The file is safetensors: x, the weights, y, and in training dy and the gradients as grad.NAME.
"""

import json
import os
import struct
import sys
import time

import numpy as np


class Cannot(Exception):
    """The library has no such thing."""


def read(path):
    types = {"F32": np.float32, "F64": np.float64, "I32": np.int32}
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        data = file.read()
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            flat = np.frombuffer(data[start:end], types[entry["dtype"]])
            tensors[name] = flat.reshape(entry["shape"]).copy()
    return tensors


def worst(given, results):
    most = 0.0
    for name in (n for n in given if n == "y" or n.startswith("grad.")):
        expected, got = given[name], np.asarray(results[name])
        if expected.shape != got.shape:
            raise ValueError(f"{name}: {list(expected.shape)} against {list(got.shape)}")
        difference = np.abs(expected - got).max().item()
        most = max(most, difference / max(1.0, np.abs(expected).max().item()))
    return most


def run(round, rounds):
    nanos = []
    for _ in range(rounds):
        start = time.perf_counter_ns()
        round()
        nanos.append(time.perf_counter_ns() - start)
    return nanos


def serve(start, open_race):
    """open_race(given, cell, training) makes what has round(), results() and maybe memory()."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints is no answer
    race = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "threads" in request:
                answer = start(request["threads"])
            elif "open" in request:
                race = None
                given = read(request["open"])
                race = open_race(given, request["cell"], request["training"])
                answer = {"worst": worst(given, race.results())}
            elif "memory" in request:
                answer = race.memory()
            elif "sessions" in request:
                raise Cannot("Python's threads take turns")
            else:
                answer = {"nanos": run(race.round, request["run"])}
        except Cannot as e:
            answer = {"cannot": str(e)}
        except Exception as e:  # told to the other side, which decides
            answer = {"error": f"{type(e).__name__}: {e}"}
        print(json.dumps(answer), file=out, flush=True)
