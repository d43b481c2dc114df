"""A GPU day: what only a real device can say, in the order of its worth, each result written at once.

stages: info      what is here; the doctor's text where CUDA does not open
        verify    every conformance case on the device, in float32 and float64, and in each rounding of factors
        captures  what the simulator has to answer: sizes, weight layouts, small outputs, statuses of wrong calls
        sanitizer compute-sanitizer over our kernels, where it is installed
        bench     races against PyTorch and against cuDNN called from C, problem by problem

A step that failed is written down and the next one starts. Run again, what succeeded is not run again, and captures and
races go on where they stopped: so a day may be cut into pieces of a few minutes (--minutes). Another --results begins
anew. Ctrl-C ends the step and keeps what is there. At the end stand a table and one archive to bring back.
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import signal
import subprocess
import sys
import tarfile
import time

from libraries import Found

ROOT = pathlib.Path(__file__).resolve().parent
STAGES = ["info", "verify", "captures", "sanitizer", "bench"]
LIMITS = {"info": 60, "verify": 300, "captures": 480, "sanitizer": 240, "bench": 1200}


def write(path, text):
    """All of it or nothing, and so that it survives a power cut."""
    new = path.with_name("." + path.name + ".new")
    with open(new, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


class Day:
    def __init__(self, options):
        self.options = options
        self.libraries = Found(options.simulated, options.site_packages)
        self.results = pathlib.Path(options.results).resolve()
        self.results.mkdir(parents=True, exist_ok=True)
        self.end = time.monotonic() + 60 * options.minutes
        self.cache = self.results.with_name(self.results.name + ".cache")
        self.describe()

    def describe(self):
        """Writes down where this is; results of a device and of the simulator do not mix."""
        file = self.results / "machine.json"
        now = self.libraries.json()
        if file.exists() and json.loads(file.read_text())["libraries"]["simulated"] != now["simulated"]:
            sys.exit(f"run: {self.results} holds results that are {'not ' if now['simulated'] else ''}simulated: name another --results")
        machine = {"libraries": now, "bundle": json.loads((ROOT / "bundle.json").read_text()), "python": sys.version,
                   "platform": platform.platform(), "processors": os.cpu_count(), "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        write(file, json.dumps(machine, indent=1) + "\n")

    def java(self, *arguments):
        """Sluice's command line."""
        lib = ROOT / "lib"
        natives = ["--class-path", lib / "dnnl.jar"] if (lib / "dnnl.jar").exists() else []
        return [ROOT / "java/bin/java", "-Xlog:disable", "-Xlog:all=error:stderr", "-XX:+UseSerialGC", "-XX:-UseProfiledLoopPredicate",
                f"-Dsluice.cache={self.cache}", "--add-modules", "jdk.incubator.vector,info.picocli,jdk.management",
                "--enable-native-access=dev.sluice", "--module-path", f"{lib / 'sluice.jar'}:{lib / 'picocli.jar'}", *natives,
                "--module", "dev.sluice/dev.sluice.cli.Main", *arguments]

    def script(self, name, *arguments):
        """A script that calls the libraries itself."""
        return [sys.executable, "-B", ROOT / name, *arguments, *self.libraries.options()]

    def step(self, stage, name, command, limit=None, wanted=None):
        """Runs one command unless it has succeeded before; its output and what became of it are files.

        A step that is wanted for a file has succeeded if it writes that, whatever it thinks of what it found.
        """
        file = self.results / f"{name}.json"
        if file.exists() and json.loads(file.read_text())["status"] == "ok":
            print(f"{name}: done before")
            return
        if wanted:
            wanted.unlink(missing_ok=True)
        left = self.end - time.monotonic()
        limit = min(limit or LIMITS[stage], left)
        if left < 5:
            return self.record(stage, name, "not started", "the minutes are over", 0)
        print(f"{name} ...", flush=True)
        started = time.monotonic()
        log = self.results / f"{name}.txt"
        with open(log, "wb") as out:
            process = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                       env=self.libraries.environment(), start_new_session=True)
            try:
                code = process.wait(limit)
            except subprocess.TimeoutExpired:
                code = None
            finally:
                # Its children too, which are in its process group.
                try:
                    os.killpg(process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                process.wait()
        status = "timeout" if code is None else "ok" if code == 0 or wanted and wanted.exists() else "failed"
        last = (log.read_text(errors="replace").strip().splitlines() or [""])[-1]
        last = "" if last[:1] in ("{", "}") else last[:200]  # JSON is for programs
        self.record(stage, name, status, last, time.monotonic() - started, code)

    def record(self, stage, name, status, last, seconds, code=None):
        line = {"stage": stage, "step": name, "status": status, "code": code, "last": last, "seconds": round(seconds, 1),
                "simulated": bool(self.libraries.simulated)}
        write(self.results / f"{name}.json", json.dumps(line, indent=1) + "\n")
        print(f"{name}: {status}{', ' + last if last else ''} ({seconds:.1f} s)", flush=True)

    def info(self):
        self.step("info", "info", self.java("info", "--json"))
        if self.libraries.whole():
            self.step("info", "device", self.script("captures.py", "device", self.results / "device-properties.json"))
        self.step("info", "doctor", self.java("doctor", "--engine", "cuda"))
        for name, command in [("nvidia-smi", ["nvidia-smi", "-q"]), ("packages", [sys.executable, "-m", "pip", "list"])]:
            if shutil.which(command[0]):
                self.step("info", name, command)

    def verify(self):
        some = ["--filter", "lstm_b"] if self.options.tiny else []
        runs = [("float32", "exact"), ("float64", "exact"), ("float32", "tf32"), ("float32", "float16"), ("float32", "bfloat16")]
        for dtype, math in runs:
            name = f"verify-{dtype}" + ("" if math == "exact" else "-" + math)
            cases = self.results / f"{name}-cases.json"
            # Rounded factors miss the tolerances, which are those of exact ones: by how much is what is asked.
            self.step("verify", name, self.java("verify", "--engine", "cuda", "--dtype", dtype, "--math", math, *some, "--json", cases),
                      wanted=None if math == "exact" else cases)
        if (ROOT / "lib/dnnl.jar").exists():
            self.step("verify", "verify-cpu", self.java("verify", "--engine", "cpu", *some, "--json", self.results / "verify-cpu-cases.json"))

    def captures(self):
        if not self.libraries.whole():
            return self.record("captures", "captures", "skipped", "driver, cuDNN or cuBLAS was not found; see doctor.txt", 0)
        self.step("captures", "captures", self.script("captures.py", "record", self.results / "captures.jsonl"))

    def sanitizer(self):
        tool = shutil.which("compute-sanitizer") or "/usr/local/cuda/bin/compute-sanitizer"
        if self.libraries.simulated or not os.path.exists(tool):
            why = "the simulator checks every access itself" if self.libraries.simulated else "compute-sanitizer is not installed"
            return self.record("sanitizer", "sanitizer", "skipped", why, 0)
        for check in ("memcheck", "racecheck", "initcheck", "synccheck"):
            # Whole verifications take hours under racecheck; these cases launch every kind of kernel that shares memory or strides.
            for case in ("losses", "optimizers", "convlstm_peep", "stlstm", "ghu"):
                self.step("sanitizer", f"{check}-{case}", [tool, "--tool", check, "--error-exitcode", 86, "--launch-timeout", 0,
                          *self.java("verify", "--engine", "cuda", "--filter", case)], 60)

    def bench(self):
        tiny = ["--tiny"] if self.options.tiny else []
        # Not in a rehearsal: the large product that it is compared with takes the simulator half a minute.
        if not self.options.tiny:
            self.step("bench", "bench-lstm", self.java("bench", "--engine", "cuda", "--json", "--cell", "lstm", "--mode", "train",
                      "--steps", "1024", "--batch", "16", "--input", "768", "--hidden", "768"))
        for suite, math in [("cells", "exact"), ("deepbench", "exact"), ("cells", "tf32"), ("cells", "bfloat16")]:
            command = [sys.executable, "-B", ROOT / "race.py", self.results / f"race-{suite}-{math}.jsonl", "--suite", suite, "--math", math, *tiny,
                       "--sluice", json.dumps([str(c) for c in self.java("side", "--engine", "cuda", "--math", math)])]
            if self.libraries.whole() and (ROOT / "cudnn_bench").exists():
                command += ["--c", json.dumps([str(f) for f in [ROOT / "cudnn_bench", self.libraries.cuda, self.libraries.cudnn]])]
            if self.libraries.simulated:
                command.append("--simulated")
            self.step("bench", f"race-{suite}-{math}", command)

    def run(self):
        for stage in self.options.only:
            getattr(self, stage)()

    def finish(self):
        """The table, and the archive."""
        steps = [json.loads(f.read_text()) for f in sorted(self.results.glob("*.json"), key=lambda f: f.stat().st_mtime)]
        steps = [s for s in steps if isinstance(s, dict) and "step" in s]
        lines = ["SIMULATED: no device was asked" if self.libraries.simulated else "on " + self.device(), ""]
        lines += [f"{s['step']:<24} {s['status']:<12} {s['seconds']:>7.1f} s  {s['last'][:100]}" for s in steps]
        lines += [""] + self.ratios()
        write(self.results / "summary.txt", "\n".join(lines) + "\n")
        for plans in self.cache.glob("plans-*.txt"):
            shutil.copy(plans, self.results)
        archive = pathlib.Path(self.options.tar or f"{self.results}.tar.gz").resolve()
        new = archive.with_name("." + archive.name + ".new")
        with tarfile.open(new, "w:gz") as tar:
            tar.add(self.results, self.results.name, filter=lambda entry: None if pathlib.Path(entry.name).name.startswith(".") else entry)
        new.rename(archive)
        print("\n" + "\n".join(lines))
        print(f"bring back: {archive} ({archive.stat().st_size / 1e6:.1f} MB)")
        return 0 if all(s["status"] in ("ok", "skipped") for s in steps) else 1

    def device(self):
        try:
            text = (self.results / "info.txt").read_text()
            return next(v for k, v in facts(json.loads(text[text.index("{"):])) if k == "device 0")
        except (OSError, ValueError, StopIteration):
            return "no device that opened"

    def ratios(self):
        lines = []
        for file in sorted(self.results.glob("race-*.jsonl")):
            races = [json.loads(line) for line in file.read_text().splitlines()]
            for peer in ("torch", "c"):
                ratios = [r[peer]["ratio"] for r in races if "ratio" in r.get(peer, {})]
                if ratios:
                    mean = product(ratios) ** (1 / len(ratios))
                    lines.append(f"{file.stem}: {peer}'s time over Sluice's, geometric mean of {len(ratios)}: {mean:.3f}"
                                 f" ({min(ratios):.2f} to {max(ratios):.2f})")
        return lines


def product(numbers):
    result = 1.0
    for number in numbers:
        result *= number
    return result


def facts(tree):
    """Every name and value in nested JSON."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield key, value
            yield from facts(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from facts(value)


def main():
    parser = argparse.ArgumentParser(prog="run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=STAGES, type=lambda t: stages(t), metavar="STAGES", help="some of them, as verify,captures")
    parser.add_argument("--results", default="results", metavar="FOLDER", help="where to write (results)")
    parser.add_argument("--tar", metavar="FILE", help="the archive to bring back (FOLDER.tar.gz)")
    parser.add_argument("--minutes", type=float, default=1e6, help="start nothing, and end what runs, after so many")
    parser.add_argument("--site-packages", metavar="FOLDER", help="where pip put nvidia/cudnn/lib, if not where this Python looks")
    parser.add_argument("--simulated", metavar="FOLDER", help="the simulator's libraries instead of a device's: a rehearsal")
    parser.add_argument("--tiny", action="store_true", help="small problems and few cases: a rehearsal")
    day = Day(parser.parse_args())
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda *_: signal.raise_signal(signal.SIGINT))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        day.run()
    except KeyboardInterrupt:
        print("\nended by a signal; what is there is kept")
        day.finish()
        return 130
    return day.finish()


def stages(text):
    names = text.split(",")
    unknown = [n for n in names if n not in STAGES]
    if unknown:
        raise argparse.ArgumentTypeError(f"expected some of {','.join(STAGES)}, got {text}")
    return names


if __name__ == "__main__":
    sys.exit(main())
