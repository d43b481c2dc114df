package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.EachDevice;
import dev.sluice.OnDevice;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.weights.Weights;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@EachDevice
class DropoutTest extends OnDevice {
  private static final int MANY = 1 << 18;

  private Tensor ones(DType type, long... dims) {
    var shape = Shape.of(dims);
    var ones = new float[(int) shape.elements()];
    Arrays.fill(ones, 1);
    return arena.empty(type, shape).set(ones);
  }

  private double[] mask(double p, long seed) {
    try (var pass = Pass.training(device, seed)) {
      return new Dropout(p).forward(pass, ones(DType.FLOAT32, MANY)).doubles();
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.1, 0.4, 0.5, 0.9})
  void dropsAShareAndKeepsTheMean(double p) {
    double[] y = mask(p, 11);
    for (double value : y) {
      assertEquals(0, value * (value - (float) (1 / (1 - p))), 1e-12);
    }
    double dropped = Arrays.stream(y).filter(v -> v == 0).count() / (double) MANY;
    // Six standard errors.
    assertEquals(p, dropped, 6 * Math.sqrt(p * (1 - p) / MANY));
    int both = 0;
    for (int i = 0; i + 1 < MANY; i++) {
      both += y[i] == 0 && y[i + 1] == 0 ? 1 : 0;
    }
    assertEquals(p * p, both / (double) MANY, 6 * Math.sqrt(p * p / MANY));
  }

  @Test
  void oneGivesZerosAndZeroGivesX() {
    assertArrayEquals(new double[MANY], mask(1, 3));
    try (var pass = Pass.training(device)) {
      var x = ones(DType.FLOAT32, 5);
      assertSame(x, new Dropout(0).forward(pass, x));
    }
  }

  @Test
  void inferenceDropsNothing() {
    try (var pass = Pass.inference(device)) {
      var x = ones(DType.FLOAT32, 5);
      assertSame(x, new Dropout(0.7).forward(pass, x));
    }
  }

  @Test
  void theMaskIsFixedBySeedAndCall() {
    assertArrayEquals(mask(0.5, 4), mask(0.5, 4));
    assertFalse(Arrays.equals(mask(0.5, 4), mask(0.5, 5)));
    assertFalse(Arrays.equals(mask(0.5, 4), mask(0.5, 4 + (1L << 32))));
    try (var pass = Pass.training(device, 4)) {
      var dropout = new Dropout(0.5);
      var first = dropout.forward(pass, ones(DType.FLOAT32, MANY)).doubles();
      assertArrayEquals(mask(0.5, 4), first);
      var second = dropout.forward(pass, ones(DType.FLOAT32, MANY)).doubles();
      assertFalse(Arrays.equals(first, second));
    }
  }

  @Test
  void theMaskIsTheSameOnTheWayBackAndInEveryTypeAndTeam() {
    var expected = Arrays.copyOf(mask(0.3, 9), 4099);
    for (var type : new DType[] {DType.FLOAT32, DType.FLOAT64}) {
      for (int threads = 1; threads <= 2; threads++) {
        var options = Device.Options.defaults().engine("cpu").threads(threads);
        try (var other = Device.open(options);
            var pass = Pass.training(other, 9)) {
          var one = new double[4099];
          Arrays.fill(one, 1);
          var x = pass.watch(pass.empty(type, Shape.of(4099)).set(one));
          var y = new Dropout(0.3).forward(pass, x);
          assertArrayEquals(expected, y.doubles(), 1e-6);
          pass.gradient(y).set(one);
          pass.backward();
          assertArrayEquals(y.doubles(), pass.gradient(x).doubles());
        }
      }
    }
  }

  @Test
  void refusesAPassWithoutASeedAndProbabilitiesOutside() {
    try (var pass = Pass.training(device)) {
      var e =
          assertThrows(
              IllegalStateException.class,
              () -> new Dropout(0.5).forward(pass, ones(DType.FLOAT32, 5)));
      assertEquals(
          "dropout: expected a training pass with a seed, Pass.training(device, seed), got one"
              + " without",
          e.getMessage());
    }
    for (double p : new double[] {-0.1, 1.1, Double.NaN}) {
      var e = assertThrows(IllegalArgumentException.class, () -> new Dropout(p));
      assertEquals("dropout: expected p in 0 to 1, got " + p, e.getMessage());
    }
  }

