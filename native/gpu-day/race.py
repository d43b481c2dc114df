#!/usr/bin/env python3
"""Races Sluice with PyTorch, and with cuDNN called from C, over the problems of a suite.

Each side is a process that lives through the whole suite and answers requests. A problem's weights, input and results go
from Sluice to PyTorch in a file, and a ratio is given only where the results are equal within TOLERANCE. Then the sides
take turns: one untimed round, then three timed ones, each waited for. A line of JSON a problem is added to the file that
is named; problems that stand there are not run again.

A round of C is the same cuDNN calls with the algorithm that is fastest there, without packing of weights; it has no
frames. Its results are not compared, only whether cuDNN took every call.
"""

import argparse
import importlib.util
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from captures import whole_lines

# Of a result's largest number: float32 in another order, and the rounding of factors over a long sequence.
TOLERANCE = {"exact": 1e-4, "tf32": 2e-2, "bfloat16": 1e-1}
TURNS = 5
ROUNDS = 3
WARMUP_NS = 1_000_000_000


class Side:
    """A process that answers a line with a line."""

    def __init__(self, command, environment=None):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)

    def ask(self, request):
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except OSError:
            line = ""
        if not line:
            raise RuntimeError(f"{pathlib.Path(self.process.args[0]).name} ended; its words stand above")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def run(self, rounds):
        return self.ask({"run": rounds})

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)


def torch_side(options):
    """PyTorch, or why there is none."""
    if importlib.util.find_spec("torch") is None:
        return None, f"{sys.executable} has no torch"
    here = pathlib.Path(__file__).resolve().parent
    # It finds its libraries itself, by what its user has set.
    environment = {**os.environ, "LD_LIBRARY_PATH": os.environ.get("SLUICE_CALLER_LIBRARY_PATH", "")}
    try:
        side = Side([sys.executable, "-B", here / "torch_side.py"], environment)
        device = "cpu" if options.simulated else "cuda"
        who = side.ask({"threads": 1 if options.simulated else os.cpu_count(), "device": device, "math": options.math})
        return side, who
    except RuntimeError as e:
        return None, str(e)


def warm(side, tiny):
    spent = 0
    while spent < (1 if tiny else WARMUP_NS):
        spent += max(1, sum(side.run(1)["nanos"]))


def turns(sides, tiny):
    """Nanoseconds of each side, and PyTorch's own of its device."""
    times = {name: {} for name in sides}
    for side in sides.values():
        warm(side, tiny)
    for turn in range(1 if tiny else TURNS):
        order = list(sides.items())
        for name, side in order if turn % 2 == 0 else reversed(order):
            for key, values in side.run(1 + ROUNDS).items():
                times[name].setdefault(key, []).extend(values[1:])
    return times


def race(options, index, sluice, torch, c, file):
    opened = sluice.ask({"suite": options.suite, "problem": index, "tiny": options.tiny, "open": file})
    result = {"suite": options.suite, "index": index, "math": options.math, "simulated": options.simulated, **opened}
    sides = {"sluice": sluice}
    if torch:
        try:
            worst = torch.ask({"open": file, "cell": opened["cell"], "training": opened["training"]})["worst"]
            result["torch"] = {"worst": worst, "equal": worst <= TOLERANCE[options.math]}
            sides["torch"] = torch
        except RuntimeError as e:
            result["torch"] = {"error": str(e)}
    if c and opened["cell"] in ("rnn", "lstm", "gru"):
        try:
            result["c"] = c.ask({k: int(opened[k]) for k in SIZES} | {"cell": CELLS[opened["cell"]], "math": MATH[options.math]})
            sides["c"] = c
        except RuntimeError as e:
            result["c"] = {"error": str(e)}
    os.remove(file)
    times = turns(sides, options.tiny)
    result["sluice"] = {"median_ms": median(times["sluice"]["nanos"]), "nanos": times["sluice"]["nanos"]}
    for name in [n for n in sides if n != "sluice"]:
        peer = result[name] | {"median_ms": median(times[name]["nanos"])} | times[name]
        if "event_nanos" in peer:
            peer["event_median_ms"] = median(peer["event_nanos"])
        if peer.get("equal", True) and not options.simulated:
            peer["ratio"] = peer["median_ms"] / result["sluice"]["median_ms"]
        result[name] = peer
    return result


SIZES = ["training", "steps", "batch", "input", "hidden", "layers", "bidirectional"]
CELLS = {"rnn": 1, "lstm": 2, "gru": 3}
# cudnnMathType_t: FMA alone, and what a device has by default.
MATH = {"exact": 3, "tf32": 0, "bfloat16": 0}


def median(nanos):
    return statistics.median(nanos) / 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--suite", required=True)
    parser.add_argument("--math", choices=list(TOLERANCE), default="exact")
    parser.add_argument("--sluice", type=json.loads, required=True, help="its command, as a JSON list")
    parser.add_argument("--c", type=json.loads, help="the C program and its libraries, as a JSON list")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--simulated", action="store_true", help="PyTorch on the CPU; no ratios")
    options = parser.parse_args()
    sluice = Side(options.sluice)
    try:
        problems = sluice.ask({"suite": options.suite})["problems"]
    except RuntimeError as e:
        print(f"no race: {e}")
        return 1
    torch, who = torch_side(options)
    c = Side(options.c) if options.c else None
    print(f"PyTorch: {who}" if torch else f"PyTorch skipped: {who}")
    print(f"C: {options.c[0]}" if c else "C skipped: it is not in this bundle, or its libraries were not found")
    path = pathlib.Path(options.file)
    done = {json.loads(line)["index"] for line in path.read_text().splitlines()} if whole_lines(path) else set()
    failed = 0
    for index in range(problems):
        if index in done:
            continue
        file = os.path.join(tempfile.gettempdir(), f"sluice-race-{os.getpid()}.safetensors")
        try:
            result = race(options, index, sluice, torch, c, file)
        except RuntimeError as e:
            failed += 1
            print(f"{index}: {e}")
            if sluice.process.poll() is not None:
                return 1
            continue
        result["peer"] = who
        with open(path, "a") as out:
            out.write(json.dumps(result) + "\n")
            out.flush()
            os.fsync(out.fileno())
        print(describe(result), flush=True)
    for side in (sluice, torch, c):
        if side:
            side.close()
    print(f"{options.suite}, {options.math}: {failed} problems failed" if failed else f"{options.suite}, {options.math}: done")
    return 1 if failed else 0


def describe(result):
    text = f"{result['title']:<46} Sluice {result['sluice']['median_ms']:.3f} ms"
    for name in ("torch", "c"):
        peer = result.get(name, {})
        if "error" in peer:
            text += f", {name}: {peer['error']}"
        elif peer:
            text += f", {name} {peer['median_ms']:.3f}" + (f" ({peer['ratio']:.2f})" if "ratio" in peer else "")
            text += "" if peer.get("equal", True) else f" results differ by {peer['worst']:.1e}"
    return text


if __name__ == "__main__":
    sys.exit(main())
