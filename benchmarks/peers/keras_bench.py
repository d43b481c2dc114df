"""Keras on TensorFlow as a peer, as service.py has it: its layers in a tf.function, as fit runs them."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["KERAS_BACKEND"] = "tensorflow"

# TensorFlow greets on stderr, whatever its level of logging.
stderr = os.dup(2)
os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
try:
    import keras
    import numpy as np
    import service
    import tensorflow as tf
finally:
    os.dup2(stderr, 2)


def blocks(values, order):
    """The equal blocks of the first axis in another order."""
    parts = np.split(values, len(order))
    return np.concatenate([parts[i] for i in order])


def unblocks(values, order):
    return blocks(values, np.argsort(order))


class Vectors:
    """LSTM, GRU and SimpleRNN: kernels [C, G H] and [H, G H], gates i f g o and z r n."""

    ORDER = {"lstm": [0, 1, 2, 3], "gru": [1, 0, 2], "rnn": [0]}

    def __init__(self, given, cell):
        if "weight_ih_l1" in given or "weight_ih_l0_reverse" in given or "lengths" in given:
            raise service.Cannot("one layer and one direction are raced here")
        hidden = given["weight_hh_l0"].shape[1]
        self.order = self.ORDER[cell]
        kind = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "rnn": keras.layers.SimpleRNN}
        self.layer = kind[cell](hidden, return_sequences=True)
        self.layer.build(self.batch_first(given["x"]).shape)
        b_ih, b_hh = (blocks(given[n], self.order) for n in ("bias_ih_l0", "bias_hh_l0"))
        self.one_bias = cell != "gru"
        kernels = [blocks(given[n], self.order).T for n in ("weight_ih_l0", "weight_hh_l0")]
        self.layer.set_weights([*kernels, b_ih + b_hh if self.one_bias else np.stack([b_ih, b_hh])])

    @staticmethod
    def batch_first(x):
        return np.ascontiguousarray(x.swapaxes(0, 1))

    def gradients(self, kernel, recurrent, bias):
        b_ih, b_hh = (bias, bias) if self.one_bias else bias
        all = {"weight_ih": kernel.T, "weight_hh": recurrent.T, "bias_ih": b_ih, "bias_hh": b_hh}
        return {f"grad.{name}_l0": unblocks(g, self.order) for name, g in all.items()}


class Frames(Vectors):
    """ConvLSTM2D: kernels [k, k, C, 4 H], frames channels-last, gates i f g o."""

    def __init__(self, given, cell):
        if cell != "convlstm":
            raise service.Cannot("it has no such cell")
        if "weight_h_l1" in given or "peep_i_l0" in given:
            raise service.Cannot("one layer without peepholes is raced here")
        weight = given["weight_h_l0"]
        self.layer = keras.layers.ConvLSTM2D(
            weight.shape[1], weight.shape[2], padding="same", return_sequences=True
        )
        self.layer.build(self.batch_first(given["x"]).shape)
        kernels = [given[n].transpose(2, 3, 1, 0) for n in ("weight_x_l0", "weight_h_l0")]
        self.layer.set_weights([*kernels, given["bias_l0"]])

    def gradients(self, kernel, recurrent, bias):
        return {
            "grad.weight_x_l0": kernel.transpose(3, 2, 0, 1),
            "grad.weight_h_l0": recurrent.transpose(3, 2, 0, 1),
            "grad.bias_l0": bias,
        }


class Race:
    def __init__(self, given, cell, training):
        if cell == "training":
            raise service.Cannot("only single cells are written for it")
        self.cell = (Frames if given["x"].ndim == 5 else Vectors)(given, cell)
        self.layer = self.cell.layer
        self.x = tf.constant(self.cell.batch_first(given["x"]))
        self.dy = tf.constant(self.cell.batch_first(given["dy"])) if training else None
        self.step = tf.function(self.train if training else lambda x: self.layer(x))

    def train(self, x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = self.layer(x, training=True)
        wanted = [x, *(w.value for w in self.layer.trainable_weights)]
        return y, tape.gradient(y, wanted, output_gradients=self.dy)

    def round(self):
        return self.step(self.x)

    def results(self):
        if self.dy is None:
            return {"y": self.cell.batch_first(self.round().numpy())}
        y, gradients = self.round()
        x, *weights = (g.numpy() for g in gradients)
        ours = {"y": self.cell.batch_first(y.numpy()), "grad.x": self.cell.batch_first(x)}
        return ours | self.cell.gradients(*weights)


def start(threads):
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    return {"name": "Keras", "version": f"{keras.__version__} (TensorFlow {tf.__version__})"}


service.serve(start, Race)
