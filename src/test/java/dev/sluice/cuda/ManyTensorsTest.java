package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.nn.Parameter;
import dev.sluice.train.Adam;
import dev.sluice.train.Gradients;
import dev.sluice.train.Optimiser;
import dev.sluice.train.RmsProp;
import dev.sluice.train.Sgd;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Kernels that take all parameters of a model in one launch. */
@Simulated
class ManyTensorsTest extends OnBoth {
  /** One element, empty, a chunk, more than a chunk, several chunks; once more than 256 chunks. */
  private static final int[] SIZES = {1, 0, 2048, 2049, 7000, 33};

  private enum Kind {
    SGD,
    ADAM_W,
    AMSGRAD,
    RMSPROP;

    Optimiser of(List<Parameter> parameters, DeviceArena arena) {
      return switch (this) {
        case SGD -> new Sgd(parameters, 0.1, new Sgd.Options(0.9, 0, 0.01, true), arena);
        case ADAM_W -> new Adam(parameters, 0.1, Adam.Options.ADAM_W, arena);
        case AMSGRAD -> new Adam(parameters, 0.1, Adam.Options.DEFAULT.withAmsgrad(), arena);
        case RMSPROP ->
            new RmsProp(
                parameters, 0.1, new RmsProp.Options(0.9, 1e-3, false, 0.01, 0.9, true), arena);
      };
    }
  }

  private static List<Parameter> parameters(DeviceArena arena, DType... types) {
    var all = new ArrayList<Parameter>();
    var random = new Random(3);
    for (int size : SIZES) {
      for (var type : types) {
        var tensor = arena.empty(type, Shape.of(size)).set(numbers(random, size));
        var parameter = new Parameter("p" + all.size(), tensor);
        parameter.gradient().set(numbers(random, size));
        all.add(parameter);
      }
    }
    return all;
  }

  private static double[] numbers(Random random, int count) {
    return IntStream.range(0, count).mapToDouble(i -> (float) random.nextGaussian()).toArray();
  }

  @ParameterizedTest
  @EnumSource
  void aStepIsOneLaunchForEachTypeAndTheCpuEnginesNumbers(Kind kind) {
    try (var expected = cpu.arena();
        var got = cuda.arena()) {
      var wanted = parameters(expected, DType.FLOAT32, DType.FLOAT64);
      var parameters = parameters(got, DType.FLOAT32, DType.FLOAT64);
      var judge = kind.of(wanted, expected);
      var optimiser = kind.of(parameters, got);
      for (int step = 0; step < 3; step++) {
        judge.step();
        Simulator.clear();
        optimiser.step();
        assertEquals(2, Simulator.calls("cuLaunchKernel"), Simulator.calls());
        assertEquals(step == 0 ? 2 : 0, Simulator.calls("cuMemcpyHtoDAsync_v2"));
        for (int i = 0; i < wanted.size(); i++) {
          var value = wanted.get(i).value();
          double near = value.type() == DType.FLOAT64 ? 1e-12 : 2e-5;
          assertArrayEquals(value.doubles(), parameters.get(i).value().doubles(), near, "w" + i);
          for (double g : parameters.get(i).gradient().doubles()) {
            assertEquals(0, g);
          }
          var random = new Random(step);
          var gradient = numbers(random, (int) value.shape().elements());
          wanted.get(i).gradient().set(gradient);
          parameters.get(i).gradient().set(gradient);
        }
      }
    }
  }

  @Test
  void normsAreOverAllAndFinishedOnce() {
    try (var expected = cpu.arena();
        var got = cuda.arena()) {
      var wanted = parameters(expected, DType.FLOAT32);
      var parameters = parameters(got, DType.FLOAT32);
      Simulator.clear();
      double norm = Gradients.clipNorm(parameters, 1e9);
      assertEquals(2, Simulator.calls("cuLaunchKernel"), Simulator.calls());
      assertEquals(Gradients.clipNorm(wanted, 1e9), norm, 1e-4);
      assertEquals(Gradients.clipMaxNorm(wanted, 1e9), Gradients.clipMaxNorm(parameters, 1e9));
    }
  }

  /** More chunks than blocks that sum, and more tables than are kept. */
  @Test
  void largeAndManySets() {
    try (var arena = cuda.arena()) {
      var sum = arena.zeros(DType.FLOAT64, Shape.of(1));
      var ones = arena.empty(DType.FLOAT32, Shape.of(2048 * 300 + 5));
      var stream = cuda.takeStream();
      try {
        var backend = cuda.backend();
        backend.kernel("fill").run(stream, new double[] {1}, ones);
        backend.kernel("sum_squares").run(stream, new double[0], ones, sum);
        for (int i = 1; i <= 100; i++) {
          backend.kernel("sum_squares").run(stream, new double[0], ones.slice(0, i), sum);
        }
      } finally {
        cuda.giveBack(stream);
      }
      assertEquals(2048 * 300 + 5 + 5050, sum.doubles()[0]);
    }
  }

