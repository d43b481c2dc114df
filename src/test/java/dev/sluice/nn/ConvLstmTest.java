package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sluice.DType;
import dev.sluice.EachDevice;
import dev.sluice.OnDevice;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.nn.ConvLstm.Config;
import dev.sluice.nn.ConvLstm.State;
import dev.sluice.weights.HostTensor;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@EachDevice
class ConvLstmTest extends OnDevice {
  private Pass pass;

  @BeforeEach
  void open() {
    pass = Pass.training(device);
  }

  @AfterEach
  void close() {
    pass.close();
  }

  private static String refusal(Executable call) {
    return assertThrows(IllegalArgumentException.class, call).getMessage();
  }

  private ConvLstm cell(Config config) {
    return new ConvLstm(config, Weights.random(1), arena);
  }

  private Tensor zeros(long... dims) {
    return pass.zeros(DType.FLOAT32, Shape.of(dims));
  }

  @Test
  void refusesFramesOfAnotherShape() {
    var cell = cell(new Config(2, 3, 3));
    String expected = "convlstm: x: expected [T, N, H, W, 2] ([T, N, H, W, C]), got ";
    for (var x :
        List.of(
            zeros(4, 1, 5, 5, 3), zeros(1, 5, 5, 2), zeros(0, 1, 5, 5, 2), zeros(4, 1, 0, 5, 2))) {
      assertEquals(expected + x.shape(), refusal(() -> cell.forward(pass, x, null)));
    }
    assertEquals(
        "convlstm: x: expected FLOAT32, got FLOAT64",
        refusal(
            () -> cell.forward(pass, pass.zeros(DType.FLOAT64, Shape.of(4, 1, 5, 5, 2)), null)));
  }

  @Test
  void refusesStatesThatDoNotFit() {
    var cell = cell(new Config(2, 3, 3));
    var x = zeros(4, 1, 5, 6, 2);
    var fits = zeros(1, 5, 6, 3);
    assertEquals(
        "convlstm: h0: expected [1, 5, 6, 3] ([N, H, W, K]), got [1, 6, 5, 3]",
        refusal(() -> cell.forward(pass, x, new State(zeros(1, 6, 5, 3), fits))));
    assertEquals(
        "convlstm: c0: expected [1, 5, 6, 3] ([N, H, W, K]), got [1, 5, 6, 12]",
        refusal(() -> cell.forward(pass, x, new State(fits, zeros(1, 5, 6, 12)))));
    assertEquals(
        "convlstm: c0: expected [1, 5, 6, 3] ([N, H, W, K]), got none",
        refusal(() -> cell.forward(pass, x, new State(fits, null))));
  }

  @Test
  void refusesFramesThatPeepholesDoNotFit() {
    var cell = cell(new Config(2, 3, 3, 3, new Config.Frame(5, 6)));
    assertEquals(
        "convlstm: expected frames of 5x6, since peephole maps fix their size, got 6x5",
        refusal(() -> cell.forward(pass, zeros(4, 1, 6, 5, 2), null)));
  }

  @Test
  void refusesSizesThatMakeNoSense() {
    String odd = "kernel: expected odd sizes, since the frame keeps its size, got ";
    assertEquals(odd + "4x4", refusal(() -> new Config(2, 3, 4)));
    assertEquals(odd + "3x2", refusal(() -> new Config(2, 3, 3, 2, null)));
    assertEquals(odd + "-1x-1", refusal(() -> new Config(2, 3, -1)));
    assertEquals(odd + "0x0", refusal(() -> new Config(2, 3, 0)));
    assertEquals(
        "cell: expected fewer than 2^28 channels, got C 2, K 600000000",
        refusal(() -> new Config(2, 600_000_000, 3)));
    refusal(() -> new Config(2, 0, 3));
    refusal(() -> new Config(-1, 3, 3));
  }

