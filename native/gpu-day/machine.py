"""Calls into whichever libcuda, libcudnn and libcublas were opened, by name, written as JSON.

A call is [name, argument, ...]. Arguments: null is a null pointer; a number is itself; "@y" the value of y, "@y-1"
one less; ">y" a place for a handle, ">>y" a place for a number that is an answer; [type, values...] a host array of
i32, i64, f32, f64 or p (pointers); ["f", 0.5] a float by value.
Names that begin with $ are no library's: they are the methods of Machine below.
"""

import ctypes
import math
import re

SIZES = {"i32": ctypes.c_int32, "i64": ctypes.c_int64, "f32": ctypes.c_float, "f64": ctypes.c_double, "p": ctypes.c_void_p}
FLOAT, DOUBLE = 0, 1
GATES = {0: 1, 1: 1, 2: 4, 3: 3}

DESTROYERS = {
    "$memory": "cuMemFree_v2",
    "cublasCreate_v2": "cublasDestroy_v2",
    "cuModuleLoadData": "cuModuleUnload",
    "cuStreamCreate": "cuStreamDestroy_v2",
    "cuEventCreate": "cuEventDestroy_v2",
}


def wave(count, seed, scale=64):
    """Numbers that every machine makes alike, k / scale with |k| up to 32."""
    return [((i * 7919 + seed * 104729 + i * i * 31) % 65 - 32) / scale for i in range(count)]


class Libraries:
    """The libraries, and what they say they are."""

    def __init__(self, cuda, cudnn, cublas):
        self.device = cuda is not None
        self.all = [ctypes.CDLL(cuda, ctypes.RTLD_GLOBAL)] if cuda else []
        # cuDNN opens cuBLAS Lt by its name, so it has to be there already.
        self.all += [ctypes.CDLL(file, ctypes.RTLD_GLOBAL) for file in cublas]
        self.all.append(ctypes.CDLL(cudnn, ctypes.RTLD_GLOBAL))

    def function(self, name):
        for library in self.all:
            try:
                return getattr(library, name)
            except AttributeError:
                pass
        raise LookupError(f"no library has {name}")

    def start(self):
        """Makes the first device current, if there is one; what stands in every capture."""
        version = self.function("cudnnGetVersion")
        version.restype = ctypes.c_size_t
        title, driver = self.start_device() if self.device else ("none", 0)
        return {"device": title, "driver": driver, "cudnn": version(), "simulated": "simulated" in title.lower()}

    def start_device(self):
        device, context, driver = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_int()
        name = ctypes.create_string_buffer(256)
        for call, *arguments in (
            ("cuInit", 0),
            ("cuDriverGetVersion", ctypes.byref(driver)),
            ("cuDeviceGet", ctypes.byref(device), 0),
            ("cuDeviceGetName", name, 256, device),
            ("cuDevicePrimaryCtxRetain", ctypes.byref(context), device),
            ("cuCtxSetCurrent", context),
        ):
            status = self.function(call)(*arguments)
            if status != 0:
                raise OSError(f"{call} returned {status}")
        return name.value.decode(), driver.value

    def lost(self):
        """The status of a context that is broken, else 0."""
        return self.function("cuCtxSynchronize")() if self.device else 0


