"""The cells of torch_bench.py, from tensors of one device: torch.nn's own, and the modules that people write."""

import functools

import torch


class Sequence:
    """torch.nn.LSTM, GRU or RNN; parameter names are the same."""

    def __init__(self, given, training, kind):
        names = [n for n in given if n.startswith(("weight_", "bias_"))]
        if any(n.startswith("weight_p") for n in names):
            raise ValueError("torch.nn.LSTM has no peepholes")
        layers = sum(n.startswith("weight_ih") and not n.endswith("_reverse") for n in names)
        self.module = kind(
            given["x"].shape[-1],
            given["weight_hh_l0"].shape[1],
            layers,
            bidirectional="weight_ih_l0_reverse" in names,
        ).to(given["x"])
        self.module.load_state_dict({n: given[n] for n in names})
        self.x = given["x"].requires_grad_(training)
        self.dy = given.get("dy")
        self.lengths = given.get("lengths")

    def forward(self):
        if self.lengths is None:
            return self.module(self.x)[0]
        pack, pad = torch.nn.utils.rnn.pack_padded_sequence, torch.nn.utils.rnn.pad_packed_sequence
        packed = pack(self.x, self.lengths.long().cpu(), enforce_sorted=False)
        return pad(self.module(packed)[0], total_length=self.x.shape[0])[0]

    def parameters(self):
        return [self.x, *self.module.parameters()]

    def results(self, y):
        all = {"y": y}
        if self.x.grad is not None:
            all["grad.x"] = self.x.grad
            all |= {"grad." + n: p.grad for n, p in self.module.named_parameters()}
        return all


class Frames:
    """Cells over frames, nchw, one after the other over a sequence; the modules that people write."""

    def __init__(self, given, training):
        self.x = frames_first(given["x"]).requires_grad_(training)
        self.dy = frames_first(given["dy"]) if training else None
        self.layers = []

    def forward(self):
        x = self.x
        for conv in self.layers:
            x = self.layer(conv, x)
        return x

    def parameters(self):
        return [self.x, *(p for layer in self.layers for p in layer.parameters())]

    def results(self, y):
        all = {"y": channels_last(y)}
        if self.x.grad is not None:
            all["grad.x"] = channels_last(self.x.grad)
            for at, layer in enumerate(self.layers):
                all |= self.gradients(at, layer)
        return all


