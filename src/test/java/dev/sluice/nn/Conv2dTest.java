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
import dev.sluice.weights.HostTensor;
import dev.sluice.weights.Weights;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@EachDevice
class Conv2dTest extends OnDevice {
  private Pass pass;

  @BeforeEach
  void open() {
    pass = Pass.training(device);
  }

  @AfterEach
  void close() {
    pass.close();
  }

  @Test
  void correlatesWithZerosAroundTheFrame() {
    var weights =
        Weights.of(
            Map.of(
                "weight",
                new HostTensor(Shape.of(1, 1, 3, 3), new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9}),
                "bias",
                new HostTensor(Shape.of(1), new float[] {100})));
    var conv = new Conv2d(1, 1, 3, weights, arena);
    var x = pass.variable(Shape.of(2, 3, 1), new float[] {1, 0, 0, 0, 0, 1});
    var y = conv.forward(pass, x);
    // The pixel at (0, 0) sees the kernel's (1, 1), its right neighbour (1, 0): no kernel is
    // turned around.
    assertArrayEquals(new float[] {105, 113, 108, 102, 107, 105}, y.floats());
    pass.gradient(y).set(1, 0, 0, 0, 0, 10);
    pass.backward();
    assertArrayEquals(new float[] {5, 16, 20, 8, 49, 50}, pass.gradient(x).floats());
    assertArrayEquals(
        new float[] {0, 0, 0, 0, 11, 0, 0, 0, 0}, conv.parameters().get(0).gradient().floats());
    assertArrayEquals(new float[] {11}, conv.parameters().get(1).gradient().floats());
  }

  @Test
  void aKernelOfOnePixelIsLinear() {
    var linear = new Linear(5, 4, Weights.random(1), arena);
    var w = linear.parameters().get(0).value().floats();
    var b = linear.parameters().get(1).value().floats();
    var weights =
        Weights.of(
            Map.of(
                "weight", new HostTensor(Shape.of(4, 5, 1, 1), w),
                "bias", new HostTensor(Shape.of(4), b)));
    var conv = new Conv2d(5, 4, 1, weights, arena);
    var x = pass.variable(Shape.of(2, 3, 6, 7, 5), Samples.floats(3, 2 * 3 * 6 * 7 * 5));
    var same = pass.variable(x.shape(), x.floats());
    var ours = conv.forward(pass, x);
    var theirs = linear.forward(pass, same);
    assertEquals(theirs.shape(), ours.shape());
    assertArrayEquals(theirs.floats(), ours.floats(), 1e-6f);
    var dy = Samples.floats(4, ours.shape().elements());
    pass.gradient(ours).set(dy);
    pass.gradient(theirs).set(dy);
    pass.backward();
    assertArrayEquals(pass.gradient(same).floats(), pass.gradient(x).floats(), 1e-6f);
    for (int p = 0; p < 2; p++) {
      assertArrayEquals(
          linear.parameters().get(p).gradient().floats(),
          conv.parameters().get(p).gradient().floats(),
          2e-5f);
    }
  }

  @Test
  void refusesFramesThatDoNotFit() {
    var conv = new Conv2d(3, 2, 3, Weights.random(1), arena);
    for (var x :
        new Tensor[] {
          pass.zeros(DType.FLOAT32, Shape.of(1, 4, 4, 2)),
          pass.zeros(DType.FLOAT32, Shape.of(4, 3)),
          pass.zeros(DType.FLOAT32, Shape.of(0, 4, 4, 3)),
          pass.zeros(DType.FLOAT32, Shape.of(1, 4, 0, 3)),
          pass.zeros(DType.FLOAT64, Shape.of(1, 4, 4, 3))
        }) {
      var e = assertThrows(IllegalArgumentException.class, () -> conv.forward(pass, x));
      assertEquals("conv2d: x: expected FLOAT32 [..., H, W, 3], got " + x, e.getMessage());
    }
  }

  @Test
  void refusesSizesThatMakeNoSense() {
    for (int kernel : new int[] {0, 2, -3}) {
      var e =
          assertThrows(
              IllegalArgumentException.class,
              () -> new Conv2d(3, 2, kernel, Weights.random(1), arena));
      assertEquals(
          "kernel: expected odd sizes, since the frame keeps its size, got "
              + kernel
              + "x"
              + kernel,
          e.getMessage());
    }
    assertThrows(
        IllegalArgumentException.class, () -> new Conv2d(0, 2, 3, Weights.random(1), arena));
    assertThrows(
        IllegalArgumentException.class, () -> new Conv2d(3, 0, 3, Weights.random(1), arena));
    assertEquals(0, arena.bytes(), "nothing was allocated");
  }
}