  @Test
  void aCellWithoutInputGetsNone() {
    var cell = cell(new Config(0, 3, 3));
    var state = zeros(1, 5, 6, 3);
    assertEquals(
        "convlstm: expected no input, since the cell was made without, got [4, 1, 5, 6, 2]",
        refusal(() -> cell.forward(pass, zeros(4, 1, 5, 6, 2), null)));
    String frame = "convlstm: h0: expected [N, H, W, 3], which gives a cell without input its";
    assertEquals(frame + " frame, got none", refusal(() -> cell.forward(pass, 4, null)));
    assertEquals(
        frame + " frame, got [5, 6, 3]",
        refusal(() -> cell.forward(pass, 4, new State(zeros(5, 6, 3), state))));
    refusal(() -> cell.forward(pass, 0, new State(state, state)));
    assertEquals(
        Shape.of(4, 1, 5, 6, 3), cell.forward(pass, 4, new State(state, state)).y().shape());
  }

  @Test
  void aCellWithInputGetsOne() {
    var state = zeros(1, 5, 6, 3);
    assertEquals(
        "convlstm: expected an input of 2 channels, got none",
        refusal(() -> cell(new Config(2, 3, 3)).forward(pass, 4, new State(state, state))));
  }

  @Test
  void parametersHaveTheirNamesAndShapes() {
    var cell = cell(new Config(2, 3, 5, 1, new Config.Frame(7, 8)));
    assertEquals(
        List.of(
            "weight_x [12, 2, 5, 1]",
            "weight_h [12, 3, 5, 1]",
            "bias [12]",
            "peep_i [3, 7, 8]",
            "peep_f [3, 7, 8]",
            "peep_o [3, 7, 8]"),
        cell.parameters().stream().map(p -> p.name() + " " + p.value().shape()).toList());
    assertArrayEquals(
        new float[] {0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0},
        cell.parameters().get(2).value().floats(),
        "the forget gate starts open");
  }

  /** With a 1x1 kernel on frames of one pixel it is an LSTM. */
  @Test
  void onePixelIsAnLstm() {
    int c = 6;
    int k = 19;
    var cell = cell(new Config(c, k, 1));
    var w = cell.parameters().stream().map(p -> p.value().floats()).toList();
    var lstm =
        Rnn.lstm(c, k)
            .build(
                Weights.of(
                    Map.of(
                        "weight_ih_l0", new HostTensor(Shape.of(4L * k, c), w.get(0)),
                        "weight_hh_l0", new HostTensor(Shape.of(4L * k, k), w.get(1)),
                        "bias_ih_l0", new HostTensor(Shape.of(4L * k), w.get(2)),
                        "bias_hh_l0", new HostTensor(Shape.of(4L * k), new float[4 * k]))),
                arena);
    var x = Samples.floats(5, 8 * 3 * c);
    var frames = pass.variable(Shape.of(8, 3, 1, 1, c), x);
    var vectors = pass.variable(Shape.of(8, 3, c), x);
    var ours = cell.forward(pass, frames, null);
    var theirs = lstm.forward(pass, vectors);
    assertArrayEquals(theirs.y().floats(), ours.y().floats(), 1e-6f);
    assertArrayEquals(theirs.c().floats(), ours.last().c().floats(), 1e-6f);
    var dy = Samples.floats(6, 8 * 3 * k);
    pass.gradient(ours.y()).set(dy);
    pass.gradient(theirs.y()).set(dy);
    pass.backward();
    assertArrayEquals(pass.gradient(vectors).floats(), pass.gradient(frames).floats(), 1e-5f);
    for (int p = 0; p < 3; p++) {
      assertArrayEquals(
          lstm.parameters().get(p).gradient().floats(),
          cell.parameters().get(p).gradient().floats(),
          1e-5f);
    }
  }

  @Test
  void timeCanBeSplitWhereTheStateIsCarried() {
    var cell = cell(new Config(3, 5, 3));
    var x = pass.tensor(Shape.of(6, 2, 7, 4, 3), Samples.floats(7, 6 * 2 * 7 * 4 * 3));
    var whole = cell.forward(pass, x, null);
    var first = cell.forward(pass, x.slice(0, 2), null);
    var second = cell.forward(pass, x.slice(2, 6), first.last());
    assertArrayEquals(whole.y().slice(0, 2).floats(), first.y().floats(), 1e-6f);
    assertArrayEquals(whole.y().slice(2, 6).floats(), second.y().floats(), 1e-6f);
    assertArrayEquals(whole.last().c().floats(), second.last().c().floats(), 1e-6f);
  }

