package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.EachDevice;
import dev.sluice.TestDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Gradients against central differences in float64, at random configurations of the whole table,
 * boundary sizes first: along one random direction in every tensor, which sees all its elements,
 * and at single elements.
 */
@EachDevice
class GradientCheckTest {
  private static final double STEP = 1e-6;
  private static final double ABSOLUTE = 1e-7;
  private static final double RELATIVE = 1e-5;
  private static final int TRIALS = TestDevice.engine().equals("cpu") ? 60 : 1;
  private static final int ELEMENTS = 2;
  private static final long SEED = Long.getLong("sluice.seed", 20260101);

  private static Device device;

  @BeforeAll
  static void open() {
    device = TestDevice.open(1);
  }

  @AfterAll
  static void close() {
    device.close();
  }

  @TestFactory
  Stream<DynamicTest> gradientsAreCentralDifferences() {
    return Nets.ROWS.entrySet().stream()
        .flatMap(
            row ->
                IntStream.range(0, TRIALS)
                    .mapToObj(
                        trial ->
                            DynamicTest.dynamicTest(
                                row.getKey() + " " + trial,
                                () -> check(row.getKey(), row.getValue(), trial))));
  }

  private static void check(String name, Net.Row row, int trial) {
    Net.poison(device);
    try (var arena = device.arena()) {
      var net = row.draw(new Dice(SEED, name, trial, false), DType.FLOAT64, arena);
      var random = new Random(SEED + trial);
      var upstream = new ArrayList<double[]>();
      net.outputs(device).forEach(y -> upstream.add(random.doubles(y.length, -1, 1).toArray()));
      var trained = net.train(device, upstream);
      assertSame(net.outputs(device), trained.outputs());
      for (int i = 0; i < trained.gradients().size(); i++) {
        if (trained.gradients().get(i) != null) {
          var where = "seed " + SEED + ": " + net.name(i) + " of " + net.config();
          new Difference(net, i, upstream).check(where, trained.gradients().get(i), random);
        }
      }
    }
  }

  private static void assertSame(List<double[]> inference, List<double[]> training) {
    for (int i = 0; i < inference.size(); i++) {
      assertArrayEquals(inference.get(i), training.get(i), 1e-13, "inference and training differ");
    }
  }

  /** Differences of the loss, the sum of upstream times outputs, along one of a net's tensors. */
  private record Difference(Net net, int tensor, List<double[]> upstream) {
    void check(String where, double[] gradient, Random random) {
      assertTrue(gradient.length > 0, where);
      compare(where, gradient, random.doubles(gradient.length, -1, 1).toArray());
      for (int e = 0; e < Math.min(ELEMENTS, gradient.length); e++) {
        var direction = new double[gradient.length];
        direction[random.nextInt(gradient.length)] = 1;
        compare(where, gradient, direction);
      }
    }

    private void compare(String where, double[] gradient, double[] direction) {
      double expected = (loss(direction, STEP) - loss(direction, -STEP)) / (2 * STEP);
      double got =
          IntStream.range(0, gradient.length).mapToDouble(i -> gradient[i] * direction[i]).sum();
      if (!(Math.abs(got - expected) <= ABSOLUTE + RELATIVE * Math.abs(expected))) {
        fail("%s: expected %.12g, got %.12g".formatted(where, expected, got));
      }
    }

    private double loss(double[] direction, double step) {
      var before = values().clone();
      var moved =
          IntStream.range(0, before.length)
              .mapToDouble(i -> before[i] + step * direction[i])
              .toArray();
      set(moved);
      var outputs = net.outputs(device);
      set(before);
      double loss = 0;
      for (int i = 0; i < outputs.size(); i++) {
        for (int e = 0; e < outputs.get(i).length; e++) {
          loss += upstream.get(i)[e] * outputs.get(i)[e];
        }
      }
      return loss;
    }

    private double[] values() {
      int inputs = net.inputs().size();
      return tensor < inputs
          ? net.inputs().get(tensor).values()
          : net.parameters().get(tensor - inputs).value().doubles();
    }

    private void set(double[] values) {
      int inputs = net.inputs().size();
      if (tensor < inputs) {
        System.arraycopy(values, 0, net.inputs().get(tensor).values(), 0, values.length);
      } else {
        var parameter = net.parameters().get(tensor - inputs);
        parameter.value().set(values);
        parameter.changed();
      }
    }
  }

  @Test
  void aWrongGradientIsFound() {
    try (var arena = device.arena()) {
      var net = Nets.ROWS.get("lstm").draw(new Dice(1, "", 2, false), DType.FLOAT64, arena);
      var upstream = new ArrayList<double[]>();
      net.outputs(device).forEach(y -> upstream.add(new Random(1).doubles(y.length).toArray()));
      var gradient = net.train(device, upstream).gradients().getFirst();
      new Difference(net, 0, upstream).check("right", gradient, new Random(1));
      gradient[gradient.length - 1] += 1e-3;
      assertThrows(
          AssertionError.class,
          () -> new Difference(net, 0, upstream).check("wrong", gradient, new Random(1)));
    }
  }
}