def convolution(weight, bias):
    kernel = weight.shape[-2:]
    conv = torch.nn.Conv2d(
        weight.shape[1],
        weight.shape[0],
        kernel,
        padding=(kernel[0] // 2, kernel[1] // 2),
        bias=bias is not None,
    ).to(weight)
    with torch.no_grad():
        conv.weight.copy_(weight)
        if bias is not None:
            conv.bias.copy_(bias)
    return conv


class ConvLstm(Frames):
    """One convolution over cat([x, h])."""

    def __init__(self, given, training):
        super().__init__(given, training)
        if "peep_i_l0" in given:
            raise ValueError("this ConvLSTM module has no peepholes")
        while f"weight_h_l{len(self.layers)}" in given:
            at = len(self.layers)
            weight = torch.cat([given[f"weight_x_l{at}"], given[f"weight_h_l{at}"]], 1)
            self.layers.append(convolution(weight, given[f"bias_l{at}"]))

    def layer(self, conv, x):
        hidden = conv.out_channels // 4
        h = c = x.new_zeros(x.shape[1], hidden, *x.shape[3:])
        ys = []
        for t in range(x.shape[0]):
            i, f, g, o = conv(torch.cat([x[t], h], 1)).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            ys.append(h)
        return torch.stack(ys)

    def gradients(self, at, conv):
        inputs = conv.in_channels - conv.out_channels // 4
        return {
            f"grad.weight_x_l{at}": conv.weight.grad[:, :inputs],
            f"grad.weight_h_l{at}": conv.weight.grad[:, inputs:],
            f"grad.bias_l{at}": conv.bias.grad,
        }


class ConvGru(Frames):
    """One convolution over cat([x, h]) for r and z, one over cat([x, r h]) for n."""

    def __init__(self, given, training):
        super().__init__(given, training)
        while f"weight_h_l{len(self.layers)}" in given:
            at = len(self.layers)
            weight = torch.cat([given[f"weight_x_l{at}"], given[f"weight_h_l{at}"]], 1)
            bias = given[f"bias_x_l{at}"] + given[f"bias_h_l{at}"]
            rows = weight.shape[0] // 3 * 2
            self.layers.append(
                torch.nn.ModuleList(
                    [convolution(weight[:rows], bias[:rows]), convolution(weight[rows:], bias[rows:])]
                )
            )

    def layer(self, convs, x):
        gates, candidate = convs
        h = x.new_zeros(x.shape[1], candidate.out_channels, *x.shape[3:])
        ys = []
        for t in range(x.shape[0]):
            r, z = torch.sigmoid(gates(torch.cat([x[t], h], 1))).chunk(2, 1)
            n = torch.tanh(candidate(torch.cat([x[t], r * h], 1)))
            h = (1 - z) * n + z * h
            ys.append(h)
        return torch.stack(ys)

    def gradients(self, at, convs):
        weight = torch.cat([conv.weight.grad for conv in convs])
        bias = torch.cat([conv.bias.grad for conv in convs])
        inputs = weight.shape[1] - convs[1].out_channels
        return {
            f"grad.weight_x_l{at}": weight[:, :inputs],
            f"grad.weight_h_l{at}": weight[:, inputs:],
            f"grad.bias_x_l{at}": bias,
            f"grad.bias_h_l{at}": bias,
        }


class StLstm(Frames):
    """The cell of PredRNN as its authors publish it, without layer norm; one layer."""

    NAMES = [*(f"conv_{branch}.0.weight" for branch in "xhmo"), "conv_last.weight"]

    def __init__(self, given, training):
        super().__init__(given, training)
        convs = [convolution(given[name], None) for name in self.NAMES]
        self.layers.append(torch.nn.ModuleList(convs))

    def layer(self, convs, x):
        conv_x, conv_h, conv_m, conv_o, conv_last = convs
        h = x.new_zeros(x.shape[1], conv_last.out_channels, *x.shape[3:])
        c = m = h
        ys = []
        for t in range(x.shape[0]):
            i_x, f_x, g_x, i_x2, f_x2, g_x2, o_x = conv_x(x[t]).chunk(7, 1)
            i_h, f_h, g_h, o_h = conv_h(h).chunk(4, 1)
            i_m, f_m, g_m = conv_m(m).chunk(3, 1)
            i, f, g = torch.sigmoid(i_x + i_h), torch.sigmoid(f_x + f_h + 1), torch.tanh(g_x + g_h)
            c = f * c + i * g
            i, f = torch.sigmoid(i_x2 + i_m), torch.sigmoid(f_x2 + f_m + 1)
            m = f * m + i * torch.tanh(g_x2 + g_m)
            both = torch.cat([c, m], 1)
            o = torch.sigmoid(o_x + o_h + conv_o(both))
            h = o * torch.tanh(conv_last(both))
            ys.append(h)
        return torch.stack(ys)

    def gradients(self, at, convs):
        return {"grad." + name: conv.weight.grad for name, conv in zip(self.NAMES, convs)}


def frames_first(frames):
    return frames.permute(0, 1, 4, 2, 3).contiguous()


def channels_last(frames):
    return frames.permute(0, 1, 3, 4, 2)


CELLS = {
    "lstm": functools.partial(Sequence, kind=torch.nn.LSTM),
    "gru": functools.partial(Sequence, kind=torch.nn.GRU),
    "rnn": functools.partial(Sequence, kind=torch.nn.RNN),
    "convlstm": ConvLstm,
    "convgru": ConvGru,
    "stlstm": StLstm,
}
