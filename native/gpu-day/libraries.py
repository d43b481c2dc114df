"""Where NVIDIA's libraries are on this machine, and how each program here is told."""

import os
import pathlib
import site
import subprocess
import sysconfig


def first(folders, *names):
    """The first of the names that some folder has, with its whole path, or None."""
    return next((f / n for n in names for f in folders if (f / n).is_file()), None)


def packages(given):
    """Folders that pip installs into, those that were named alone if any were."""
    if given:
        return [pathlib.Path(given)]
    found = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages(), site.getusersitepackages()]
    return [pathlib.Path(f) for f in dict.fromkeys(found)]


def system():
    """Folders of the driver: the linker's own, and where containers mount it."""
    named = os.environ.get("LD_LIBRARY_PATH", "").split(":")
    try:
        cached = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True).stdout
    except OSError:
        cached = ""
    linked = [line.split("=> ")[1].rsplit("/", 1)[0] for line in cached.splitlines() if "libcuda.so.1 " in line and "x86-64" in line]
    usual = ["/usr/local/nvidia/lib64", "/usr/local/nvidia/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib/wsl/lib"]
    return [pathlib.Path(f) for f in named + linked + usual if f]


class Found:
    """The driver, cuDNN and cuBLAS (Lt first); each None, or [], where there is none."""

    def __init__(self, simulated=None, site_packages=None):
        self.simulated = pathlib.Path(simulated).resolve() if simulated else None
        if self.simulated:
            folders = dnn = blas = [self.simulated]
            self.packages = []
        else:
            self.packages = packages(site_packages)
            folders = system()
            dnn = [p / "nvidia/cudnn/lib" for p in self.packages]
            blas = [p / f for p in self.packages for f in ("nvidia/cu13/lib", "nvidia/cublas/lib")]
        self.cuda = first(folders, "libcuda.so.1")
        self.cudnn = first(dnn + folders, "libcudnn.so.9")
        cublas = first(blas + folders, "libcublas.so.13", "libcublas.so.12")
        self.cublas = [] if cublas is None else [cublas.with_name(cublas.name.replace("cublas", "cublasLt")), cublas]
        runtime = [p / f for p in self.packages for f in ("nvidia/cu13/lib", "nvidia/cuda_nvrtc/lib") if (p / f).is_dir()]
        files = [f for f in [self.cudnn, *self.cublas] if f]
        # What these open by name alone: the rest of cuDNN, NVRTC, the driver's compiler. The driver's folder may be the
        # system's, where other versions lie, so it is the last.
        driver = [self.cuda.parent] if self.cuda else []
        self.folders = list(dict.fromkeys(str(f) for f in [f.parent for f in files] + runtime + driver))

    def whole(self):
        return bool(self.cuda and self.cudnn and self.cublas)

    def environment(self):
        """For Java and C; Python's own PyTorch finds its libraries itself."""
        caller = os.environ.get("LD_LIBRARY_PATH", "")
        path = ":".join(self.folders + [caller]).strip(":")
        all = {**os.environ, "LD_LIBRARY_PATH": path, "SLUICE_CALLER_LIBRARY_PATH": caller}
        if self.simulated:
            all["SLUICE_LIBRARIES"] = str(self.simulated)
            return all
        if self.cuda:
            all["SLUICE_LIBRARY_CUDA"] = str(self.cuda)
        with_nvidia = [str(p) for p in self.packages if (p / "nvidia").is_dir()]
        if with_nvidia:
            all["SLUICE_SITE_PACKAGES"] = ":".join(with_nvidia)
        return all

    def options(self):
        """For captures.py."""
        return ["--cuda", self.cuda, "--cudnn", self.cudnn, "--cublas", *self.cublas]

    def json(self):
        return {"cuda": str(self.cuda), "cudnn": str(self.cudnn), "cublas": [str(f) for f in self.cublas],
                "packages": [str(p) for p in self.packages], "simulated": bool(self.simulated)}