  private RnnBuilder stack(double p) {
    return Rnn.lstm(4, 3).layers(3).bidirectional().type(DType.FLOAT64).dropout(p);
  }

  /** Layers by hand with a dropout between, over the same weights and the same seed. */
  @Test
  void liesBetweenTheLayersOfANetwork() {
    var weights = Weights.random(2);
    var rnn = stack(0.4).build(weights, arena);
    var x = Samples.tensor(arena, DType.FLOAT64, 1, 5, 2, 4);
    var lengths = new int[] {5, 3};
    try (var pass = Pass.training(device, 7);
        var other = Pass.training(device, 7)) {
      var got = rnn.forward(pass, pass.watch(x), lengths, null);
      var input = x;
      for (int layer = 0; layer < 3; layer++) {
        var output = rnn.layer(layer).forward(other, input, lengths, null);
        assertArrayEquals(output.h().doubles(), got.h().slice(2 * layer, 2 * layer + 2).doubles());
        assertArrayEquals(output.c().doubles(), got.c().slice(2 * layer, 2 * layer + 2).doubles());
        input = layer < 2 ? new Dropout(0.4).forward(other, output.y()) : output.y();
      }
      assertArrayEquals(input.doubles(), got.y().doubles());
    }
  }

  @Test
  void inferenceOfANetworkIsThatWithoutDropout() {
    var with = stack(0.4).build(Weights.random(2), arena);
    var without = stack(0).build(Weights.random(2), arena);
    var x = Samples.tensor(arena, DType.FLOAT64, 1, 5, 2, 4);
    try (var pass = Pass.inference(device)) {
      assertArrayEquals(
          without.forward(pass, x).y().doubles(), with.forward(pass, x).y().doubles());
    }
    assertEquals(
        without.parameters().stream().map(Parameter::name).toList(),
        with.parameters().stream().map(Parameter::name).toList());
  }

  /** Central differences through one mask, with losses of y, h and c. */
  @Test
  void gradientsOfANetworkGoThroughTheMask() {
    var rnn = stack(0.4).build(Weights.random(2), arena);
    var x = Samples.tensor(arena, DType.FLOAT64, 1, 5, 2, 4);
    double[] at = x.doubles();
    double[] gradient;
    try (var pass = Pass.training(device, 7)) {
      var output = rnn.forward(pass, pass.watch(x));
      for (var part : new Tensor[] {output.y(), output.h(), output.c()}) {
        pass.gradient(part).set(weights(part));
      }
      pass.backward();
      gradient = pass.gradient(x).doubles();
    }
    for (int i = 0; i < at.length; i++) {
      var moved = at.clone();
      moved[i] += 1e-6;
      double above = loss(rnn, moved, x.shape());
      moved[i] -= 2e-6;
      double below = loss(rnn, moved, x.shape());
      assertEquals((above - below) / 2e-6, gradient[i], 1e-7 + 1e-5 * Math.abs(gradient[i]));
    }
  }

  private static double[] weights(Tensor tensor) {
    var weights = new double[(int) tensor.shape().elements()];
    Arrays.setAll(weights, i -> Math.sin(i + 1));
    return weights;
  }

  private double loss(Rnn rnn, double[] values, Shape shape) {
    try (var pass = Pass.training(device, 7)) {
      var output = rnn.forward(pass, pass.empty(DType.FLOAT64, shape).set(values));
      double loss = 0;
      for (var part : new Tensor[] {output.y(), output.h(), output.c()}) {
        double[] w = weights(part);
        double[] v = part.doubles();
        for (int i = 0; i < w.length; i++) {
          loss += w[i] * v[i];
        }
      }
      return loss;
    }
  }

  @Test
  void aSingleLayerHasNowhereToDrop() {
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> Rnn.lstm(4, 3).dropout(0.5).build(Weights.random(1), arena));
    assertEquals(
        "rnn: dropout lies between layers: expected 2 layers or more, got 1", e.getMessage());
  }
}
