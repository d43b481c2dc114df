package dev.sluice.cli.verify;

import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.nn.Activation;
import dev.sluice.nn.Embedding;
import dev.sluice.nn.Layer;
import dev.sluice.nn.Linear;
import dev.sluice.nn.Rnn;
import dev.sluice.nn.RnnBuilder;
import dev.sluice.train.SoftmaxCrossEntropy;
import dev.sluice.train.SoftmaxCrossEntropy.Reduction;
import dev.sluice.weights.Init;
import java.util.LinkedHashMap;
import java.util.Set;
import java.util.stream.IntStream;

/** Tokens to classes: embedding, a recurrent network, a dense layer, softmax cross entropy. */
final class SequenceModelRunner implements CaseRunner {
  private static final Set<String> KEYS =
      Set.of(
          "rnn",
          "vocab",
          "embed",
          "H",
          "classes",
          "B",
          "T",
          "head",
          "reduction",
          "lengths",
          "ignore_index",
          "batch_first",
          "wiring",
          "note");

  @Override
  public boolean knows(String key) {
    return KEYS.contains(key);
  }

  @Override
  public void run(Trip trip) {
    var config = trip.config();
    config.require("head", "last", "every_step");
    boolean batchFirst = config.flag("batch_first", false);
    int embed = config.integer("embed");
    var weights = trip.weights();
    var embedding =
        new Embedding(
            config.integer("vocab"),
            embed,
            trip.type(),
            Init.normal(1),
            weights.at("embedding"),
            trip.arena());
    var rnn = rnn(config, embed).type(trip.type()).build(weights.at("rnn"), trip.arena());
    var dense =
        new Linear(
            config.integer("H"),
            config.integer("classes"),
            trip.type(),
            weights.at("dense"),
            trip.arena());
    var shape = trip.subject().shape("in.tokens");
    var axes = batchFirst ? new Axes(1, 0) : Axes.SAME;
    int[] tokens = moved(trip.subject().ints("in.tokens"), shape, axes);
    var embedded = embedding.forward(trip.pass(), axes.toLibrary(shape), tokens);
    var output = rnn.forward(trip.pass(), embedded, trip.lengths(), null);
    boolean last = config.text("head", "last").equals("last");
    var logits = dense.forward(trip.pass(), last ? output.h().at(0) : output.y());
    judge(trip, logits, last || !batchFirst ? Axes.SAME : Axes.BATCH_FIRST);
    loss(trip, logits, last ? Axes.SAME : axes);
    var layers = new LinkedHashMap<String, Layer>();
    layers.put("embedding.", embedding);
    layers.put("rnn.", rnn);
    layers.put("dense.", dense);
    trip.backward(layers);
  }

  private static RnnBuilder rnn(Config config, int input) {
    config.require("rnn", "lstm", "gru", "rnn");
    int hidden = config.integer("H");
    return switch (config.text("rnn", "")) {
      case "lstm" -> Rnn.lstm(input, hidden);
      case "gru" -> Rnn.gru(input, hidden);
      default -> Rnn.tanh(input, hidden);
    };
  }

  private static void judge(Trip trip, Tensor logits, Axes axes) {
    trip.output("logits", axes, logits);
    trip.output("probs", axes, Activation.SOFTMAX.of(trip.pass(), logits));
  }

  private static void loss(Trip trip, Tensor logits, Axes axes) {
    var shape = trip.subject().shape("in.labels");
    int[] labels = moved(trip.subject().ints("in.labels"), shape, axes);
    var reduction =
        trip.subject().lossKind().equals("softmax_ce_sum") ? Reduction.SUM : Reduction.MEAN;
    int ignored = trip.config().integer("ignore_index", SoftmaxCrossEntropy.IGNORED);
    var loss = new SoftmaxCrossEntropy(reduction, ignored).of(trip.pass(), logits, labels);
    trip.loss(loss, 1);
  }

  private static int[] moved(int[] values, Shape shape, Axes axes) {
    double[] doubles = IntStream.of(values).asDoubleStream().toArray();
    double[] moved = axes.toLibrary(doubles, shape);
    return IntStream.range(0, values.length).map(i -> (int) moved[i]).toArray();
  }
}
