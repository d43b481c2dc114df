package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.EachDevice;
import dev.sluice.OnDevice;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.train.Adam;
import dev.sluice.train.Loss;
import dev.sluice.weights.Weights;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

@EachDevice
class EncoderForecasterTest extends OnDevice {
  private static final EncoderForecaster.Config CONFIG =
      new EncoderForecaster.Config(1, List.of(4, 3), 3, 2, null, true);

  private EncoderForecaster model() {
    return new EncoderForecaster(CONFIG, Weights.random(1), arena);
  }

  private static float loss(EncoderForecaster model, Device device, boolean back) {
    try (var pass = Pass.training(device)) {
      var x = pass.tensor(Shape.of(3, 2, 6, 4, 1), Samples.floats(1, 3 * 2 * 6 * 4));
      var y = pass.tensor(Shape.of(2, 2, 6, 4, 1), new float[2 * 2 * 6 * 4]);
      var predicted = model.forward(pass, x, 2);
      assertEquals(y.shape(), predicted.shape());
      var loss = Loss.mse().of(pass, predicted, y);
      if (back) {
        pass.backward(loss);
      }
      return loss.floats()[0];
    }
  }

  @Test
  void parametersHaveNamesOfTheirOwn() {
    var names = model().parameters().stream().map(Parameter::name).toList();
    assertEquals(names.size(), new HashSet<>(names).size(), names.toString());
    assertTrue(names.containsAll(List.of("weight_x_enc0", "bias_fc1", "head.weight")));
    assertFalse(names.contains("weight_x_fc0"), "the lowest forecasting layer gets no input");
  }

  @Test
  void everyParameterGetsItsGradient() {
    var model = model();
    loss(model, device, true);
    for (var p : model.parameters()) {
      var gradient = p.gradient().floats();
      assertFalse(Arrays.equals(gradient, new float[gradient.length]), p.name());
    }
  }

  /** A layer keeps its weights packed; a step must reach those too, the head's included. */
  @Test
  void aStepChangesEveryParameterAndLowersTheLoss() {
    var model = model();
    var before = model.parameters().stream().map(p -> p.value().floats()).toList();
    float first = loss(model, device, true);
    new Adam(model.parameters(), 0.01, arena).step();
    for (int i = 0; i < before.size(); i++) {
      var p = model.parameters().get(i);
      assertFalse(Arrays.equals(before.get(i), p.value().floats()), p.name());
    }
    assertTrue(loss(model, device, false) < first);
  }

  @Test
  void theHeadAloneCanBeTrained() {
    var model = model();
    var head = model.parameters().stream().filter(p -> p.name().startsWith("head.")).toList();
    var adam = new Adam(head, 0.05, arena);
    float first = loss(model, device, true);
    adam.step();
    assertTrue(loss(model, device, false) < first);
  }

  @Test
  void refusesWhatMakesNoSense() {
    var model = model();
    try (var pass = Pass.inference(device)) {
      var x = pass.zeros(DType.FLOAT32, Shape.of(3, 2, 6, 4, 1));
      assertEquals(
          "encoder-forecaster: expected at least 1 frame ahead, got 0",
          assertThrows(IllegalArgumentException.class, () -> model.forward(pass, x, 0))
              .getMessage());
      var odd = pass.zeros(DType.FLOAT32, Shape.of(3, 2, 5, 4, 1));
      assertEquals(
          "patch: expected [..., H, W, C] with H and W multiples of 2, got [3, 2, 5, 4, 1]",
          assertThrows(IllegalArgumentException.class, () -> model.forward(pass, odd, 1))
              .getMessage());
      var colours = pass.zeros(DType.FLOAT32, Shape.of(3, 2, 6, 4, 3));
      assertThrows(IllegalArgumentException.class, () -> model.forward(pass, colours, 1));
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> new EncoderForecaster.Config(0, List.of(4), 3, 1, null, true));
    assertThrows(
        IllegalArgumentException.class,
        () -> new EncoderForecaster.Config(1, List.of(), 3, 1, null, true));
    assertThrows(
        IllegalArgumentException.class,
        () -> new EncoderForecaster.Config(1, List.of(4), 3, 0, null, true));
  }

  @Test
  void patchesAreAPermutation() {
    try (var pass = Pass.training(device)) {
      var x = pass.variable(Shape.of(1, 2, 4, 2), new float[16]);
      for (int i = 0; i < 16; i++) {
        x.reshape(Shape.of(16)).slice(i, i + 1).set(i);
      }
      var patches = new Patch(2).split(pass, x);
      assertEquals(Shape.of(1, 1, 2, 8), patches.shape());
      assertArrayEquals(
          new float[] {0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15}, patches.floats());
      var back = new Patch(2).join(pass, patches);
      assertArrayEquals(x.floats(), back.floats());
      pass.gradient(back).set(x.floats());
      pass.backward();
      assertArrayEquals(x.floats(), pass.gradient(x).floats());
    }
  }

  @Test
  void tensorsStandSideBySide() {
    try (var pass = Pass.training(device)) {
      var a = pass.variable(Shape.of(2, 1), new float[] {1, 2});
      var b = pass.variable(Shape.of(2, 2), new float[] {3, 4, 5, 6});
      var whole = Elementwise.concat(pass, List.of(a, b));
      assertArrayEquals(new float[] {1, 3, 4, 2, 5, 6}, whole.floats());
      pass.gradient(whole).set(10, 30, 40, 20, 50, 60);
      pass.backward();
      assertArrayEquals(new float[] {10, 20}, pass.gradient(a).floats());
      assertArrayEquals(new float[] {30, 40, 50, 60}, pass.gradient(b).floats());
      var other = pass.tensor(Shape.of(3, 1), new float[3]);
      var e =
          assertThrows(
              IllegalArgumentException.class, () -> Elementwise.concat(pass, List.of(a, other)));
      assertEquals(
          "concat: expected tensors like the first but for the innermost axis, got"
              + " [FLOAT32 [2, 1], FLOAT32 [3, 1]]",
          e.getMessage());
    }
  }
}
