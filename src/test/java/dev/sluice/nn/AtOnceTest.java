package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.ConvolutionMode;
import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.RnnSpec.Blend;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Cells whose convolutions are summed at once, by Winograd, against one after the other. */
class AtOnceTest {
  private static final String OPTION = "sluice.convolution";
  private static final String BEFORE = System.getProperty(OPTION);

  @AfterEach
  void asItWas() {
    if (BEFORE == null) {
      System.clearProperty(OPTION);
    } else {
      System.setProperty(OPTION, BEFORE);
    }
  }

  /** A cell and its y for an x, from a state or from nothing. */
  private record Run(Layer cell, BiFunction<Tensor, Tensor, Tensor> y) {}

  private interface Maker {
    Run make(Pass pass, DeviceArena arena);
  }

  /** y and every gradient, twice the same way back. */
  private static Map<String, double[]> results(
      ConvolutionMode mode, int segment, boolean given, Maker maker) {
    System.setProperty(OPTION, "winograd");
    try (var device = Device.open(Device.Options.defaults().engine("cpu").convolution(mode));
        var arena = device.arena();
        var pass = Pass.recomputing(device, 1, segment)) {
      var run = maker.make(pass, arena);
      var all = new LinkedHashMap<String, double[]>();
      var x = pass.watch(Samples.tensor(arena, DType.FLOAT32, 1, 4, 2, 5, 6, 3));
      var h = given ? pass.watch(Samples.tensor(arena, DType.FLOAT32, 2, 2, 5, 6, 8)) : null;
      for (int time = 0; time < 2; time++) {
        var y = run.y.apply(x, h);
        all.put("y", y.doubles());
        pass.gradient(y).set(Samples.floats(3, y.shape().elements()));
        pass.backward();
      }
      all.put("dx", pass.gradient(x).doubles());
      if (given) {
        all.put("dh0", pass.gradient(h).doubles());
      }
      run.cell.parameters().forEach(p -> all.put(p.name(), p.gradient().doubles()));
      var ways = device.backend().choices().toString();
      assertEquals(mode == ConvolutionMode.FAST, ways.contains("Winograd F(4x4"), ways);
      assertEquals(mode == ConvolutionMode.STRICT, ways.contains("Winograd F(2x2"), ways);
      return all;
    }
  }

  private static void agree(Maker maker) {
    for (boolean given : new boolean[] {true, false}) {
      var apart = results(ConvolutionMode.DIRECT, 0, given, maker);
      var atOnce = results(ConvolutionMode.FAST, 0, given, maker);
      var strict = results(ConvolutionMode.STRICT, 0, given, maker);
      var inSegments = results(ConvolutionMode.FAST, 3, given, maker);
      for (var name : apart.keySet()) {
        double largest = Arrays.stream(apart.get(name)).map(Math::abs).max().getAsDouble();
        double tolerance = 1e-5 * Math.max(1, largest);
        assertArrayEquals(apart.get(name), atOnce.get(name), tolerance, name);
        assertArrayEquals(apart.get(name), strict.get(name), tolerance, name);
        assertArrayEquals(atOnce.get(name), inSegments.get(name), tolerance, name);
      }
    }
  }

  @Test
  void convGru() {
    for (var reset : ConvGru.Reset.values()) {
      agree(
          (pass, arena) -> {
            var config = new ConvGru.Config(3, 8, 3, 3, reset, Blend.KEEP);
            var cell = new ConvGru(config, DType.FLOAT32, "", Weights.random(1), arena);
            return new Run(cell, (x, h) -> cell.forward(pass, x, h).y());
          });
    }
  }

  @Test
  void convGruWithoutInput() {
    agree(
        (pass, arena) -> {
          var config = new ConvGru.Config(0, 8, 3);
          var cell = new ConvGru(config, DType.FLOAT32, "", Weights.random(1), arena);
          return new Run(
              cell,
              (x, h) -> {
                var zero = pass.zeros(DType.FLOAT32, Shape.of(2, 5, 6, 8));
                return cell.forward(pass, 4, h == null ? zero : h).y();
              });
        });
  }

  @Test
  void stLstm() {
    for (int kernel : new int[] {3, 5}) {
      agree(
          (pass, arena) -> {
            var cell = new StLstm(new StLstm.Config(3, 8, kernel), Weights.random(1), arena);
            return new Run(
                cell,
                (x, h) -> {
                  var before = h == null ? null : new MemoryCell.State(h, h, h);
                  return cell.forward(pass, x, before).y();
                });
          });
    }
  }

  /** As stacks of layers do it, whose steps' gradients meet only at the end. */
  @Test
  void stLstmStepByStep() {
    agree(
        (pass, arena) -> {
          var cell = new StLstm(new StLstm.Config(3, 8, 3), Weights.random(1), arena);
          return new Run(
              cell,
              (x, h) -> {
                var state = h == null ? cell.zeros(pass, 2, 5, 6) : new MemoryCell.State(h, h, h);
                var all = new ArrayList<Tensor>();
                for (int t = 0; t < 4; t++) {
                  state = cell.step(pass, x.at(t), state);
                  all.add(state.h());
                }
                return Elementwise.concat(pass, all);
              });
        });
  }
}
