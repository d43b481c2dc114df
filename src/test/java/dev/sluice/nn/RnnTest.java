package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.EachDevice;
import dev.sluice.FormatException;
import dev.sluice.OnDevice;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.RnnSpec;
import dev.sluice.weights.HostTensor;
import dev.sluice.weights.Weights;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What an Rnn refuses, and how it takes its weights. */
@EachDevice
class RnnTest extends OnDevice {
  private Pass pass;

  @BeforeEach
  void open() {
    pass = Pass.inference(device);
  }

  @AfterEach
  void close() {
    pass.close();
  }

  private static String refusal(Executable call) {
    return assertThrows(IllegalArgumentException.class, call).getMessage();
  }

  private Rnn lstm() {
    return Rnn.lstm(5, 3).layers(2).bidirectional().build(Weights.random(1), arena);
  }

  private Tensor zeros(long... dims) {
    return pass.zeros(DType.FLOAT32, Shape.of(dims));
  }

  @Test
  void refusesInputsOfAnotherShape() {
    var lstm = lstm();
    String expected = "rnn: x: expected [T, N, 5] ([T, N, C]), got ";
    for (var x : List.of(zeros(4, 5), zeros(4, 2, 6), zeros(4, 5, 2), zeros(1, 4, 2, 5), zeros())) {
      assertEquals(expected + x.shape(), refusal(() -> lstm.forward(pass, x)));
    }
    for (var x : List.of(zeros(0, 2, 5), zeros(4, 0, 5))) {
      assertEquals(expected + x.shape(), refusal(() -> lstm.forward(pass, x)));
    }
  }

  @Test
  void refusesInputsOfAnotherType() {
    var lstm = lstm();
    for (var type : List.of(DType.FLOAT64, DType.FLOAT16, DType.INT32)) {
      assertEquals(
          "rnn: x: expected FLOAT32, got " + type,
          refusal(() -> lstm.forward(pass, pass.zeros(type, Shape.of(4, 2, 5)))));
    }
  }

  @Test
  void refusesLengthsThatDoNotFit() {
    var lstm = lstm();
    var x = zeros(4, 2, 5);
    String expected = "rnn: lengths: expected 2 of 0 to T = 4, got ";
    assertEquals(expected + "[4]", refusal(() -> lstm.forward(pass, x, new int[] {4}, null)));
    assertEquals(
        expected + "[4, 4, 4]", refusal(() -> lstm.forward(pass, x, new int[] {4, 4, 4}, null)));
    assertEquals(expected + "[4, 5]", refusal(() -> lstm.forward(pass, x, new int[] {4, 5}, null)));
    assertEquals(
        expected + "[-1, 2]", refusal(() -> lstm.forward(pass, x, new int[] {-1, 2}, null)));
    assertNotNull(lstm.forward(pass, x, new int[] {0, 4}, null));
  }

  @Test
  void refusesStatesThatDoNotFit() {
    var lstm = lstm();
    var x = zeros(4, 2, 5);
    var fits = zeros(4, 2, 3);
    assertEquals(
        "rnn: h0: expected [4, 2, 3] ([L D, N, H]), got [2, 2, 3]",
        refusal(() -> lstm.forward(pass, x, null, new Rnn.State(zeros(2, 2, 3), fits))));
    assertEquals(
        "rnn: c0: expected [4, 2, 3] ([L D, N, H]), got [4, 3]",
        refusal(() -> lstm.forward(pass, x, null, new Rnn.State(fits, zeros(4, 3)))));
    var wide = pass.zeros(DType.FLOAT64, Shape.of(4, 2, 3));
    assertEquals(
        "rnn: h0: expected FLOAT32, got FLOAT64",
        refusal(() -> lstm.forward(pass, x, null, new Rnn.State(wide, fits))));
    assertNotNull(lstm.forward(pass, x, null, new Rnn.State(fits, fits)));
  }

  @Test
  void refusesATensorWhoseArenaIsClosed() {
    var other = device.arena("the frames");
    var x = other.tensor(4, 2, 5);
    other.close();
    var lstm = lstm();
    assertEquals(
        "tensor of the frames: expected an open arena, but it is closed",
        assertThrows(IllegalStateException.class, () -> lstm.forward(pass, x)).getMessage());
  }

  @Test
  void refusesSizesThatMakeNoSense() {
    String expected = "rnn: expected input, hidden and layers >= 1, got ";
    var weights = Weights.random(1);
    assertEquals(expected + "0, 3, 1", refusal(() -> Rnn.lstm(0, 3).build(weights, arena)));
    assertEquals(expected + "5, -3, 1", refusal(() -> Rnn.lstm(5, -3).build(weights, arena)));
    assertEquals(
        expected + "5, 3, 0", refusal(() -> Rnn.lstm(5, 3).layers(0).build(weights, arena)));
    assertEquals(
        "rnn: expected a projection of 0 (none) to hidden = 3, got 4",
        refusal(() -> Rnn.lstm(5, 3).projection(4).build(weights, arena)));
    assertEquals(
        "rnn: expected hidden to be less than 2^28, so that all gates can be counted, got"
            + " 600000000",
        refusal(() -> Rnn.lstm(5, 600_000_000).build(weights, arena)));
    for (double bound : new double[] {0, -1, Double.NaN}) {
      assertEquals(
          "cell clip: expected a bound > 0, got " + bound,
          refusal(() -> Rnn.lstm(5, 3).cellClip(bound, RnnSpec.CellClip.Mode.STORE)));
    }
    assertEquals(0, arena.bytes(), "nothing was allocated");
  }

