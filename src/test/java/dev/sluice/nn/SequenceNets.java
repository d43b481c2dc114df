package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.train.Loss;
import dev.sluice.train.SoftmaxCrossEntropy;
import dev.sluice.weights.Init;
import dev.sluice.weights.Weights;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.IntStream;

/** Rows of the table for what stands around recurrent networks. */
final class SequenceNets {
  /** Rows by name. */
  static final Map<String, Net.Row> ROWS = new LinkedHashMap<>();

  static {
    for (var activation : Activation.values()) {
      ROWS.put(activation.name(), (d, type, _) -> elementwise(d, type, 4, activation::of));
    }
    ROWS.put("l1", (d, type, _) -> loss(d, type, Loss.l1()));
    ROWS.put("smooth l1", (d, type, _) -> loss(d, type, Loss.smoothL1(d.one(1.0, 0.3, 2.0))));
    ROWS.put("bce", (d, type, _) -> loss(d, type, Loss.bce()));
    ROWS.put("summed", (d, type, _) -> loss(d, type, Loss.mse().summed()));
    ROWS.put("weighted losses", SequenceNets::weighted);
    ROWS.put("softmax cross entropy", SequenceNets::crossEntropy);
    ROWS.put("embedding", SequenceNets::embedding);
    ROWS.put("tokens to classes", SequenceNets::model);
  }

  private SequenceNets() {}

  private static Net elementwise(
      Dice dice, DType type, double bound, BiFunction<Pass, Tensor, Tensor> function) {
    var shape = Shape.of(dice.size(1, 3), dice.units());
    var x = new Net.Input(shape, dice.numbers(shape.elements(), bound), true);
    return new Net(
        "x " + shape,
        type,
        List.of(),
        List.of(x),
        (pass, in) -> List.of(function.apply(pass, in.getFirst())));
  }

  /** Predictions of 0.1 to 0.9 and targets of 0 to 1, which is where every loss has a meaning. */
  private static Net loss(Dice dice, DType type, Loss loss) {
    var shape = Shape.of(dice.size(1, 3), dice.units());
    var predicted = new Net.Input(shape, shifted(dice.numbers(shape.elements(), 0.4)), true);
    var target = new Net.Input(shape, shifted(dice.numbers(shape.elements(), 0.5)), false);
    return new Net(
        "p " + shape,
        type,
        List.of(),
        List.of(predicted, target),
        (pass, in) -> List.of(loss.of(pass, in.get(0), in.get(1))));
  }

  private static double[] shifted(double[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (values[i] + 0.5);
    }
    return values;
  }

  private static Net weighted(Dice dice, DType type, DeviceArena arena) {
    var x = dice.input(Shape.of(dice.size(1, 3), dice.units()));
    var target = new Net.Input(x.shape(), dice.numbers(x.shape().elements(), 1), false);
    return new Net(
        "x " + x.shape(),
        type,
        List.of(),
        List.of(x, target),
        (pass, in) -> {
          var mse = Loss.mse().of(pass, in.get(0), in.get(1));
          var l1 = Loss.l1().of(pass, in.get(0), in.get(1));
          return List.of(Loss.sum(pass, mse, Loss.times(pass, l1, 0.3)));
        });
  }

  private static int[] tokens(Dice dice, int count, int vocabulary) {
    return IntStream.range(0, count).map(_ -> dice.size(0, vocabulary - 1)).toArray();
  }

  /** Labels, of which a few are ignored, but never all. */
  private static int[] labels(Dice dice, int count, int classes) {
    var labels = tokens(dice, count, classes);
    for (int i = 1; i < count; i++) {
      labels[i] = dice.size(0, 3) == 0 ? SoftmaxCrossEntropy.IGNORED : labels[i];
    }
    return labels;
  }

  private static Net crossEntropy(Dice dice, DType type, DeviceArena arena) {
    int classes = dice.units();
    var x = new Net.Input(Shape.of(2, 3, classes), dice.numbers(6L * classes, 5), true);
    var labels = labels(dice, 6, classes);
    var loss = dice.coin() ? SoftmaxCrossEntropy.mean() : SoftmaxCrossEntropy.sum();
    return new Net(
        loss + ", K " + classes,
        type,
        List.of(),
        List.of(x),
        (pass, in) -> List.of(loss.of(pass, in.getFirst(), labels)));
  }

  private static Net embedding(Dice dice, DType type, DeviceArena arena) {
    int vocabulary = dice.size(1, 5);
    var layer =
        new Embedding(vocabulary, dice.units(), type, Init.zeros(), Weights.random(1), arena);
    dice.filled(layer);
    var shape = Shape.of(dice.size(1, 4), dice.size(1, 3));
    var tokens = tokens(dice, (int) shape.elements(), vocabulary);
    return new Net(
        "V " + vocabulary + ", tokens " + shape,
        type,
        List.of(layer),
        List.of(),
        (pass, in) -> List.of(layer.forward(pass, shape, tokens)));
  }

  private static Net model(Dice dice, DType type, DeviceArena arena) {
    int vocabulary = dice.size(1, 5);
    int width = dice.units();
    int hidden = dice.units();
    int classes = dice.size(1, 4);
    var weights = Weights.random(1);
    var table = dice.filled(new Embedding(vocabulary, width, type, Init.zeros(), weights, arena));
    var rnn = dice.filled(Rnn.gru(width, hidden).type(type).build(weights, arena));
    var dense = dice.filled(new Linear(hidden, classes, type, weights, arena));
    int steps = dice.size(1, 4);
    int batch = dice.size(1, 3);
    var tokens = tokens(dice, steps * batch, vocabulary);
    var labels = labels(dice, steps * batch, classes);
    return new Net(
        "V " + vocabulary + ", C " + width + ", H " + hidden + ", K " + classes,
        type,
        List.of(table, rnn, dense),
        List.of(),
        (pass, in) -> {
          var x = table.forward(pass, Shape.of(steps, batch), tokens);
          var logits = dense.forward(pass, rnn.forward(pass, x).y());
          return List.of(SoftmaxCrossEntropy.mean().of(pass, logits, labels));
        });
  }
}
