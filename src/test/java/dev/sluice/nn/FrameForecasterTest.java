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
import dev.sluice.Tensor;
import dev.sluice.train.Adam;
import dev.sluice.train.Loss;
import dev.sluice.train.Schedule;
import dev.sluice.train.Trainer;
import dev.sluice.weights.Weights;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What every model of frames keeps, and what is special to some. */
@EachDevice
class FrameForecasterTest extends OnDevice {
  private static final Shape CLIP = Shape.of(5, 2, 4, 6, 2);

  private Map<String, FrameForecaster> models() {
    var models = new LinkedHashMap<String, FrameForecaster>();
    var weights = Weights.random(1);
    var k = List.of(3, 3);
    for (var cell : FrameCell.values()) {
      var coder = new EncoderForecaster.Config(cell, 2, k, 3, 2, null, true);
      models.put("encoder-forecaster " + cell, new EncoderForecaster(coder, weights, arena));
      models.put("feedback " + cell, feedback(cell));
    }
    models.put("predrnn", new PredRnn(predRnn(0), weights, arena));
    models.put("predrnn v2", new PredRnn(predRnn(0.1), weights, arena));
    models.put("predrnn++", plusPlus());
    return models;
  }

  private static PredRnn.Config predRnn(double decouple) {
    return new PredRnn.Config(2, List.of(3, 3), 3, 2, null, decouple > 0, decouple);
  }

  private FrameFeedback feedback(FrameCell cell) {
    var config = new FrameFeedback.Config(cell, 2, List.of(3, 4), 3, 2, null, true);
    return new FrameFeedback(config, Weights.random(1), arena);
  }

  private PredRnnPlusPlus plusPlus() {
    var config = new PredRnnPlusPlus.Config(2, List.of(3, 3, 3), 3, 2, null, false);
    return new PredRnnPlusPlus(config, Weights.random(1), arena);
  }

  private void each(BiConsumer<String, FrameForecaster> check) {
    models().forEach(check);
  }

  private static Tensor clip(Pass pass) {
    return pass.tensor(CLIP, Samples.floats(1, CLIP.elements()));
  }

  @Test
  void aLongerForecastBeginsWithTheShorter() {
    each(
        (name, model) -> {
          try (var pass = Pass.inference(device)) {
            var seen = clip(pass).slice(0, 3);
            var one = model.forward(pass, seen, 1);
            var three = model.forward(pass, seen, 3);
            assertEquals(Shape.of(3, 2, 4, 6, 2), three.shape(), name);
            assertArrayEquals(one.at(0).floats(), three.at(0).floats(), 1e-6f, name);
            assertFalse(Arrays.equals(three.at(1).floats(), three.at(2).floats()), name);
          }
        });
  }

  @Test
  void nothingUnseenIsRead() {
    each(
        (name, model) -> {
          try (var pass = Pass.training(device)) {
            var clip = pass.watch(clip(pass));
            pass.backward(model.loss(pass, clip, 3, Loss.mse()::of));
            for (int t = 0; t < 5; t++) {
              var gradient = pass.gradient(clip).at(t).floats();
              boolean zero = Arrays.equals(gradient, new float[gradient.length]);
              assertEquals(t >= 3, zero, name + " at " + t);
            }
          }
        });
  }

  @Test
  void everyParameterHasANameAndAGradientAndLearns() {
    each(
        (name, model) -> {
          var parameters = model.parameters();
          var names = parameters.stream().map(Parameter::name).toList();
          assertEquals(names.size(), new HashSet<>(names).size(), names.toString());
          try (var pass = Pass.training(device)) {
            pass.backward(model.loss(pass, clip(pass), 3, Loss.mse()::of));
          }
          for (var p : parameters) {
            var gradient = p.gradient().floats();
            assertFalse(Arrays.equals(gradient, new float[gradient.length]), name + " " + p.name());
            p.gradient().set(new float[gradient.length]);
          }
          var adam = new Adam(parameters, 0.01, arena);
          var trainer = new Trainer(device, model, adam, Schedule.constant(0.01), 1);
          double first = step(trainer, model);
          double last = first;
          for (int i = 0; i < 20; i++) {
            last = step(trainer, model);
          }
          assertTrue(last < 0.95 * first, name + ": " + first + " to " + last);
        });
  }

