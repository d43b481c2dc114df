"""What is asked of cuDNN, cuBLAS and the driver: a case is a kind, a title and calls as machine.py reads them.

sizes    weight, work and reserve spaces; where weights lie
outputs  what small problems compute
wrong    what wrong calls return: one argument at a time is spoilt in a call that is right
"""

RELU, TANH, LSTM, GRU = range(4)
CELLS = {TANH: "rnn", LSTM: "lstm", GRU: "gru", RELU: "relu"}
ALGORITHMS = ["standard", "static", "dynamic", "small"]
FLOAT, DOUBLE, HALF = range(3)
FMA = 3
KINDS = {FLOAT: "f32", DOUBLE: "f64"}
BYTES = {FLOAT: 4, DOUBLE: 8, HALF: 2}
GATES = {RELU: 1, TANH: 1, LSTM: 4, GRU: 3}


class Net:
    """An RNN with the data that goes through it, and the calls that make both."""

    def __init__(self, cell=LSTM, algorithm=0, bias=2, both=0, type=FLOAT, inputs=4, hidden=8, projection=0, layers=1,
                 steps=3, lengths=(3, 3), flags=0, math=FMA):
        self.cell, self.algorithm, self.bias, self.both, self.type = cell, algorithm, bias, both, type
        self.inputs, self.hidden, self.projection, self.layers = inputs, hidden, projection or hidden, layers
        self.steps, self.lengths, self.flags, self.math = steps, list(lengths), flags, math
        self.directions = 1 + both
        self.batch = len(self.lengths)

    def title(self):
        return (
            f"{CELLS[self.cell]} {ALGORITHMS[self.algorithm]} type {self.type} bias {self.bias} C{self.inputs} H{self.hidden}"
            f" P{self.projection} L{self.layers} D{self.directions} T{self.steps} lengths {self.lengths}"
        )

    def network(self):
        return [
            ["cudnnCreate", ">handle"],
            ["cudnnCreateRNNDescriptor", ">rnn"],
            ["cudnnSetRNNDescriptor_v8", "@rnn", self.algorithm, self.cell, self.bias, self.both, 0, self.type, self.type,
             self.math, self.inputs, self.hidden, self.projection, self.layers, None, self.flags],
            ["$form", "rnn", self.cell, self.layers, self.directions],
        ] + ([["cudnnBuildRNNDynamic", "@handle", "@rnn", self.batch]] if self.algorithm == 2 else [])

    def data(self):
        states = self.layers * self.directions
        wide = [self.inputs, self.directions * self.projection]
        calls = []
        for name, width in zip(["xd", "yd"], wide):
            calls += [
                ["cudnnCreateRNNDataDescriptor", ">" + name],
                ["cudnnSetRNNDataDescriptor", "@" + name, self.type, 0, self.steps, self.batch, width, ["i32", *self.lengths], None],
            ]
        for name, width in [("hd", self.projection), ("cd", self.hidden)]:
            calls += [
                ["cudnnCreateTensorDescriptor", ">" + name],
                ["cudnnSetTensorNdDescriptor", "@" + name, self.type, 3, ["i32", states, self.batch, width],
                 ["i32", self.batch * width, width, 1]],
            ]
        return calls

    def asked(self, mode=1):
        return [
            ["cudnnGetRNNWeightSpaceSize", "@handle", "@rnn", ">>weights"],
            ["cudnnGetRNNTempSpaceSizes", "@handle", "@rnn", mode, "@xd", ">>work", ">>reserve"],
        ]

    def spaces(self):
        """Device memory of everything, filled where it is read."""
        rows = self.steps * self.batch
        states = self.layers * self.directions * self.batch
        sizes = {"x": rows * self.inputs, "y": rows * self.directions * self.projection, "hx": states * self.projection,
                 "cx": states * self.hidden}
        sizes |= {"dy": sizes["y"], "dx": sizes["x"], "hy": sizes["hx"], "cy": sizes["cx"], "dhx": sizes["hx"],
                  "dcx": sizes["cx"], "dhy": sizes["hx"], "dcy": sizes["cx"]}
        self.sizes = sizes
        calls = [["$memory", name, count * BYTES[self.type]] for name, count in sizes.items()]
        calls += [["$memory", name, "@" + size] for name, size in
                  [("w", "weights"), ("dw", "weights"), ("work_space", "work"), ("reserve_space", "reserve")]]
        calls += [["$memory", "lengths", 4 * self.batch], ["$fill", "lengths", "i32", self.lengths]]
        for seed, name in enumerate(["x", "hx", "cx", "dy", "dhy", "dcy"]):
            calls.append(["$wave", name, KINDS[self.type], sizes[name], seed + 1])
        return calls + [["$weights", "rnn", "weights", "w", KINDS[self.type], 64]]

    def ready(self):
        return self.network() + self.data() + self.asked() + self.spaces()

    def forward(self, mode=1):
        c = self.cell == LSTM
        return ["cudnnRNNForward", "@handle", "@rnn", mode, "@lengths", "@xd", "@x", "@yd", "@y", "@hd", "@hx", "@hy",
                "@cd" if c else None, "@cx" if c else None, "@cy" if c else None, "@weights", "@w", "@work", "@work_space",
                "@reserve", "@reserve_space"]

    def backward_data(self):
        c = self.cell == LSTM
        return ["cudnnRNNBackwardData_v8", "@handle", "@rnn", "@lengths", "@yd", "@y", "@dy", "@xd", "@dx", "@hd", "@hx",
                "@dhy", "@dhx", "@cd" if c else None, "@cx" if c else None, "@dcy" if c else None, "@dcx" if c else None,
                "@weights", "@w", "@work", "@work_space", "@reserve", "@reserve_space"]

    def backward_weights(self):
        return ["cudnnRNNBackwardWeights_v8", "@handle", "@rnn", 0, "@lengths", "@xd", "@x", "@hd", "@hx", "@yd", "@y",
                "@weights", "@dw", "@work", "@work_space", "@reserve", "@reserve_space"]


