package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.EachDevice;
import dev.sluice.OnDevice;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.weights.Weights;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@EachDevice
class PredRnnTest extends OnDevice {
  private Pass pass;

  @BeforeEach
  void open() {
    pass = Pass.training(device);
  }

  @AfterEach
  void close() {
    pass.close();
  }

  private static PredRnn.Config config(boolean reverse, double decouple) {
    return new PredRnn.Config(2, List.of(3, 3), 3, 2, null, reverse, decouple);
  }

  private PredRnn model(boolean reverse, double decouple) {
    return new PredRnn(config(reverse, decouple), DType.FLOAT64, Weights.random(1), arena);
  }

  private Tensor frames(long total) {
    var shape = Shape.of(total, 2, 4, 6, 2);
    var values = new Random(1).doubles(shape.elements()).toArray();
    return pass.empty(DType.FLOAT64, shape).set(values);
  }

  @Test
  void aTestMaskReadsWhatWasSeenAndNoMore() {
    var frames = frames(6);
    for (boolean reverse : new boolean[] {false, true}) {
      var model = model(reverse, 0);
      var mask = model.config().testMask(2, 6, 3);
      assertEquals(reverse ? 8 : 4, mask.length);
      var all = model.forward(pass, frames, 3, mask).y();
      var next = model.forward(pass, frames.slice(0, 3), 3);
      var joined = new Patch(2).join(pass, all.slice(2, 5));
      assertEquals(Shape.of(3, 2, 4, 6, 2), next.shape());
      assertArrayEquals(joined.doubles(), next.doubles(), 1e-14);
    }
  }

  @Test
  void theMaskChoosesForEachSample() {
    var model = model(true, 0);
    var frames = frames(4);
    var y = model.forward(pass, frames, 2, new float[] {1, 1, 0, 0}).y();
    var read = model.forward(pass, frames, 2, new float[] {1, 1, 1, 1}).y();
    var made = model.forward(pass, frames, 2, new float[] {0, 0, 0, 0}).y();
    for (int t = 0; t < 3; t++) {
      assertArrayEquals(read.at(t).at(0).doubles(), y.at(t).at(0).doubles(), 1e-14);
      assertArrayEquals(made.at(t).at(1).doubles(), y.at(t).at(1).doubles(), 1e-14);
    }
  }

  @Test
  void theDecouplingLossIsWeighted() {
    var model = model(false, 0.25);
    var output = model.forward(pass, frames(4), 3, new float[0]);
    var loss = pass.watch(pass.empty(DType.FLOAT64, Shape.of(1)).set(2f));
    var sum = model.whole(pass, loss, output);
    assertEquals(2 + 0.25 * output.decouple().doubles()[0], sum.doubles()[0], 1e-15);
    pass.backward(sum);
    assertEquals(1, pass.gradient(loss).doubles()[0]);
    assertEquals(0.25, pass.gradient(output.decouple()).doubles()[0]);
  }

  @Test
  void itsParametersAreTheOfficialOnes() {
    var names = model(false, 0.1).parameters().stream().map(Parameter::name).toList();
    assertEquals(
        List.of(
            "cell_list.0.conv_x.0.weight",
            "cell_list.0.conv_h.0.weight",
            "cell_list.0.conv_m.0.weight",
            "cell_list.0.conv_o.0.weight",
            "cell_list.0.conv_last.weight",
            "cell_list.1.conv_x.0.weight",
            "cell_list.1.conv_h.0.weight",
            "cell_list.1.conv_m.0.weight",
            "cell_list.1.conv_o.0.weight",
            "cell_list.1.conv_last.weight",
            "conv_last.weight",
            "adapter.weight"),
        names);
  }

  private static String message(Runnable call) {
    return assertThrows(IllegalArgumentException.class, call::run).getMessage();
  }

  @Test
  void badInputGetsASentence() {
    assertEquals(
        "predrnn: expected as many channels in every layer, since the memory passes through all,"
            + " got [3, 4]",
        message(() -> new PredRnn.Config(1, List.of(3, 4), 3, 1, null, false, 0)));
    assertEquals(
        "predrnn: expected a decoupling weight >= 0, got NaN",
        message(() -> config(false, Double.NaN)));
    var model = model(false, 0);
    assertEquals(
        "predrnn: expected 1 <= seen < T, got 4 of 4 frames",
        message(() -> model.forward(pass, frames(4), 4, new float[0])));
    assertEquals(
        "predrnn: mask: expected [2, 1] ([N, entries]), got 3 numbers",
        message(() -> model.forward(pass, frames(4), 2, new float[3])));
    assertEquals(
        "predrnn: expected at least 1 frame ahead, got 0",
        message(() -> model.forward(pass, frames(4), 0)));
  }

  @Test
  void theExampleRuns() {
    try (var device = Device.best();
        var arena = device.arena();
        var pass = Pass.inference(device)) {
      var config = new PredRnn.Config(1, List.of(16, 16), 5, 4, null, false, 0);
      var model = new PredRnn(config, Weights.random(1), arena);
      var seen = pass.zeros(DType.FLOAT32, Shape.of(10, 2, 64, 64, 1));
      var next = model.forward(pass, seen, 10); // [10, 2, 64, 64, 1]
      assertEquals(Shape.of(10, 2, 64, 64, 1), next.shape());
    }
  }
}