  private static double step(Trainer trainer, FrameForecaster model) {
    return trainer.step(pass -> model.loss(pass, clip(pass), 3, Loss.mse()::of));
  }

  @Test
  void aStackIsComparedWithEveryFrame() {
    var model = feedback(FrameCell.CONV_GRU);
    try (var pass = Pass.inference(device)) {
      var clip = clip(pass);
      var shapes = new Shape[1];
      model.loss(
          pass,
          clip,
          3,
          (p, predicted, target) -> {
            shapes[0] = predicted.shape();
            assertArrayEquals(clip.slice(1, 5).floats(), target.floats());
            var ahead = model.forward(pass, clip.slice(0, 3), 2);
            assertArrayEquals(ahead.floats(), predicted.slice(2, 4).floats(), 1e-6f);
            return Loss.mse().of(p, predicted, target);
          });
      assertEquals(Shape.of(4, 2, 4, 6, 2), shapes[0]);
    }
  }

  /** What is fed back is the frame itself: showing the model its own prediction changes nothing. */
  @Test
  void aStackReadsItsOwnPrediction() {
    for (var cell : FrameCell.values()) {
      var model = feedback(cell);
      try (var pass = Pass.inference(device)) {
        var seen = clip(pass).slice(0, 3);
        var two = model.forward(pass, seen, 2);
        var frame = seen.shape().inner();
        int before = (int) seen.shape().elements();
        var longer = new float[before + (int) frame.elements()];
        seen.read(longer, 0, before);
        two.read(longer, before, longer.length - before);
        var shown = pass.tensor(frame.outer(4), longer);
        assertArrayEquals(two.at(1).floats(), model.forward(pass, shown, 1).at(0).floats(), 1e-6f);
      }
    }
  }

  @Test
  void theParametersOfPredRnnPlusPlusAreThoseOfOpenStl() {
    var names = plusPlus().parameters().stream().map(Parameter::name).toList();
    assertEquals(2 + 3 * 7 + 1, names.size());
    assertTrue(
        names.containsAll(
            List.of(
                "gradient_highway.x_concat.0.weight",
                "gradient_highway.z_concat.0.weight",
                "cell_list.0.conv_x.0.weight",
                "cell_list.2.conv_c2m.0.weight",
                "cell_list.1.conv_om.0.weight",
                "cell_list.1.conv_last.weight",
                "conv_last.weight")),
        names.toString());
  }

  /** The way of m and z written out, with cells that draw the same weights by their names. */
  @Test
  void theHighwayLiesBetweenTheFirstTwoLayersAndTheMemoryZigzags() {
    var config = new PredRnnPlusPlus.Config(2, List.of(3, 3, 3), 3, 1, null, false);
    var weights = Weights.random(1);
    var model = new PredRnnPlusPlus(config, weights, arena);
    var highway = new Ghu(new Ghu.Config(3, 3), weights.at("gradient_highway"), arena);
    var cells =
        IntStream.range(0, 3)
            .mapToObj(
                l ->
                    new CausalLstm(
                        new CausalLstm.Config(l == 0 ? 2 : 3, 3, 3),
                        weights.at("cell_list." + l),
                        arena))
            .toList();
    try (var pass = Pass.inference(device)) {
      var clip = clip(pass);
      var last = model.forward(pass, clip, 4, new float[0]).last();
      var zeros = cells.getFirst().zeros(pass, 2, 4, 6);
      var bottom = zeros;
      var middle = zeros;
      var top = zeros;
      Tensor z = null;
      for (int t = 0; t < 4; t++) {
        bottom = cells.get(0).step(pass, clip.at(t), taking(bottom, top.m()));
        z = highway.step(pass, bottom.h(), z);
        middle = cells.get(1).step(pass, z, taking(middle, bottom.m()));
        top = cells.get(2).step(pass, middle.h(), taking(top, middle.m()));
      }
      var expected = List.of(bottom, middle, top);
      for (int l = 0; l < 3; l++) {
        assertArrayEquals(expected.get(l).h().floats(), last.get(l).h().floats(), 1e-6f);
        assertArrayEquals(expected.get(l).c().floats(), last.get(l).c().floats(), 1e-6f);
        assertArrayEquals(expected.get(l).m().floats(), last.get(l).m().floats(), 1e-6f);
      }
    }
  }

