package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.train.Loss;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RecomputingTest {
  private static final int STEPS = 7;
  private static final int SEGMENT = 3;
  private static final int HIDDEN = 5;
  private static final Shape X = Shape.of(STEPS, 2, 6, 5, 3);

  private Device device;
  private DeviceArena arena;

  @BeforeEach
  void open() {
    device = Device.open(Device.Options.defaults().threads(1));
    arena = device.arena();
  }

  @AfterEach
  void close() {
    arena.close();
    device.close();
  }

  private FrameLayer layer(FrameCell cell, int inputs) {
    return FrameLayer.of(
        cell, inputs, HIDDEN, 3, null, DType.FLOAT32, "", Weights.random(3), arena);
  }

  private static float[] wave(Shape shape) {
    var values = new float[(int) shape.elements()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) StrictMath.sin(0.37 * i);
    }
    return values;
  }

  private static List<float[]> gradients(Layer layer) {
    var all = new ArrayList<float[]>();
    for (var p : layer.parameters()) {
      all.add(p.gradient().floats());
      p.gradient().set(new float[(int) p.value().shape().elements()]);
    }
    return all;
  }

  /** Output, gradient of x, gradients of the parameters, of the sum of y times a wave. */
  private static List<float[]> trained(
      Pass pass, FrameLayer layer, Function<Tensor, List<Tensor>> run) {
    try (pass) {
      var x = pass.variable(X, wave(X));
      var parts = run.apply(x);
      var weights = wave(X.inner().outer(STEPS));
      int at = 0;
      var output = new ArrayList<Float>();
      for (var y : parts) {
        int count = (int) y.shape().elements();
        for (float value : y.floats()) {
          output.add(value);
        }
        var gradient = new float[count];
        for (int i = 0; i < count; i++) {
          gradient[i] = weights[(at + i) % weights.length];
        }
        at += count;
        pass.gradient(y).set(gradient);
      }
      pass.backward();
      var all = new ArrayList<float[]>();
      var y = new float[output.size()];
      for (int i = 0; i < y.length; i++) {
        y[i] = output.get(i);
      }
      all.add(y);
      all.add(pass.gradient(x).floats());
      all.addAll(gradients(layer));
      return all;
    }
  }

  /** The same segments, all of them kept, give the same bits. */
  @ParameterizedTest
  @EnumSource
  void givesTheSameBits(FrameCell cell) {
    var layer = layer(cell, 3);
    var kept = Pass.training(device, 1);
    var expected =
        trained(
            kept,
            layer,
            x -> {
              var parts = new ArrayList<Tensor>();
              List<Tensor> state = null;
              for (int from = 0; from < STEPS; from += SEGMENT) {
                var part = x.slice(from, Math.min(STEPS, from + SEGMENT));
                var output = layer.forward(kept, part, state);
                parts.add(output.y());
                state = output.last();
              }
              return parts;
            });
    var pass = Pass.recomputing(device, 1, SEGMENT);
    var actual = trained(pass, layer, x -> List.of(layer.forward(pass, x, null).y()));
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), actual.get(i), "tensor " + i);
    }
  }

  /** A whole sequence adds its gradients up in another order. */
  @ParameterizedTest
  @EnumSource
  void isCloseToAWholeSequence(FrameCell cell) {
    var layer = layer(cell, 3);
    var kept = Pass.training(device, 1);
    var expected = trained(kept, layer, x -> List.of(layer.forward(kept, x, null).y()));
    for (int segment : new int[] {1, SEGMENT, STEPS, STEPS + 1}) {
      var pass = Pass.recomputing(device, 1, segment);
      var actual = trained(pass, layer, x -> List.of(layer.forward(pass, x, null).y()));
      for (int i = 0; i < expected.size(); i++) {
        assertArrayEquals(expected.get(i), actual.get(i), 1e-4f, "tensor " + i);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aForecasterLearnsTheSame(FrameCell cell) {
    var config = new EncoderForecaster.Config(cell, 1, List.of(4, 3), 3, 1, null, true);
    var model = new EncoderForecaster(config, Weights.random(1), arena);
    var clip = Shape.of(11, 2, 6, 6, 1);
    var all = new ArrayList<List<float[]>>();
    for (int segment : new int[] {0, 2}) {
      try (var pass = Pass.recomputing(device, 1, segment)) {
        pass.backward(model.loss(pass, pass.tensor(clip, wave(clip)), 6, Loss.mse()::of));
        all.add(gradients(model));
      }
    }
    for (int i = 0; i < all.getFirst().size(); i++) {
      assertArrayEquals(all.getFirst().get(i), all.get(1).get(i), 1e-6f);
    }
  }

  /** What is drawn in forward is drawn again, and not by anybody after it. */
  @Test
  void drawsTheSameRandomNumbersAgain() {
    var shape = Shape.of(1, 64);
    var dropout = new Dropout(0.5);
    try (var pass = Pass.recomputing(device, 5, 1)) {
      var x = pass.variable(shape, wave(shape));
      var y = pass.watch(pass.empty(DType.FLOAT32, shape));
      pass.recomputed(
          List.of(x), List.of(y), (p, in) -> List.of(dropout.forward(p, in.getFirst())));
      var after = dropout.forward(pass, x);
      var ones = new float[64];
      java.util.Arrays.fill(ones, 1);
      pass.gradient(y).set(ones);
      pass.backward();
      float[] dx = pass.gradient(x).floats();
      int differ = 0;
      for (int i = 0; i < 64; i++) {
        float input = wave(shape)[i];
        assertEquals(y.floats()[i], input * dx[i], 1e-6f);
        differ += (after.floats()[i] == 0) == (y.floats()[i] == 0) ? 0 : 1;
      }
      assertTrue(differ > 10, differ + " of 64");
    }
  }

  /** Of forty steps in segments of six, y, its gradient and the states between segments stay. */
  @Test
  void keepsLess() {
    var shape = Shape.of(40, 1, 16, 16, 4);
    var cell = new ConvLstm(new ConvLstm.Config(4, 16, 3), Weights.random(1), arena);
    var highest = new long[2];
    for (int i = 0; i < 2; i++) {
      device.resetHighWater();
      long before = device.memory().used();
      try (var pass = Pass.recomputing(device, 1, i * 6)) {
        var y = cell.forward(pass, pass.tensor(shape, wave(shape)), null).y();
        pass.gradient(y);
        pass.backward();
      }
      highest[i] = device.memory().highWater() - before;
    }
    assertTrue(highest[1] < 0.6 * highest[0], highest[0] + " and " + highest[1] + " bytes");
  }

  @Test
  void refusesNegativeSegments() {
    var e = assertThrows(IllegalArgumentException.class, () -> Pass.recomputing(device, 1, -1));
    assertEquals(
        "pass: expected segments of 1 or more steps, or 0 to keep all, got -1", e.getMessage());
  }
}