  /** The factor is applied as clipping in memory would, and NaN is no step; on both engines. */
  @ParameterizedTest
  @EnumSource
  void aFactorScalesAndNanIsNoStep(Kind kind) {
    for (var device : List.of(cpu, cuda)) {
      try (var arena = device.arena()) {
        var plain = parameters(arena, DType.FLOAT32);
        var scaled = parameters(arena, DType.FLOAT32);
        kind.of(plain, arena).step();
        var state = kind.of(scaled, arena).state();
        var factor = arena.empty(DType.FLOAT64, Shape.of(1)).set(new double[] {Double.NaN});
        var before = scaled.stream().map(p -> p.value().floats()).toList();
        run(device, kind, scaled, state.values().stream().toList(), factor);
        for (int i = 0; i < plain.size(); i++) {
          assertArrayEquals(before.get(i), scaled.get(i).value().floats());
          assertTrue(SIZES[i] == 0 || scaled.get(i).gradient().floats()[0] != 0);
          scaled.get(i).gradient().set(halved(scaled.get(i).gradient().floats()));
        }
        run(device, kind, scaled, state.values().stream().toList(), factor.set(new double[] {2}));
        for (int i = 0; i < plain.size(); i++) {
          assertArrayEquals(
              plain.get(i).value().floats(), scaled.get(i).value().floats(), device.title());
        }
      }
    }
  }

  private static float[] halved(float[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] /= 2;
    }
    return values;
  }

  /** The optimiser's own kernel, first step, with a factor. */
  private static void run(
      Device device, Kind kind, List<Parameter> parameters, List<Tensor> state, Tensor factor) {
    double root = Math.sqrt(1 - 0.999);
    double rate = 0.1 / (1 - 0.9);
    int kept = state.size() / parameters.size();
    var sets = new ArrayList<Tensor[]>();
    for (int i = 0; i < parameters.size(); i++) {
      var set = new Tensor[kind == Kind.SGD ? 4 : 6];
      set[0] = parameters.get(i).value();
      set[1] = parameters.get(i).gradient();
      for (int j = 0; j < kept; j++) {
        set[2 + j] = state.get(kept * i + j);
      }
      set[set.length - 1] = factor;
      sets.add(set);
    }
    var stream = device.takeStream();
    try {
      switch (kind) {
        case SGD ->
            device
                .backend()
                .kernel("sgd")
                .each(stream, new double[] {0.1, 0.01, 0.9, 0, 1, 1}, sets);
        case ADAM_W ->
            device
                .backend()
                .kernel("adam")
                .each(stream, new double[] {rate, 0.9, 0.999, root, 1e-8, 0, 1 - 0.1 * 0.01}, sets);
        case AMSGRAD ->
            device
                .backend()
                .kernel("adam")
                .each(stream, new double[] {rate, 0.9, 0.999, root, 1e-8, 0, 1}, sets);
        case RMSPROP ->
            device
                .backend()
                .kernel("rmsprop")
                .each(stream, new double[] {0.1, 0.9, 1e-3, 0, 0.01, 0.9}, sets);
      }
    } finally {
      device.giveBack(stream);
    }
  }

  @Test
  void theFactorOfAStepIsTheSameOnBothEngines() {
    double[][] cases = {
      {4, 1, 2}, {4, 1, 100}, {Double.NaN, 1, 2}, {4, Float.POSITIVE_INFINITY, 2}
    };
    for (double[] numbers : cases) {
      var verdicts = new ArrayList<double[]>();
      for (var device : List.of(cpu, cuda)) {
        try (var arena = device.arena()) {
          var sum = arena.tensor(Shape.of(1), new float[] {(float) numbers[0]});
          var loss = arena.tensor(Shape.of(1), new float[] {(float) numbers[1]});
          var verdict = arena.zeros(DType.FLOAT64, Shape.of(4));
          var stream = device.takeStream();
          try {
            var kernel = device.backend().kernel("step_factor");
            kernel.run(stream, new double[] {numbers[2], 0.5, 7}, sum, loss, verdict);
            // A broken step stays; a whole one is followed by the next.
            loss.set(3);
            kernel.run(stream, new double[] {numbers[2], 0.5, 8}, sum, loss, verdict);
          } finally {
            device.giveBack(stream);
          }
          verdicts.add(verdict.doubles());
        }
      }
      assertArrayEquals(verdicts.get(0), verdicts.get(1));
      boolean broken = Double.isNaN(numbers[0]) || Double.isInfinite(numbers[1]);
      assertEquals(broken ? 7 : 0, verdicts.get(0)[3]);
      assertEquals(broken, Double.isNaN(verdicts.get(0)[0]));
      if (!broken) {
        assertEquals(numbers[2] == 2 ? 0.5 : 0.5, verdicts.get(0)[0], 1e-6);
      }
    }
  }
}