def sizes():
    nets = []
    for cell in (TANH, LSTM, GRU):
        for hidden in (8, 64, 65, 256):
            nets += [Net(cell, hidden=hidden, inputs=hidden, layers=layers, both=both, steps=5, lengths=[5, 5])
                     for layers, both in [(1, 0), (2, 1)]]
            nets += [Net(cell, algorithm=a, hidden=hidden, inputs=hidden, steps=5, lengths=[5] * 8) for a in (1, 2, 3)]
        nets += [Net(cell, type=type, hidden=64) for type in (DOUBLE, HALF)]
        nets += [Net(cell, bias=bias, hidden=16) for bias in (0, 1, 3)]
        nets += [Net(cell, steps=steps, lengths=[steps] * batch, hidden=32) for steps, batch in [(1, 1), (50, 1), (50, 32)]]
    nets += [Net(projection=projection, hidden=16, both=both) for projection in (1, 8) for both in (0, 1)]
    for net in nets:
        # The weight space is asked for before the others, so that a refusal of those leaves it known.
        yield "sizes", net.title(), net.network() + [net.asked()[0]] + [
            ["$memory", "w", "@weights"], ["$layout", "rnn", "weights", "w"]] + net.data() + net.asked(0) + net.asked(1)


def outputs():
    nets = [Net(cell, layers=layers, both=both) for cell in (RELU, TANH, LSTM, GRU) for layers, both in [(1, 0), (2, 1)]]
    nets += [Net(cell, type=DOUBLE) for cell in (TANH, LSTM, GRU)]
    nets += [Net(cell, bias=bias) for cell in (TANH, LSTM, GRU) for bias in (0, 1, 3)]
    nets += [Net(projection=4), Net(projection=4, both=1, layers=2)]
    nets += [Net(cell, flags=1, steps=4, lengths=[4, 1, 2], both=both) for cell in (TANH, LSTM, GRU) for both in (0, 1)]
    for net in nets:
        kind = KINDS[net.type]
        calls = net.ready() + [net.forward(), net.backward_data(), net.backward_weights()]
        names = ["hy", "dx", "dhx"] + (["cy", "dcx"] if net.cell == LSTM else [])
        # What cuDNN leaves in the padding of y and dx is its own.
        whole = len(set(net.lengths)) == 1
        for name in (["y"] if whole else []) + [n for n in names if whole or n != "dx"]:
            calls.append(["$read", name, kind, net.sizes[name]])
        yield "outputs", net.title(), calls + [["$gradients", "rnn", "weights", "dw", kind]]
    for direction in (10, 12, 11):
        for n, c, h, w, k, r in [(1, 1, 4, 4, 1, 1), (2, 3, 5, 6, 4, 3), (1, 8, 8, 8, 8, 5), (2, 16, 7, 7, 32, 3)]:
            yield "outputs", f"convolution {direction} N{n} C{c} {h}x{w} K{k} {r}x{r}", convolution(direction, n, c, h, w, k, r)


