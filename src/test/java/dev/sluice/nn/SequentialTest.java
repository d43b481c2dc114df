package dev.sluice.nn;

import static dev.sluice.nn.Activation.RELU;
import static dev.sluice.nn.Activation.SIGMOID;
import static dev.sluice.nn.Block.dense;
import static dev.sluice.nn.Block.dropout;
import static dev.sluice.nn.Block.embedding;
import static dev.sluice.nn.Block.flatten;
import static dev.sluice.nn.Block.gru;
import static dev.sluice.nn.Block.lstm;
import static dev.sluice.nn.Block.recurrent;
import static dev.sluice.nn.Block.simpleRnn;
import static dev.sluice.nn.Block.timeDistributed;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.EachDevice;
import dev.sluice.OnDevice;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.train.Adam;
import dev.sluice.train.Loss;
import dev.sluice.weights.Weights;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

@EachDevice
class SequentialTest extends OnDevice {
  private Sequential build(Sequential.Builder builder) {
    return builder.build(Weights.random(1), arena);
  }

  @Test
  void theSummaryIsThatOfKeras() {
    var model = build(Sequential.of(embedding(2800, 32), simpleRnn(16), dense(256, RELU)));
    assertEquals(
        """
        Model: "sequential"
        _________________________________________________________________
         Layer (type)                Output Shape              Param #
        =================================================================
         embedding (Embedding)       (None, None, 32)          89600

         simple_rnn (SimpleRNN)      (None, 16)                784

         dense (Dense)               (None, 256)               4352
        =================================================================
        Total params: 94736 (370.06 KB)
        Trainable params: 94736 (370.06 KB)
        Non-trainable params: 0 (0.00 Byte)
        _________________________________________________________________\
        """,
        model.summary());
    assertEquals(94_736, model.parameterCount());
  }

  @Test
  void theSecondModelOfTheTutorialHasItsCount() {
    var model = build(Sequential.of(embedding(2800, 32), lstm(32), dense(256, RELU)));
    assertEquals(89_600 + 8_320 + 8_448, model.parameterCount());
  }

  @Test
  void everyBlockHasARow() {
    var model =
        build(
            Sequential.of(
                    gru(4).bidirectional().sequences(),
                    timeDistributed(dense(3)),
                    dropout(0.5),
                    lstm(2).sequences(),
                    flatten(),
                    dense(2),
                    dense(1, SIGMOID))
                .input(5, 3));
    var rows =
        model
            .summary()
            .lines()
            .filter(line -> line.startsWith(" ") && line.contains("(None"))
            .map(line -> line.strip().replaceAll(" {2,}", "|"))
            .toList();
    assertEquals(
        List.of(
            "bidirectional (Bidirectional)|(None, 5, 8)|216",
            "time_distributed (TimeDistributed)|(None, 5, 3)|27",
            "dropout (Dropout)|(None, 5, 3)|0",
            "lstm (LSTM)|(None, 5, 2)|48",
            "flatten (Flatten)|(None, 10)|0",
            "dense (Dense)|(None, 2)|22",
            "dense_1 (Dense)|(None, 1)|3"),
        rows);
    var names = model.parameters().stream().map(Parameter::name).toList();
    assertTrue(
        names.containsAll(
            List.of(
                "bidirectional.weight_hh_l0_reverse",
                "time_distributed.weight",
                "lstm.bias_ih_l0",
                "dense_1.bias")),
        names.toString());
    assertFalse(names.contains("lstm.bias_hh_l0"), "Keras has one bias");
  }

  @Test
  void whatIsCountedIsWhatIsTrained() {
    var keras = Rnn.lstm(3, 4).kerasBiases(true).build(Weights.random(1), arena);
    assertEquals(4 * 4 * (3 + 4 + 1), keras.parameterCount());
    var adam = new Adam(keras.parameters(), 0.1, arena);
    for (int step = 0; step < 2; step++) {
      try (var pass = Pass.training(device)) {
        var x = pass.tensor(Shape.of(2, 1, 3), Samples.floats(1, 6));
        var y = keras.forward(pass, x).y();
        pass.backward(Loss.mse().of(pass, y, pass.tensor(y.shape(), new float[8])));
        adam.step();
      }
    }
    for (var tensor : keras.all()) {
      boolean zero = Arrays.equals(tensor.value().floats(), new float[(int) count(tensor)]);
      assertEquals(tensor.name().equals("bias_hh_l0"), zero, tensor.name());
    }
  }

  private static long count(Parameter parameter) {
    return parameter.value().shape().elements();
  }

  @Test
  void aSecondBiasIsStillThereForWhoeverWantsIt() {
    var model =
        build(Sequential.of(lstm(32).with(b -> b.kerasBiases(false))).input(Sequential.ANY, 32));
    assertEquals(8_448, model.parameterCount());
    var relu = build(Sequential.of(recurrent(w -> Rnn.relu(w, 5))).input(Sequential.ANY, 2));
    assertEquals(5 * (2 + 5 + 2), relu.parameterCount());
  }