  @Test
  void sequencesOfABatchDoNotSeeEachOther() {
    var cell = cell(new Config(3, 5, 3));
    var values = Samples.floats(8, 3 * 2 * 30 * 3);
    var both = cell.forward(pass, pass.tensor(Shape.of(3, 2, 5, 6, 3), values), null);
    var second = new float[3 * 30 * 3];
    for (int t = 0; t < 3; t++) {
      System.arraycopy(values, (2 * t + 1) * 90, second, t * 90, 90);
    }
    var alone = cell.forward(pass, pass.tensor(Shape.of(3, 1, 5, 6, 3), second), null);
    for (int t = 0; t < 3; t++) {
      assertArrayEquals(both.y().at(t).at(1).floats(), alone.y().at(t).at(0).floats(), 1e-6f);
    }
  }

  /**
   * The engine's fused float32 cell against the one composed of plain float64 loops: outputs and
   * all gradients, for shapes at the borders of blocks, vectors and kernels.
   */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 1, 1, 1, 1, 1, 1",
    "2, 1, 1, 1, 3, 5, 3, 3",
    "3, 2, 2, 3, 1, 1, 5, 5",
    "3, 2, 5, 7, 2, 3, 3, 3",
    "2, 3, 4, 9, 7, 8, 1, 3",
    "2, 2, 6, 6, 16, 16, 3, 3",
    "2, 1, 8, 8, 17, 31, 3, 3",
    "2, 2, 5, 5, 8, 17, 5, 1",
    "2, 1, 9, 3, 4, 33, 7, 7",
    "3, 2, 8, 8, 0, 16, 3, 3",
    "4, 1, 3, 4, 0, 5, 5, 3",
    "2, 1, 16, 16, 8, 1, 15, 15",
  })
  void agreesWithFloat64(int t, int n, int h, int w, int c, int k, int kh, int kw) {
    for (var frame : new Config.Frame[] {null, new Config.Frame(h, w)}) {
      var config = new Config(c, k, kh, kw, frame);
      var narrow = trip(config, DType.FLOAT32, t, n, h, w);
      var wide = trip(config, DType.FLOAT64, t, n, h, w);
      assertEquals(wide.length, narrow.length);
      for (int i = 0; i < wide.length; i++) {
        double largest = 1;
        for (double value : wide[i]) {
          largest = Math.max(largest, Math.abs(value));
        }
        assertArrayEquals(wide[i], narrow[i], 2e-6 * largest, config + " part " + i);
      }
    }
  }

  /** y, h, c, then the gradients of x, h0, c0 and all weights. */
  private double[][] trip(Config config, DType type, int t, int n, int h, int w) {
    try (var own = device.arena();
        var trip = Pass.training(device)) {
      var cell = new ConvLstm(config, type, "", Weights.random(4), own);
      for (var p : cell.parameters()) {
        if (p.name().startsWith("peep")) {
          p.value().set(Samples.floats(p.name().hashCode(), p.value().shape().elements()));
        }
      }
      int k = config.hidden();
      var h0 = trip.watch(Samples.tensor(own, type, 2, n, h, w, k));
      var c0 = trip.watch(Samples.tensor(own, type, 3, n, h, w, k));
      var x =
          config.inputs() == 0
              ? null
              : trip.watch(Samples.tensor(own, type, 1, t, n, h, w, config.inputs()));
      var state = new State(h0, c0);
      var out = x == null ? cell.forward(trip, t, state) : cell.forward(trip, x, state);
      var values =
          new ArrayList<>(
              List.of(out.y().doubles(), out.last().h().doubles(), out.last().c().doubles()));
      int seed = 10;
      for (var y : List.of(out.y(), out.last().h(), out.last().c())) {
        trip.gradient(y).set(Samples.floats(seed++, y.shape().elements()));
      }
      trip.backward();
      if (x != null) {
        values.add(trip.gradient(x).doubles());
      }
      values.add(trip.gradient(h0).doubles());
      values.add(trip.gradient(c0).doubles());
      cell.parameters().forEach(p -> values.add(p.gradient().doubles()));
      return values.toArray(double[][]::new);
    }
  }
}