  private static CausalLstm.State taking(CausalLstm.State own, Tensor m) {
    return new CausalLstm.State(own.h(), own.c(), m);
  }

  @Test
  void theMaskOfPredRnnPlusPlusChoosesForEachSample() {
    var config = new PredRnnPlusPlus.Config(2, List.of(3, 3), 3, 2, null, true);
    var model = new PredRnnPlusPlus(config, Weights.random(1), arena);
    try (var pass = Pass.inference(device)) {
      var clip = clip(pass);
      var y = model.forward(pass, clip, 2, new float[] {1, 1, 1, 0, 0, 0}).y();
      var read = model.forward(pass, clip, 2, new float[] {1, 1, 1, 1, 1, 1}).y();
      var made = model.forward(pass, clip, 2, new float[6]).y();
      for (int t = 0; t < 4; t++) {
        assertArrayEquals(read.at(t).at(0).floats(), y.at(t).at(0).floats(), 1e-6f);
        assertArrayEquals(made.at(t).at(1).floats(), y.at(t).at(1).floats(), 1e-6f);
      }
      assertFalse(Arrays.equals(read.at(3).floats(), made.at(3).floats()));
    }
  }

  @Test
  void theExampleOfPredRnnPlusPlusRuns() {
    try (var device = Device.best();
        var arena = device.arena();
        var pass = Pass.inference(device)) {
      var config = new PredRnnPlusPlus.Config(1, List.of(16, 16), 5, 4, null, false);
      var model = new PredRnnPlusPlus(config, Weights.random(1), arena);
      var seen = pass.zeros(DType.FLOAT32, Shape.of(10, 2, 64, 64, 1));
      var next = model.forward(pass, seen, 10); // [10, 2, 64, 64, 1]
      assertEquals(Shape.of(10, 2, 64, 64, 1), next.shape());
    }
  }

  private static String message(Runnable call) {
    return assertThrows(IllegalArgumentException.class, call::run).getMessage();
  }

  @Test
  void badInputGetsASentence() {
    each(
        (name, model) -> {
          try (var pass = Pass.inference(device)) {
            var clip = clip(pass);
            var ahead = message(() -> model.forward(pass, clip, 0));
            assertTrue(ahead.endsWith(": expected at least 1 frame ahead, got 0"), ahead);
            for (int seen : new int[] {0, 5}) {
              var split = message(() -> model.loss(pass, clip, seen, Loss.mse()::of));
              var end = ": expected 1 <= seen < T, got " + seen + " of 5 frames";
              assertTrue(split.endsWith(end), split);
            }
            var grey = pass.zeros(DType.FLOAT32, Shape.of(3, 2, 4, 6, 1));
            assertThrows(IllegalArgumentException.class, () -> model.forward(pass, grey, 1));
            var odd = pass.zeros(DType.FLOAT32, Shape.of(3, 2, 5, 6, 2));
            assertEquals(
                "patch: expected [..., H, W, C] with H and W multiples of 2, got [3, 2, 5, 6, 2]",
                message(() -> model.forward(pass, odd, 1)));
          }
        });
    assertEquals(
        "predrnn++: expected channels >= 1 and at least two layers, since the highway lies between"
            + " them, got 1 and [3]",
        message(() -> new PredRnnPlusPlus.Config(1, List.of(3), 3, 1, null, false)));
    assertEquals(
        "frame feedback: peepholes are for CONV_LSTM, got CONV_GRU",
        message(
            () ->
                new FrameFeedback.Config(
                    FrameCell.CONV_GRU,
                    1,
                    List.of(3),
                    3,
                    1,
                    new ConvLstm.Config.Frame(4, 4),
                    true)));
    assertEquals(
        "frame feedback: expected channels >= 1 and at least one layer, got 1 and []",
        message(
            () -> new FrameFeedback.Config(FrameCell.CONV_LSTM, 1, List.of(), 3, 1, null, true)));
  }
}