class Machine:
    """One case: names and their values, and what has to be given back."""

    def __init__(self, libraries):
        self.libraries = libraries
        self.values = {}
        self.made = []
        self.kept = []

    def run(self, call):
        """The status, and the answers by name."""
        name, *arguments = call
        if name.startswith("$"):
            return getattr(self, name[1:])(*arguments)
        places = {}
        given = [self.given(argument, places) for argument in arguments]
        status = self.libraries.function(name)(*given)
        for key, (place, _) in places.items():
            self.values[key] = place.value
        if status == 0:
            self.made += [(name, key) for key, (_, handle) in places.items() if handle]
        answers = {key: place.value for key, (place, handle) in places.items() if not handle and status == 0}
        return status, answers

    def given(self, argument, places):
        if argument is None:
            return ctypes.c_void_p(0)
        if isinstance(argument, bool) or isinstance(argument, int):
            return ctypes.c_int64(argument)
        if isinstance(argument, float):
            return ctypes.c_double(argument)
        if isinstance(argument, list):
            return self.array(*argument)
        if argument.startswith(">"):
            handle = not argument.startswith(">>")
            place = ctypes.c_uint64(0)
            places[argument.lstrip(">")] = place, handle
            return ctypes.byref(place)
        if argument.startswith("@"):
            return ctypes.c_uint64(self.value(argument))
        text = ctypes.create_string_buffer(argument.encode())
        self.kept.append(text)
        return text

    def value(self, text):
        name, less = re.fullmatch(r"@(\w+)([+-]\d+)?", text).groups()
        return (self.values[name] or 0) + int(less or 0)

    def array(self, kind, *values):
        if kind == "f":
            return ctypes.c_float(values[0])
        values = [self.value(v) if isinstance(v, str) else v for v in values]
        array = (SIZES[kind] * max(len(values), 1))(*values)
        self.kept.append(array)
        return array

    def check(self, name, *arguments):
        status = self.libraries.function(name)(*arguments)
        if status != 0:
            raise OSError(f"{name} returned {status}")

    def memory(self, name, size):
        """Device memory of a size, or of one that was answered, all zero."""
        size = max(self.value(size) if isinstance(size, str) else size, 1)
        address = ctypes.c_uint64()
        self.check("cuMemAlloc_v2", ctypes.byref(address), ctypes.c_size_t(size))
        self.made.append(("$memory", name))
        self.values[name] = address.value
        self.check("cuMemsetD8_v2", address, 0, ctypes.c_size_t(size))
        return 0, {}

    def fill(self, name, kind, values):
        array = (SIZES[kind] * len(values))(*values)
        self.check("cuMemcpyHtoD_v2", ctypes.c_uint64(self.value("@" + name)), array, ctypes.c_size_t(ctypes.sizeof(array)))
        return 0, {}

    def wave(self, name, kind, count, seed, scale=64):
        return self.fill(name, kind, wave(count, seed, scale))

    def read(self, name, kind, count, offset=0):
        array = (SIZES[kind] * count)()
        self.check("cuCtxSynchronize")
        self.check("cuMemcpyDtoH_v2", array, ctypes.c_uint64(self.value("@" + name) + offset), ctypes.c_size_t(ctypes.sizeof(array)))
        return 0, {name: [v if math.isfinite(v) else str(v) for v in array]}

    def parts(self, rnn, size, space):
        """Every part of a weight space: [pseudo layer, id, matrix or bias, offset, dims]."""
        found = []
        cell, layers, directions = self.values[rnn + "_form"]
        descriptors = [ctypes.c_uint64() for _ in range(2)]
        for descriptor in descriptors:
            self.check("cudnnCreateTensorDescriptor", ctypes.byref(descriptor))
        for layer in range(layers * directions):
            for identity in range(2 * GATES[cell] + (cell == 2)):
                addresses = [ctypes.c_uint64(0) for _ in range(2)]
                self.check(
                    "cudnnGetRNNWeightParams", ctypes.c_uint64(self.value("@handle")), ctypes.c_uint64(self.value("@" + rnn)),
                    layer, ctypes.c_uint64(self.value("@" + size)), ctypes.c_uint64(self.value("@" + space)), identity,
                    descriptors[0], ctypes.byref(addresses[0]), descriptors[1], ctypes.byref(addresses[1]),
                )
                for what in range(2):
                    if addresses[what].value:
                        offset = addresses[what].value - self.value("@" + space)
                        found.append([layer, identity, ["matrix", "bias"][what], offset, self.dims(descriptors[what])])
        for descriptor in descriptors:
            self.check("cudnnDestroyTensorDescriptor", descriptor)
        return found

    def dims(self, descriptor):
        kind, count = ctypes.c_int(), ctypes.c_int()
        dims, strides = (ctypes.c_int * 8)(), (ctypes.c_int * 8)()
        self.check("cudnnGetTensorNdDescriptor", descriptor, 8, ctypes.byref(kind), ctypes.byref(count), dims, strides)
        return list(dims[: count.value])

    def form(self, rnn, cell, layers, directions):
        self.values[rnn + "_form"] = cell, layers, directions
        return 0, {}

    def layout(self, rnn, size, space):
        return 0, {"parts": self.parts(rnn, size, space)}

    def weights(self, rnn, size, space, kind, scale):
        """Fills each part by its own wave, wherever it lies."""
        for layer, identity, what, offset, dims in self.parts(rnn, size, space):
            count = math.prod(dims)
            values = wave(count, 1000 * layer + 10 * identity + (what == "bias"), scale)
            self.values["part"] = self.value("@" + space) + offset
            self.fill("part", kind, values)
        return 0, {}

    def gradients(self, rnn, size, space, kind):
        """Each part's numbers, one after the other."""
        answers = {}
        for layer, identity, what, offset, dims in self.parts(rnn, size, space):
            _, read = self.read(space, kind, math.prod(dims), offset)
            answers[f"{what} {layer} {identity}"] = read[space]
        return 0, answers

    def plan(self, graph, handle, plan, workspace, most):
        """The first plan that the heuristics offer whose workspace is small enough."""
        heuristics = self.backend(4, 201, 15, ctypes.c_uint64(self.value("@" + graph)))
        self.set(heuristics, 200, 8, ctypes.c_int(3))
        self.check("cudnnBackendFinalize", heuristics)
        count = self.answer(heuristics, 202, 15, 0, None)
        configs = [self.backend(3) for _ in range(count)]
        array = (ctypes.c_uint64 * count)(*[config.value for config in configs])
        for at in range(self.answer(heuristics, 202, 15, count, array)):
            candidate = self.backend(5, 400, 0, ctypes.c_uint64(self.value("@" + handle)))
            self.set(candidate, 401, 15, ctypes.c_uint64(array[at]))
            size = ctypes.c_int64()
            if self.libraries.function("cudnnBackendFinalize")(candidate) == 0:
                self.answer(candidate, 402, 3, 1, ctypes.byref(size))
                if size.value <= most:
                    self.values |= {plan: candidate.value, workspace: size.value}
                    return 0, {}
        raise OSError("no plan is small enough")

    def backend(self, kind, *attribute):
        descriptor = ctypes.c_uint64()
        self.check("cudnnBackendCreateDescriptor", kind, ctypes.byref(descriptor))
        name = f"backend {len(self.made)}"
        self.values[name] = descriptor.value
        self.made.append(("cudnnBackendCreateDescriptor", name))
        if attribute:
            self.set(descriptor, *attribute)
        return descriptor

    def set(self, descriptor, attribute, kind, value):
        self.check("cudnnBackendSetAttribute", descriptor, attribute, kind, ctypes.c_int64(1), ctypes.byref(value))

    def answer(self, descriptor, attribute, kind, most, into):
        count = ctypes.c_int64()
        self.check("cudnnBackendGetAttribute", descriptor, attribute, kind, ctypes.c_int64(most), ctypes.byref(count), into)
        return count.value

    def attributes(self):
        """What the driver knows of the first device, by the numbers of CUdevice_attribute."""
        value, answers = ctypes.c_int(), {}
        for attribute in range(1, 160):
            if self.libraries.function("cuDeviceGetAttribute")(ctypes.byref(value), attribute, 0) == 0:
                answers[str(attribute)] = value.value
        return 0, {"attributes": answers}

    def json(self, device):
        """The device as cuDNN describes it, for plans without a device."""
        text = ctypes.create_string_buffer(1 << 16)
        self.answer(ctypes.c_uint64(self.value("@" + device)), 2702, 24, len(text), text)
        return 0, {"json": text.value.decode(errors="replace")}

    def close(self):
        for name, key in reversed(self.made):
            destroyer = DESTROYERS.get(name, name.replace("Create", "Destroy") if name.startswith("cudnn") and "Create" in name else None)
            if destroyer and self.values.get(key):
                self.libraries.function(destroyer)(ctypes.c_uint64(self.values[key]))