  @Test
  void parametersHavePyTorchsNamesAndShapes() {
    var shapes = new TreeMap<String, Shape>();
    lstm().parameters().forEach(p -> shapes.put(p.name(), p.value().shape()));
    var expected = new TreeMap<String, Shape>();
    for (var direction : List.of("", "_reverse")) {
      expected.put("weight_ih_l0" + direction, Shape.of(12, 5));
      expected.put("weight_ih_l1" + direction, Shape.of(12, 6));
      for (int layer = 0; layer < 2; layer++) {
        String suffix = "_l" + layer + direction;
        expected.put("weight_hh" + suffix, Shape.of(12, 3));
        expected.put("bias_ih" + suffix, Shape.of(12));
        expected.put("bias_hh" + suffix, Shape.of(12));
      }
    }
    assertEquals(expected, shapes);
    assertEquals(2 * (12 * 5 + 12 * 6 + 2 * 12 * 3 + 4 * 12), lstm().parameterCount());
  }

  private static Map<String, HostTensor> state() {
    return new TreeMap<>(
        Map.of(
            "weight_ih_l0", new HostTensor(Shape.of(12, 5), Samples.floats(1, 60)),
            "weight_hh_l0", new HostTensor(Shape.of(12, 3), Samples.floats(2, 36)),
            "bias_ih_l0", new HostTensor(Shape.of(12), Samples.floats(3, 12)),
            "bias_hh_l0", new HostTensor(Shape.of(12), Samples.floats(4, 12))));
  }

  @Test
  void takesWeightsByName() {
    var weights = Weights.of(state());
    var lstm = Rnn.lstm(5, 3).build(weights, arena);
    weights.requireAllUsed();
    for (var parameter : lstm.parameters()) {
      var expected = (float[]) state().get(parameter.name()).data();
      assertArrayEquals(expected, parameter.value().floats(), parameter.name());
    }
  }

  @Test
  void refusesMissingWeights() {
    var state = state();
    state.remove("bias_hh_l0");
    var e =
        assertThrows(FormatException.class, () -> Rnn.lstm(5, 3).build(Weights.of(state), arena));
    assertEquals(
        "weights: tensor \"bias_hh_l0\": expected shape [12], got no tensor of that name",
        e.getMessage());
    Rnn.lstm(5, 3).build(Weights.of(state()), arena);
  }

  @Test
  void refusesWeightsOfAnotherShape() {
    var state = state();
    state.put("weight_hh_l0", new HostTensor(Shape.of(3, 12), new float[36]));
    var e =
        assertThrows(FormatException.class, () -> Rnn.lstm(5, 3).build(Weights.of(state), arena));
    assertEquals(
        "weights: tensor \"weight_hh_l0\": expected shape [12, 3], got shape [3, 12]",
        e.getMessage());
  }

  @Test
  void refusesWeightsThatAreNotNumbersToLearn() {
    var state = state();
    state.put("bias_ih_l0", new HostTensor(Shape.of(12), new int[12]));
    var e =
        assertThrows(FormatException.class, () -> Rnn.lstm(5, 3).build(Weights.of(state), arena));
    assertTrue(e.getMessage().contains("floating-point numbers, got I32"), e.getMessage());
  }

  @Test
  void extraWeightsAreRefusedWhereTheCallerAsks() {
    var state = state();
    state.put("weight_ih_l1", new HostTensor(Shape.of(12, 3), new float[36]));
    var weights = Weights.of(state);
    Rnn.lstm(5, 3).build(weights, arena);
    var e = assertThrows(FormatException.class, weights::requireAllUsed);
    assertEquals(
        "weights: expected every tensor to be used, left over: \"weight_ih_l1\"", e.getMessage());
  }

  @Test
  void changedWeightsAreSeenByTheNextPass() {
    var lstm = Rnn.lstm(5, 3).build(Weights.random(1), arena);
    var x = pass.tensor(Shape.of(2, 1, 5), Samples.floats(1, 10));
    var before = lstm.forward(pass, x).y().floats();
    for (var parameter : lstm.parameters()) {
      parameter.value().set(new float[(int) parameter.value().shape().elements()]);
      parameter.changed();
    }
    var after = lstm.forward(pass, x).y().floats();
    assertTrue(before[0] != 0);
    assertArrayEquals(new float[6], after);
  }

  @Test
  void refusesACellWhereThereIsNone() {
    var gru = Rnn.gru(5, 3).build(Weights.random(1), arena);
    var state = new Rnn.State(zeros(1, 2, 3), zeros(1, 2, 3));
    assertEquals(
        "rnn: c0: expected none, since GRU_RESET_AFTER has no cell, got FLOAT32 [1, 2, 3]",
        refusal(() -> gru.forward(pass, zeros(4, 2, 5), null, state)));
  }
}