  @Test
  void bothDirectionsGiveWhatTheyHaveAtTheirOwnEnd() {
    var block = lstm(3).bidirectional();
    var last = build(Sequential.of(block).input(Sequential.ANY, 2));
    var all = build(Sequential.of(block.sequences()).input(Sequential.ANY, 2));
    try (var pass = Pass.inference(device)) {
      var x = pass.tensor(Shape.of(4, 2, 2), Samples.floats(1, 16));
      var lengths = new int[] {4, 2};
      var y = last.forward(pass, x, lengths).floats();
      var steps = all.forward(pass, x, lengths);
      for (int n = 0; n < 2; n++) {
        var first = steps.at(0).at(n).floats();
        var end = steps.at(lengths[n] - 1L).at(n).floats();
        assertArrayEquals(Arrays.copyOf(end, 3), Arrays.copyOfRange(y, 6 * n, 6 * n + 3));
        assertArrayEquals(
            Arrays.copyOfRange(first, 3, 6), Arrays.copyOfRange(y, 6 * n + 3, 6 * n + 6));
      }
    }
  }

  @Test
  void flatteningKeepsASampleTogether() {
    var model = build(Sequential.of(flatten()).input(2, 2));
    try (var pass = Pass.inference(device)) {
      var x = pass.tensor(Shape.of(2, 3, 2), new float[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
      var y = model.forward(pass, x);
      assertEquals(Shape.of(3, 4), y.shape());
      assertArrayEquals(new float[] {0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11}, y.floats());
    }
  }

  @Test
  void dropsInTrainingOnly() {
    var model = build(Sequential.of(dropout(0.5)).input(64));
    var ones = new float[64];
    Arrays.fill(ones, 1);
    try (var training = Pass.training(device, 1);
        var inference = Pass.inference(device)) {
      var dropped = model.forward(training, training.tensor(Shape.of(1, 64), ones)).floats();
      assertFalse(Arrays.equals(ones, dropped));
      assertArrayEquals(
          ones, model.forward(inference, inference.tensor(Shape.of(1, 64), ones)).floats());
    }
  }

  private static String message(Runnable call) {
    return assertThrows(IllegalArgumentException.class, call::run).getMessage();
  }

  @Test
  void whatDoesNotFitIsSaidWhenItIsBuilt() {
    assertEquals(
        "sequential: expected at least one block, got none", message(() -> Sequential.of()));
    assertEquals(
        "sequential: expected input(...), the shape of a sample, where the first block is no"
            + " embedding, got none",
        message(() -> build(Sequential.of(lstm(3)))));
    assertEquals(
        "recurrent block: expected steps of one axis, (None, T, C), got (None, 3); a recurrent"
            + " block below gives every step with sequences()",
        message(() -> build(Sequential.of(lstm(3), lstm(3)).input(Sequential.ANY, 2))));
    assertEquals(
        "embedding: expected to be the first block, which reads tokens, got (None, 4, 3)",
        message(() -> build(Sequential.of(lstm(3).sequences(), embedding(5, 2)).input(4, 2))));
    assertEquals(
        "flatten: expected a known number of steps, input(T, ...), got (None, None, 3)",
        message(() -> build(Sequential.of(embedding(5, 3), flatten()))));
    assertEquals(
        "time distributed: expected an input with steps, got (None, 2)",
        message(() -> build(Sequential.of(timeDistributed(dense(1))).input(2))));
    assertEquals(
        "sequential: input: expected sizes >= 1, the first of them or ANY, got [3, 0]",
        message(() -> Sequential.of(lstm(3)).input(3, 0)));
  }

  @Test
  void whatDoesNotFitIsSaidWhenItIsRun() {
    var series = build(Sequential.of(lstm(3)).input(Sequential.ANY, 2));
    var tokens = build(Sequential.of(embedding(5, 2), lstm(3)));
    try (var pass = Pass.inference(device)) {
      var x = pass.zeros(DType.FLOAT32, Shape.of(4, 1, 3));
      assertEquals(
          "sequential: x: expected [T, N, 2] ([T, N, C]), got [4, 1, 3]",
          message(() -> series.forward(pass, x)));
      assertEquals(
          "sequential: expected numbers, since the first block is no embedding, got tokens",
          message(() -> series.forward(pass, Shape.of(1, 1), 0)));
      assertEquals(
          "sequential: x: expected [T, N] ([T, N]), got [4, 1, 3]",
          message(() -> tokens.forward(pass, x)));
      assertEquals(
          "embedding: tokens: expected 0 to 4, the vocabulary, got 5 at [1, 0]",
          message(() -> tokens.forward(pass, Shape.of(2, 1), 4, 5)));
    }
  }
}
