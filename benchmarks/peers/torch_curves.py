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
import torch.nn.functional as F

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
    """Encoder-forecaster of two layers (Shi 2015); the loss is of the frames to come."""
    seen = settings["seen"]
    zeros = frames.new_zeros(frames.shape[1], settings["hidden"], *frames.shape[3:])
    states = [(zeros, zeros), (zeros, zeros)]
    for x in frames[:seen]:
        for layer in range(2):
            states[layer] = conv_lstm(w, f"_enc{layer}", x, *states[layer])
            x = states[layer][0]
    made = []
    for _ in frames[seen:]:
        x = None
        for layer in range(2):
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


def train(tensors, settings):
    prefix = "model."
    w = {n[len(prefix) :]: t.requires_grad_() for n, t in tensors.items() if n.startswith(prefix)}
    loss_of = conv_lstm_loss if settings["model"] == "convlstm" else pred_rnn_loss
    adam = torch.optim.Adam(w.values(), settings["rate"])
    clips = tensors["clips"]
    losses = []
    for step in range(len(settings["losses"])):
        adam.zero_grad()
        loss = loss_of(w, patches(clips[step % len(clips)], settings["patch"]), settings)
        loss.backward()
        adam.step()
        losses.append(loss.item())
    return losses


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
