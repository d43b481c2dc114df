"""The networks that Sluice trains, in PyTorch with its parameters' names, and their training by autograd and Adam."""

import torch
import torch.nn.functional as F


def patches(clip, p):
    """[T, N, H, W] to [T, N, p p, H/p, W/p], channel py p + px."""
    t, n, h, w = clip.shape
    cut = clip.reshape(t, n, h // p, p, w // p, p)
    return cut.permute(0, 1, 3, 5, 2, 4).reshape(t, n, p * p, h // p, w // p)


def same(x, w, b=None):
    return F.conv2d(x, w, b, padding=w.shape[-1] // 2)


def conv_lstm(w, suffix, x, h, c):
    a = same(h, w["weight_h" + suffix], w["bias" + suffix])
    if x is not None:
        a = a + same(x, w["weight_x" + suffix])
    i, f, g, o = a.chunk(4, 1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def conv_lstm_loss(w, frames, settings):
    """Encoder-forecaster (Shi 2015); the loss is of the frames to come."""
    seen = settings["seen"]
    zeros = frames.new_zeros(frames.shape[1], settings["hidden"], *frames.shape[3:])
    layers = sum(name.startswith("weight_h_enc") for name in w)
    states = [(zeros, zeros)] * layers
    for x in frames[:seen]:
        for layer in range(layers):
            states[layer] = conv_lstm(w, f"_enc{layer}", x, *states[layer])
            x = states[layer][0]
    made = []
    for _ in frames[seen:]:
        x = None
        for layer in range(layers):
            states[layer] = conv_lstm(w, f"_fc{layer}", x, *states[layer])
            x = states[layer][0]
        made.append(same(torch.cat([h for h, _ in states], 1), w["head.weight"], w["head.bias"]))
    return F.mse_loss(torch.sigmoid(torch.stack(made)), frames[seen:])


def st_lstm(w, name, x, h, c, m):
    ix, fx, gx, im, fm, gm, ox = same(x, w[name + ".conv_x.0.weight"]).chunk(7, 1)
    ih, fh, gh, oh = same(h, w[name + ".conv_h.0.weight"]).chunk(4, 1)
    i2, f2, g2 = same(m, w[name + ".conv_m.0.weight"]).chunk(3, 1)
    c = torch.sigmoid(fx + fh + 1) * c + torch.sigmoid(ix + ih) * torch.tanh(gx + gh)
    m = torch.sigmoid(fm + f2 + 1) * m + torch.sigmoid(im + i2) * torch.tanh(gm + g2)
    both = torch.cat([c, m], 1)
    o = torch.sigmoid(ox + oh + same(both, w[name + ".conv_o.0.weight"]))
    return o * torch.tanh(same(both, w[name + ".conv_last.weight"])), c, m


def pred_rnn_loss(w, frames, settings):
    """PredRNN of two layers (Wang 2017); the loss is of all frames but the first."""
    zeros = frames.new_zeros(frames.shape[1], settings["hidden"], *frames.shape[3:])
    h, c, m = [zeros, zeros], [zeros, zeros], zeros
    made = []
    for t in range(len(frames) - 1):
        x = frames[t] if t < settings["seen"] else made[-1]
        for layer in range(2):
            h[layer], c[layer], m = st_lstm(w, f"cell_list.{layer}", x, h[layer], c[layer], m)
            x = h[layer]
        made.append(same(x, w["conv_last.weight"]))
    return F.mse_loss(torch.stack(made), frames[1:])


class Training:
    """A model with its optimiser; tensors are model.* and clips [batches, T, N, H, W], settings those of the race."""

    PREFIX = "model."

    def __init__(self, tensors, settings):
        named = {n[len(self.PREFIX) :]: t for n, t in tensors.items() if n.startswith(self.PREFIX)}
        self.weights = {n: t.clone().requires_grad_() for n, t in named.items()}
        self.clips = [patches(clip, settings["patch"]) for clip in tensors["clips"]]
        self.settings = settings
        self.loss_of = conv_lstm_loss if settings["model"] == "convlstm" else pred_rnn_loss
        self.adam = torch.optim.Adam(self.weights.values(), settings["rate"])
        self.steps = 0

    def step(self):
        """The loss before the step."""
        self.adam.zero_grad()
        loss = self.loss_of(self.weights, self.clips[self.steps % len(self.clips)], self.settings)
        loss.backward()
        if "clip" in self.settings:
            torch.nn.utils.clip_grad_norm_(self.weights.values(), self.settings["clip"])
        self.adam.step()
        self.steps += 1
        return loss.item()
