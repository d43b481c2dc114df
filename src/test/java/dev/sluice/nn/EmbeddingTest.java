package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sluice.DType;
import dev.sluice.EachDevice;
import dev.sluice.Shape;
import dev.sluice.TestDevice;
import dev.sluice.weights.HostTensor;
import dev.sluice.weights.Init;
import dev.sluice.weights.Weights;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

@EachDevice
class EmbeddingTest {
  private static final Weights TABLE =
      Weights.of(Map.of("weight", new HostTensor(Shape.of(3, 2), new float[] {1, 2, 3, 4, 5, 6})));

  @Test
  void everyTokenGetsItsRow() {
    try (var device = TestDevice.open();
        var arena = device.arena();
        var pass = Pass.inference(device)) {
      var y = new Embedding(3, 2, TABLE, arena).forward(pass, Shape.of(2, 2), 2, 0, 0, 1);
      assertEquals(Shape.of(2, 2, 2), y.shape());
      assertArrayEquals(new float[] {5, 6, 1, 2, 1, 2, 3, 4}, y.floats());
    }
  }

  @Test
  void repeatedTokensAccumulate() {
    try (var device = TestDevice.open();
        var arena = device.arena();
        var pass = Pass.training(device)) {
      var layer = new Embedding(3, 2, TABLE, arena);
      var y = layer.forward(pass, Shape.of(4), 2, 0, 2, 2);
      pass.gradient(y).set(1, 10, 2, 20, 3, 30, 4, 40);
      pass.backward();
      var gradient = layer.parameters().getFirst().gradient();
      assertArrayEquals(new float[] {2, 20, 0, 0, 8, 80}, gradient.floats());
    }
  }

  /** In one order whatever the number of threads, so equal to the last bit. */
  @Test
  void sumsDoNotDependOnTheThreads() {
    var random = new SplittableRandom(5);
    int[] tokens = random.ints(5000, 0, 7).toArray();
    double[] dy = random.doubles(5000 * 33, -1, 1).toArray();
    var sums = new float[2][];
    for (int threads = 1; threads <= 2; threads++) {
      try (var device = TestDevice.open(threads);
          var arena = device.arena();
          var pass = Pass.training(device)) {
        var layer = new Embedding(7, 33, Weights.random(1), arena);
        pass.gradient(layer.forward(pass, Shape.of(5000), tokens)).set(dy);
        pass.backward();
        sums[threads - 1] = layer.parameters().getFirst().gradient().floats();
      }
    }
    assertArrayEquals(sums[0], sums[1]);
  }

  @Test
  void namesTheFirstTokenOutside() {
    try (var device = TestDevice.open();
        var arena = device.arena();
        var pass = Pass.inference(device)) {
      var layer = new Embedding(3, 2, TABLE, arena);
      for (int wrong : new int[] {3, -1}) {
        var e =
            assertThrows(
                IllegalArgumentException.class,
                () -> layer.forward(pass, Shape.of(2, 3), 0, 1, 2, 0, 0, wrong));
        assertEquals(
            "embedding: tokens: expected 0 to 2, the vocabulary, got " + wrong + " at [1, 2]",
            e.getMessage());
      }
      var e =
          assertThrows(
              IllegalArgumentException.class, () -> layer.forward(pass, Shape.of(2, 3), 0, 1));
      assertEquals("embedding: tokens: expected 6 for [2, 3], got 2", e.getMessage());
      e = assertThrows(IllegalArgumentException.class, () -> new Embedding(0, 2, TABLE, arena));
      assertEquals("embedding: expected sizes >= 1, got V 0, C 2", e.getMessage());
    }
  }

  @Test
  void beginsAsInPyTorchOrAsAsked() {
    try (var device = TestDevice.open();
        var arena = device.arena()) {
      var weights = Weights.random(3);
      var torch = new Embedding(1000, 50, weights, arena).parameters().getFirst().value();
      double[] normal = torch.doubles();
      double variance = Arrays.stream(normal).map(v -> v * v).average().orElseThrow();
      assertEquals(1, variance, 6 * Math.sqrt(2.0 / normal.length));
      var keras = new Embedding(1000, 50, DType.FLOAT32, Init.uniform(0.05), weights, arena);
      double[] uniform = keras.parameters().getFirst().value().doubles();
      double largest = Arrays.stream(uniform).map(Math::abs).max().orElseThrow();
      assertEquals(0.05, largest, 1e-5);
    }
  }
}
