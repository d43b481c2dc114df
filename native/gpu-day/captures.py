#!/usr/bin/env python3
"""Captures what a device answers, and holds another against it.

captures.py record FILE --cuda F --cudnn F --cublas F...   a line of JSON a case; a file that is there is gone on with
captures.py replay FILE --cuda F --cudnn F --cublas F...   makes the same calls and prints what differs (exit 1)
captures.py device FILE --cuda F --cudnn F --cublas F...   only the device's properties, as JSON

Without --cuda, record asks only what needs no device: statuses of cuDNN's calls without a handle.

A line: case (kind and title), device, driver, cudnn, simulated, and calls: [[call, status, answers]...]. A case that
ended the process says died, one that broke the context says lost.

Replayed, statuses and dimensions must be equal, and outputs to 1e-5; sizes and offsets belong to the library alone, so
only whether there are any must be equal. Where a persistent algorithm is refused the rest of that case is not compared:
which sizes they take is each device's own.
"""

import argparse
import json
import math
import os
import subprocess
import sys

import cases
from machine import Libraries, Machine

TOLERANCE = 1e-5
SILENCE_S = 120
LOST = 3


def run(libraries, calls):
    """Each call with its status and answers, up to the first that could not be made."""
    machine = Machine(libraries)
    done = []
    try:
        for call in calls:
            status, answers = machine.run(call)
            done.append([call, status, answers])
    except (OSError, KeyError, LookupError) as e:
        done.append([call, f"{type(e).__name__}: {e}", {}])
    lost = libraries.lost()
    if lost == 0:
        machine.close()
    return done, lost


def record_here(arguments):
    """One process: from a case on, until the context is lost."""
    libraries = Libraries(arguments.cuda, arguments.cudnn, arguments.cublas)
    about = libraries.start()
    with open(arguments.file, "a") as file:
        for kind, title, calls in cases.all_cases(libraries.device)[arguments.after :]:
            done, lost = run(libraries, calls)
            write(file, {"case": [kind, title], **about, **({"lost": lost} if lost else {}), "calls": done})
            if lost:
                return LOST
    return 0


def write(file, line):
    file.write(json.dumps(line, separators=(",", ":")) + "\n")
    file.flush()
    os.fsync(file.fileno())


def whole_lines(path):
    """The lines of a file; one that was cut off by a power cut or a kill is taken away."""
    try:
        with open(path, "rb+") as file:
            data = file.read()
            file.truncate(data.rfind(b"\n") + 1)
            return data.count(b"\n")
    except FileNotFoundError:
        return 0


def record(arguments):
    """Starts processes until every case has a line; one that dies costs that case alone."""
    all_cases = cases.all_cases(arguments.cuda is not None)
    while (done := whole_lines(arguments.file)) < len(all_cases):
        command = [sys.executable, __file__, *sys.argv[1:], "--after", str(done)]
        code = watched(command, arguments.file)
        if code > 0 and code != LOST:
            return code  # no case's fault: the reason stands on standard error
        if code < 0:
            after = whole_lines(arguments.file)
            kind, title, calls = all_cases[after]
            with open(arguments.file, "a+") as file:
                file.seek(0)
                first = json.loads(file.readline() or "{}")
                about = {k: first[k] for k in ("device", "driver", "cudnn", "simulated") if k in first}
                write(file, {"case": [kind, title], **about, "died": code, "calls": [[call, None, {}] for call in calls]})
    print(f"{len(all_cases)} cases")
    return 0


def watched(command, file):
    """The exit code; a process that adds nothing for long is ended."""
    with subprocess.Popen(command) as process:
        size = -1
        while True:
            try:
                return process.wait(SILENCE_S)
            except subprocess.TimeoutExpired:
                now = os.path.getsize(file) if os.path.exists(file) else 0
                if now == size:
                    process.kill()
                size = now
            except KeyboardInterrupt:
                process.kill()
                raise


def replay(arguments):
    """How the library differs from the lines of a file."""
    libraries = Libraries(arguments.cuda, arguments.cudnn, arguments.cublas)
    about = libraries.start()
    with open(arguments.file) as file:
        lines = [json.loads(line) for line in file]
    wrong = compared = died = 0
    for line in lines:
        if "died" in line or "lost" in line:
            died += 1
            continue
        got, lost = run(libraries, [call for call, _, _ in line["calls"]])
        if lost:
            print(f"{line['case'][1]}: the context is lost, {lost}; the rest was not replayed")
            return 1
        difference = differs(line["case"][0], line["calls"], got)
        compared += 1
        if difference:
            wrong += 1
            print(f"{line['case'][1]}: {difference}")
    print(f"{compared} cases of {lines[0].get('device')} (simulated: {lines[0].get('simulated')}) on {about['device']}:"
          f" {wrong} differ, {died} not compared since they ended the process or the context")
    return 1 if wrong else 0


def differs(kind, expected, got):
    if len(expected) != len(got):
        return f"{got[-1][0][0]}: {got[-1][1]}"
    for (call, status, answers), (_, found, answers_found) in zip(expected, got):
        if kind == "sizes" and found != status and persistent(expected):
            return ""
        if found != status:
            return f"{call[0]}: expected status {status}, got {found}"
        difference = answers_differ(answers, answers_found)
        if difference:
            return f"{call[0]}: {difference}"
    return ""


def persistent(calls):
    return any(call[0] == "cudnnSetRNNDescriptor_v8" and call[2] != 0 for call, _, _ in calls)


def answers_differ(expected, got):
    if expected.keys() != got.keys():
        return f"expected answers {list(expected)}, got {list(got)}"
    for name, value in expected.items():
        found = got[name]
        if name in ("json", "attributes"):
            continue
        if name == "parts":
            known = [[part[:3], part[4]] for part in value]
            if known != [[part[:3], part[4]] for part in found]:
                return f"expected the parts {known}"
        elif isinstance(value, list):
            worst = max((abs(float(a) - float(b)) / (1 + abs(float(a))) for a, b in zip(value, found)), default=0)
            if len(value) != len(found) or not worst <= TOLERANCE:
                return f"{name} differs by {worst}"
        elif (value == 0) != (found == 0):
            return f"{name}: expected {value}, got {found}"
    return ""


def device(arguments):
    libraries = Libraries(arguments.cuda, arguments.cudnn, arguments.cublas)
    about = libraries.start()
    for _, _, calls in cases.device():
        done, _ = run(libraries, calls)
        for call, status, answers in done:
            about |= answers if status == 0 else {call[0]: status}
    with open(arguments.file, "w") as file:
        json.dump(about, file, indent=1)
    print(about["device"])
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["record", "replay", "device"])
    parser.add_argument("file")
    parser.add_argument("--cuda", help="libcuda; without it only what needs no device is recorded")
    parser.add_argument("--cudnn", required=True)
    parser.add_argument("--cublas", nargs="+", required=True, help="cuBLAS Lt first")
    parser.add_argument("--after", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.what == "replay":
        return replay(arguments)
    if arguments.what == "device":
        return device(arguments)
    return record(arguments) if arguments.after is None else record_here(arguments)


if __name__ == "__main__":
    sys.exit(main())