# cudnnBackendAttributeType_t
HANDLE, DATA_TYPE, INT64, REAL, POINTER, MODE, HEURISTIC_MODE, DESCRIPTOR = 0, 1, 3, 5, 6, 7, 8, 15


def put(what, attribute, type, values, kind="i64"):
    return ["cudnnBackendSetAttribute", "@" + what, attribute, type, len(values), [kind, *values]]


def finish(what):
    return ["cudnnBackendFinalize", "@" + what]


def tensor(name, identity, n, c, h, w):
    return [
        ["cudnnBackendCreateDescriptor", 17, ">" + name],
        put(name, 901, DATA_TYPE, [FLOAT], "i32"),
        put(name, 902, INT64, [n, c, h, w]),
        put(name, 903, INT64, [h * w * c, 1, w * c, c]),
        put(name, 906, INT64, [identity]),
        put(name, 900, INT64, [16]),
        finish(name),
    ]


def graph(direction, n, c, h, w, k, r):
    """Up to a graph of one convolution over frames with the channels last."""
    first = {10: 700, 12: 706, 11: 712}[direction]
    # The attributes of the three operations stand in different orders: w x y, w dx dy, dw x dy.
    calls = [["cudnnCreate", ">handle"]] + tensor("x", 1, n, c, h, w) + tensor("w", 2, k, c, r, r) + tensor("y", 3, n, k, h, w)
    calls += [
        ["cudnnBackendCreateDescriptor", 1, ">convolution"],
        put("convolution", 106, INT64, [2]),
        put("convolution", 100, DATA_TYPE, [FLOAT], "i32"),
        put("convolution", 101, MODE, [1], "i32"),
        put("convolution", 105, INT64, [r // 2, r // 2]),
        put("convolution", 104, INT64, [r // 2, r // 2]),
        put("convolution", 102, INT64, [1, 1]),
        put("convolution", 103, INT64, [1, 1]),
        finish("convolution"),
        ["cudnnBackendCreateDescriptor", direction, ">operation"],
        put("operation", first, REAL, [1.0], "f64"),
        put("operation", first + 1, REAL, [0.0], "f64"),
        put("operation", first + 2, DESCRIPTOR, ["@convolution"], "p"),
        put("operation", first + 3, DESCRIPTOR, ["@w"], "p"),
        put("operation", first + 4, DESCRIPTOR, ["@x"], "p"),
        put("operation", first + 5, DESCRIPTOR, ["@y"], "p"),
        finish("operation"),
        ["cudnnBackendCreateDescriptor", 15, ">graph"],
        put("graph", 800, HANDLE, ["@handle"], "p"),
        put("graph", 801, DESCRIPTOR, ["@operation"], "p"),
        finish("graph"),
    ]
    return calls


def plan(direction, *shape):
    return graph(direction, *shape) + [["$plan", "graph", "handle", "plan", "workspace", 1 << 26]]


def convolution(direction, n, c, h, w, k, r):
    counts = {"x": n * c * h * w, "w": k * c * r * r, "y": n * k * h * w}
    written = {10: "y", 12: "x", 11: "w"}[direction]
    calls = plan(direction, n, c, h, w, k, r)
    for seed, (name, count) in enumerate(counts.items()):
        # Eighths: their products and sums are exact, whatever the engine rounds factors to.
        calls += [["$memory", name + "_data", 4 * count], ["$wave", name + "_data", "f32", count, seed, 8]][: 1 if name == written else 2]
    return calls + [["$memory", "work", "@workspace"]] + pack() + [
        ["cudnnBackendExecute", "@handle", "@plan", "@pack"],
        ["$read", written + "_data", "f32", counts[written]],
    ]


def pack():
    return [
        ["cudnnBackendCreateDescriptor", 16, ">pack"],
        put("pack", 1000, INT64, [1, 2, 3]),
        put("pack", 1001, POINTER, ["@x_data", "@w_data", "@y_data"], "p"),
        put("pack", 1003, POINTER, ["@work"], "p"),
        finish("pack"),
    ]


def spoil(title, before, call, *spoilt):
    """The call with one argument after the other replaced: (index, value)..."""
    for index, value in spoilt:
        wrong = list(call)
        wrong[index] = value
        yield "wrong", f"{title}: argument {index} is {value}", before + [wrong]


def wrong():
    net = Net()
    yield from wrong_descriptors(net)
    yield from wrong_questions(net)
    yield from wrong_runs(net)
    yield from wrong_graphs()
    yield from wrong_driver()
    yield from wrong_products()


def wrong_descriptors(net):
    before, call = net.network()[:2], net.network()[2]
    yield from spoil("cudnnSetRNNDescriptor_v8", before, call, (1, None), (2, 4), (2, -1), (3, 4), (4, 4), (5, 2), (6, 2), (7, 3),
                     (8, 1), (9, 4), (10, 0), (10, -1), (11, 0), (11, -3), (12, 9), (12, -1), (12, 0), (13, 0), (13, -1), (15, 2))
    gru = [call[0], "@rnn", 0, GRU, *call[4:]]
    yield from spoil("cudnnSetRNNDescriptor_v8 of a GRU", before, gru, (12, 4))
    data = net.data()
    yield from spoil("cudnnSetRNNDataDescriptor", data[:1], data[1], (1, None), (2, 3), (2, 2), (3, 3), (3, 1), (4, 0), (4, 2),
                     (5, 0), (5, -1), (6, 0), (7, None), (7, ["i32", 4, 1]), (7, ["i32", 0, 3]), (7, ["i32", -1, 3]))
    yield from spoil("cudnnSetTensorNdDescriptor", data[4:5], data[5], (1, None), (2, -1), (3, 0), (3, 9), (4, None), (5, None),
                     (4, ["i32", 1, -2, 8]), (4, ["i32", 0, 2, 8]), (5, ["i32", 0, 0, 0]))
    clip = ["cudnnRNNSetClip_v9", "@rnn", 1, -1.0, 1.0]
    yield from spoil("cudnnRNNSetClip_v9", net.network()[:3], clip, (1, None), (2, 2), (3, 2.0))
    dropout = [["cudnnCreate", ">handle"], ["cudnnCreateDropoutDescriptor", ">dropout"],
               ["cudnnDropoutGetStatesSize", "@handle", ">>states"], ["$memory", "state_space", "@states"]]
    call = ["cudnnSetDropoutDescriptor", "@dropout", "@handle", ["f", 0.5], "@state_space", "@states", 7]
    yield from spoil("cudnnSetDropoutDescriptor", dropout, call, (1, None), (2, None), (3, ["f", -0.5]), (3, ["f", 1.5]),
                     (4, None), (5, 1), (5, "@states-1"))
    yield from spoil("cudnnDropoutGetStatesSize", dropout[:1], dropout[2], (1, None), (2, None))
    for name in ("RNNDescriptor", "RNNDataDescriptor", "TensorDescriptor", "DropoutDescriptor"):
        yield "wrong", f"cudnnCreate{name}: argument 1 is None", [["cudnnCreate" + name, None]]
        yield "wrong", f"cudnnDestroy{name}: argument 1 is None", [["cudnnDestroy" + name, None]]
    for call in (["cudnnCreate", None], ["cudnnDestroy", None], ["cudnnSetStream", None, None], ["cudnnGetStream", None, ">s"]):
        yield "wrong", f"{call[0]}: argument 1 is None", [call]
    yield "wrong", "cudnnGetStream: argument 2 is None", [["cudnnCreate", ">handle"], ["cudnnGetStream", "@handle", None]]


def wrong_questions(net):
    ready = net.network() + net.data()
    size, temporary = net.asked()
    unset = [["cudnnCreate", ">handle"], ["cudnnCreateRNNDescriptor", ">rnn"]]
    yield from spoil("cudnnGetRNNWeightSpaceSize", ready, size, (1, None), (2, None), (3, None))
    yield "wrong", "cudnnGetRNNWeightSpaceSize of an RNN that was not set", unset + [size]
    yield from spoil("cudnnGetRNNTempSpaceSizes", ready, temporary, (1, None), (2, None), (3, 2), (3, -1), (4, None), (5, None),
                     (6, None), (4, "@yd"))
    yield "wrong", "cudnnGetRNNTempSpaceSizes of an RNN that was not set", unset + net.data() + [temporary]
    yield "wrong", "cudnnGetRNNTempSpaceSizes of data that were not set", net.network() + [
        ["cudnnCreateRNNDataDescriptor", ">xd"], temporary]
    other = Net(inputs=5, type=DOUBLE)
    for name, index in [("type", 3), ("vector", 6)]:
        data = net.data()
        data[1][2 if name == "type" else 6] = other.type if name == "type" else other.inputs
        yield "wrong", f"cudnnGetRNNTempSpaceSizes of data of another {name}", net.network() + data + [temporary]
    asked = ready + [size, ["$memory", "w", "@weights"], ["cudnnCreateTensorDescriptor", ">m"], ["cudnnCreateTensorDescriptor", ">b"]]
    call = ["cudnnGetRNNWeightParams", "@handle", "@rnn", 0, "@weights", "@w", 0, "@m", ">ma", "@b", ">ba"]
    yield from spoil("cudnnGetRNNWeightParams", asked, call, (1, None), (2, None), (3, -1), (3, 1), (3, 99), (4, 0), (4, "@weights-1"),
                     (5, None), (6, -1), (6, 8), (6, 9), (6, 99), (7, None), (8, None), (9, None), (10, None))
    dynamic = ["cudnnBuildRNNDynamic", "@handle", "@rnn", 2]
    yield from spoil("cudnnBuildRNNDynamic", Net(algorithm=2).network()[:4], dynamic, (1, None), (2, None), (3, 0), (3, -1))
    yield "wrong", "cudnnBuildRNNDynamic of the standard algorithm", net.network() + [dynamic]


def wrong_runs(net):
    ready, forward = net.ready(), net.forward()
    yield from spoil("cudnnRNNForward", ready, forward, (1, None), (2, None), (3, 2), (5, None), (6, None), (7, None), (8, None),
                     (9, None), (12, None), (5, "@yd"), (7, "@xd"), (9, "@cd"), (15, "@weights-1"), (15, 0), (16, None),
                     (17, 0), (18, None), (19, 0), (20, None))
    other = Net(hidden=16)
    for name, data in [("y of another width", other.data()[2:4]), ("states of another width", other.data()[4:])]:
        yield "wrong", f"cudnnRNNForward with {name}", ready + data + [forward]
    longer = Net(steps=4, lengths=[4, 4]).data()[2:4]
    yield "wrong", "cudnnRNNForward with y longer than x", ready + longer + [forward]
    ragged = Net(lengths=[3, 1])
    yield "wrong", "cudnnRNNForward with lengths that differ, without padded IO", ragged.ready() + [ragged.forward()]
    missing = Net(lengths=[3, 1], flags=1)
    call = missing.forward()
    call[4] = None
    yield "right", "cudnnRNNForward with lengths on the host alone", missing.ready() + [call]
    after = ready + [forward]
    yield from spoil("cudnnRNNBackwardData_v8", after, net.backward_data(), (1, None), (2, None), (4, None), (5, None), (6, None),
                     (7, None), (8, None), (9, None), (13, None), (17, "@weights-1"), (18, None), (19, 0), (20, None), (21, 0),
                     (22, None))
    after = after + [net.backward_data()]
    yield from spoil("cudnnRNNBackwardWeights_v8", after, net.backward_weights(), (1, None), (2, None), (3, 1), (3, 2), (5, None),
                     (6, None), (9, None), (10, None), (11, "@weights-1"), (12, None), (13, 0), (14, None), (15, 0), (16, None))


def wrong_graphs():
    shape = 2, 3, 5, 6, 4, 3
    for kind in (-1, 99):
        yield "wrong", f"cudnnBackendCreateDescriptor: argument 1 is {kind}", [["cudnnBackendCreateDescriptor", kind, ">d"]]
    yield "wrong", "cudnnBackendCreateDescriptor: argument 2 is None", [["cudnnBackendCreateDescriptor", 17, None]]
    made = [["cudnnBackendCreateDescriptor", 17, ">t"]]
    call = ["cudnnBackendSetAttribute", "@t", 902, INT64, 2, ["i64", 2, 3]]
    yield from spoil("cudnnBackendSetAttribute", made, call, (1, None), (2, 100), (2, 9999), (3, 1), (4, 0), (4, -1), (5, None))
    yield "wrong", "cudnnBackendFinalize of an empty tensor", made + [finish("t")]
    yield "wrong", "cudnnBackendFinalize: argument 1 is None", [["cudnnBackendFinalize", None]]
    yield "wrong", "cudnnBackendGetAttribute: argument 1 is None", [["cudnnBackendGetAttribute", None, 902, INT64, 1, None, None]]
    yield "wrong", "cudnnBackendExecute: every argument is None", [["cudnnBackendExecute", None, None, None]]
    yield "wrong", "cudnnBackendGetAttribute of what is not finished", made + [
        ["cudnnBackendGetAttribute", "@t", 902, INT64, 4, ">>n", ["i64", 0, 0, 0, 0]]]
    for kind in (1, 2, 3, 4, 5, 10, 11, 12, 15, 16):
        yield "wrong", f"cudnnBackendFinalize of an empty descriptor {kind}", [["cudnnBackendCreateDescriptor", kind, ">d"], finish("d")]
    yield "wrong", "heuristics without a graph", [
        ["cudnnBackendCreateDescriptor", 4, ">h"], put("h", 200, HEURISTIC_MODE, [3], "i32"), finish("h")]
    yield "wrong", "heuristics of an unknown mode", graph(10, *shape) + [
        ["cudnnBackendCreateDescriptor", 4, ">h"], put("h", 201, DESCRIPTOR, ["@graph"], "p"), put("h", 200, HEURISTIC_MODE, [9], "i32")]
    yield "wrong", "a graph without a handle", [c for c in graph(10, *shape) if c[:3] != ["cudnnBackendSetAttribute", "@graph", 800]]
    yield "wrong", "a convolution whose y is too large", graph(10, *shape[:4], 4, 4)
    memory = [["$memory", name, 4096] for name in ("x_data", "w_data", "y_data")]
    whole = plan(10, *shape) + memory + [["$memory", "work", "@workspace"]]
    execute = ["cudnnBackendExecute", "@handle", "@plan", "@pack"]
    yield from spoil("cudnnBackendExecute", whole + pack(), execute, (1, None), (2, None), (3, None), (2, "@pack"), (3, "@plan"))
    yield "wrong", "cudnnBackendExecute of a plan that is not finished", graph(10, *shape) + memory + [
        ["$memory", "work", 4096], ["cudnnBackendCreateDescriptor", 5, ">plan"]] + pack() + [execute]
    for name, spoilt in [("without y", put("pack", 1000, INT64, [1, 2])), ("with a tensor twice", put("pack", 1000, INT64, [1, 2, 2])),
                         ("with an unknown tensor", put("pack", 1000, INT64, [1, 2, 9]))]:
        wrong = pack()
        wrong[1] = spoilt
        yield "wrong", f"cudnnBackendExecute {name}", whole + wrong + [execute]


PTX = """.version 8.0
.target sm_75
.address_size 64
.visible .entry nothing() { ret; }
"""


def wrong_driver():
    ok = [["$memory", "m", 256]]
    for title, calls in [
        ("cuDeviceGet 99", [["cuDeviceGet", ">>d", 99]]),
        ("cuDeviceGet -1", [["cuDeviceGet", ">>d", -1]]),
        ("cuDeviceGetAttribute 0", [["cuDeviceGetAttribute", ">>v", 0, 0]]),
        ("cuDeviceGetAttribute 9999", [["cuDeviceGetAttribute", ">>v", 9999, 0]]),
        ("cuDeviceGetAttribute of no device", [["cuDeviceGetAttribute", ">>v", 1, 99]]),
        ("cuMemAlloc of 0 bytes", [["cuMemAlloc_v2", ">a", 0]]),
        ("cuMemAlloc of too much", [["cuMemAlloc_v2", ">a", 1 << 50]]),
        ("cuMemAlloc to nowhere", [["cuMemAlloc_v2", None, 16]]),
        ("cuMemFree of no allocation", ok + [["cuMemFree_v2", "@m+8"]]),
        ("cuMemFree of null", [["cuMemFree_v2", None]]),
        ("cuMemFree twice", [["cuMemAlloc_v2", ">a", 64], ["cuMemFree_v2", "@a"], ["cuMemFree_v2", "@a"]]),
        ("cuMemcpyHtoD to null", [["cuMemcpyHtoD_v2", None, ["i32", 1], 4]]),
        ("cuMemcpyHtoD past the end", ok + [["cuMemcpyHtoD_v2", "@m+252", ["i64", 1, 2], 16]]),
        ("cuMemsetD8 past the end", ok + [["cuMemsetD8_v2", "@m", 0, 1 << 40]]),
        ("cuMemsetD32 misaligned", ok + [["cuMemsetD32_v2", "@m+2", 0, 1]]),
        ("cuModuleLoadData of what is no PTX", [["cuModuleLoadData", ">module", "this is no PTX"]]),
        ("cuModuleLoadData of a newer PTX", [["cuModuleLoadData", ">module", PTX.replace("8.0", "99.0")]]),
        ("cuModuleLoadData of a wrong instruction", [["cuModuleLoadData", ">module", PTX.replace("ret;", "frobnicate.u32;")]]),
        ("cuModuleLoadData to nowhere", [["cuModuleLoadData", None, PTX]]),
        ("cuModuleGetFunction of no function", [["cuModuleLoadData", ">module", PTX], ["cuModuleGetFunction", ">f", "@module", "something"]]),
        ("cuStreamCreate with unknown flags", [["cuStreamCreate", ">stream", 64]]),
        ("cuStreamEndCapture without a capture", [["cuStreamCreate", ">stream", 1], ["cuStreamEndCapture", "@stream", ">g"]]),
        ("cuEventElapsedTime of events that were not recorded", [["cuEventCreate", ">a", 0], ["cuEventCreate", ">b", 0],
                                                                ["cuEventElapsedTime", [*"p"] + [0], "@a", "@b"]]),
        ("cuEventCreate with unknown flags", [["cuEventCreate", ">event", 64]]),
        ("cuPointerGetAttribute of no allocation", [["cuPointerGetAttribute", ">>v", 2, 12345]]),
    ]:
        yield "wrong", title, calls
    function = [["cuModuleLoadData", ">module", PTX], ["cuModuleGetFunction", ">f", "@module", "nothing"]]
    launch = ["cuLaunchKernel", "@f", 1, 1, 1, 32, 1, 1, 0, None, None, None]
    yield from spoil("cuLaunchKernel", function, launch, (1, None), (2, 0), (3, 70000), (5, 0), (5, 2048), (7, 128), (8, 1 << 30))


def wrong_products():
    ready = [["cublasCreate_v2", ">handle"], ["$memory", "a", 256], ["$memory", "b", 256], ["$memory", "c", 256]]
    one, none = ["f32", 1.0], ["f32", 0.0]
    call = ["cublasGemmEx", "@handle", 0, 0, 4, 4, 4, one, "@a", 0, 4, "@b", 0, 4, none, "@c", 0, 4, 68, -1]
    yield from spoil("cublasGemmEx", ready, call, (1, None), (2, 7), (3, 7), (4, -1), (5, -1), (6, -1), (7, None), (9, 99), (10, 3),
                     (13, 3), (14, None), (17, 3), (18, 99))
    yield "wrong", "cublasCreate_v2: argument 1 is None", [["cublasCreate_v2", None]]
    yield "wrong", "cublasDestroy_v2: argument 1 is None", [["cublasDestroy_v2", None]]
    yield "wrong", "cublasSetStream_v2: argument 1 is None", [["cublasSetStream_v2", None, None]]


def device():
    yield "device", "the device as the driver and cuDNN describe it", [
        ["$attributes"],
        ["cudnnCreate", ">handle"],
        ["cudnnBackendCreateDescriptor", 38, ">device"],
        put("device", 2701, HANDLE, ["@handle"], "p"),
        finish("device"),
        ["$json", "device"],
    ]


def all_cases(with_device=True):
    """All, or those that ask nothing but cuDNN, and no handle of it."""
    found = [case for kind in (device, sizes, outputs, wrong) for case in kind()]
    return found if with_device else [case for case in found if not needs_device(case[2])]


def needs_device(calls):
    return any(not name.startswith("cudnn") or ">handle" in arguments or "@handle" in arguments for name, *arguments in calls)
