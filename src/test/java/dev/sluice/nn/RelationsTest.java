package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.EachDevice;
import dev.sluice.Shape;
import dev.sluice.TestDevice;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What must hold between two runs of any cell, forward and backward, whatever its weights. */
@EachDevice
class RelationsTest {
  private static final int T = 5;
  private static final int N = 4;
  private static final int C = RelatedCell.INPUTS;
  private static final int K = RelatedCell.HIDDEN;

  /** Rounding of float64 where sums are made in another order. */
  private static final double EXACT = 1e-10;

  /**
   * A row of the table of relations.
   *
   * @param name of it
   * @param holds for which cells it makes sense
   * @param otherwise why it makes none for the others
   */
  private record Relation(
      String name, Predicate<RelatedCell> holds, String otherwise, Check check) {
    Relation(String name, Check check) {
      this(name, _ -> true, "", check);
    }
  }

  private interface Check {
    void of(Trial trial);
  }

  private static final Predicate<RelatedCell> LAYERED = cell -> cell.rnn() != null;

  private static final List<Relation> RELATIONS =
      List.of(
          new Relation("permuting the batch", RelationsTest::permutingTheBatch),
          new Relation("splitting the batch", RelationsTest::splittingTheBatch),
          new Relation("splitting time with carried state", RelationsTest::splittingTime),
          new Relation("appending a suffix", RelationsTest::appendingASuffix),
          new Relation(
              "appending an empty suffix",
              LAYERED,
              "only Rnn takes lengths",
              RelationsTest::appendingAnEmptySuffix),
          new Relation(
              "swapping directions",
              LAYERED,
              "only Rnn has a second direction",
              RelationsTest::swappingDirections),
          new Relation("permuting hidden units", RelationsTest::permutingHiddenUnits),
          new Relation("permuting input channels", RelationsTest::permutingInputChannels),
          new Relation("a channel of zeros has no weight", RelationsTest::aChannelOfZeros),
          new Relation("zero weights", RelationsTest::zeroWeights),
          new Relation(
              "folding biases",
              cell -> !cell.folds().isEmpty(),
              "the cell has no two biases that are added",
              RelationsTest::foldingBiases),
          new Relation("linearity of the gradient in dy", RelationsTest::linearity),
          new Relation(
              "stacking layers by hand",
              LAYERED,
              "only Rnn stacks; the models of the others are compared in their own tests",
              RelationsTest::stacking),
          new Relation(
              "mirroring frames and kernels",
              RelatedCell::frames,
              "only frames have a left and a right",
              RelationsTest::mirroring),
          new Relation("inference gives what training gives", RelationsTest::inference));

  @TestFactory
  Stream<DynamicTest> everyRelationHoldsForEveryCell() {
    return RelatedCell.TABLE.stream()
        .flatMap(
            cell ->
                RELATIONS.stream()
                    .filter(relation -> relation.holds.test(cell))
                    .map(r -> dynamicTest(cell.name() + ": " + r.name, () -> run(cell, r))));
  }

  /** Nothing is left out without a reason, and ten relations stand for every cell. */
  @Test
  void whatIsLeftOutHasAReason() {
    for (var cell : RelatedCell.TABLE) {
      var left = RELATIONS.stream().filter(relation -> !relation.holds.test(cell)).toList();
      assertTrue(RELATIONS.size() - left.size() >= 10, cell.name() + ": " + left);
      left.forEach(r -> assertTrue(!r.otherwise.isEmpty(), cell.name() + ": " + r.name));
    }
  }

  private static void run(RelatedCell cell, Relation relation) {
    try (var device = TestDevice.open();
        var arena = device.arena()) {
      var dice = new Dice(4, cell.name(), 2, false);
      var made = cell.maker().in(arena);
      dice.filled(made.layer());
      var inputs = new ArrayList<>(List.of(dice.numbers((long) T * N * cell.pixels() * C, 1)));
      for (int i = 0; i < cell.states(); i++) {
        inputs.add(dice.numbers((long) N * cell.each(), 1));
      }
      relation.check.of(new Trial(device, arena, dice, cell, made, inputs, upstream(dice, cell)));
    }
  }

  /** A gradient of y and of the states after. */
  private static List<double[]> upstream(Dice dice, RelatedCell cell) {
    var upstream = new ArrayList<>(List.of(dice.numbers((long) T * N * cell.each(), 1)));
    for (int i = 0; i < cell.states(); i++) {
      upstream.add(dice.numbers((long) N * cell.each(), 1));
    }
    return upstream;
  }

  /** A cell with weights, and what it is run on: x and the states before, dy and those after. */
  private record Trial(
      Device device,
      DeviceArena arena,
      Dice dice,
      RelatedCell cell,
      RelatedCell.Made made,
      List<double[]> inputs,
      List<double[]> dy) {
    Net.Trained train() {
      return train(T, N, inputs, dy);
    }

    /** As {@link Net#train}; the state of a cell that gives only y is that of its last step. */
    Net.Trained train(int steps, int batch, List<double[]> values, List<double[]> upstream) {
      var net = cell.net(made, steps, batch, values);
      if (!(made.layer() instanceof Ghu)) {
        return net.train(device, upstream);
      }
      var dz = upstream.getFirst().clone();
      int state = batch * cell.each();
      for (int i = 0; i < state; i++) {
        dz[dz.length - state + i] += upstream.get(1)[i];
      }
      var trained = net.train(device, List.of(dz));
      var z = trained.outputs().getFirst();
      return new Net.Trained(
          List.of(z, Arrays.copyOfRange(z, z.length - state, z.length)), trained.gradients());
    }

    List<Parameter> parameters() {
      return made.layer().parameters();
    }

    Parameter parameter(String name) {
      return parameters().stream().filter(p -> p.name().equals(name)).findFirst().orElseThrow();
    }
  }

  private static void set(Parameter parameter, double[] values) {
    parameter.value().set(values);
    parameter.changed();
  }

  /** Rows of the middle axis of [outer, n, inner], in a new order or fewer of them. */
  private static double[] rows(double[] values, int n, int inner, int... which) {
    int outer = values.length / (n * inner);
    var out = new double[outer * which.length * inner];
    for (int o = 0; o < outer; o++) {
      for (int i = 0; i < which.length; i++) {
        int from = (o * n + which[i]) * inner;
        System.arraycopy(values, from, out, (o * which.length + i) * inner, inner);
      }
    }
    return out;
  }

  private static int[] reversed(int n) {
    return IntStream.range(0, n).map(i -> n - 1 - i).toArray();
  }

  private static List<double[]> each(List<double[]> values, UnaryOperator<double[]> function) {
    return values.stream().map(function).toList();
  }

  private static double[] sum(double a, double[] x, double b, double[] y) {
    return IntStream.range(0, x.length).mapToDouble(i -> a * x[i] + b * y[i]).toArray();
  }

  private static double[] joined(double[] a, double[] b) {
    var both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  private static void equal(List<double[]> expected, List<double[]> got, String what) {
    assertEquals(expected.size(), got.size(), what);
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), got.get(i), EXACT, what + " " + i);
    }
  }

  private static void equal(Net.Trained expected, Net.Trained got) {
    equal(expected.outputs(), got.outputs(), "output");
    equal(expected.gradients(), got.gradients(), "gradient");
  }

  /** Moved inputs and parameters give moved outputs and gradients. */
  private static void symmetry(
      Trial trial,
      UnaryOperator<double[]> ofX,
      UnaryOperator<double[]> ofStates,
      BiFunction<Parameter, double[], double[]> ofParameter) {
    var plain = trial.train();
    for (var parameter : trial.parameters()) {
      set(parameter, ofParameter.apply(parameter, parameter.value().doubles()));
    }
    var inputs = new ArrayList<>(each(trial.inputs, ofStates));
    inputs.set(0, ofX.apply(trial.inputs.getFirst()));
    var moved = trial.train(T, N, inputs, each(trial.dy, ofStates));
    equal(each(plain.outputs(), ofStates), moved.outputs(), "output");
    int given = trial.inputs.size();
    var states = each(plain.gradients().subList(1, given), ofStates);
    var gradients = new ArrayList<>(List.of(ofX.apply(plain.gradients().getFirst())));
    gradients.addAll(states);
    for (int i = 0; i < trial.parameters().size(); i++) {
      gradients.add(ofParameter.apply(trial.parameters().get(i), plain.gradients().get(given + i)));
    }
    equal(gradients, moved.gradients(), "gradient");
  }

  private static void permutingTheBatch(Trial trial) {
    int pixels = trial.cell.pixels();
    int[] order = {2, 0, 3, 1};
    symmetry(
        trial,
        x -> rows(x, N, pixels * C, order),
        h -> rows(h, N, pixels * K, order),
        (_, values) -> values);
  }

  private static void permutingHiddenUnits(Trial trial) {
    int[] order = {3, 0, 4, 2, 1};
    symmetry(
        trial,
        x -> x,
        h -> rows(h, K, 1, order),
        (parameter, values) -> {
          var shape = parameter.value().shape();
          var moved = rows(values, K, (int) shape.inner().elements(), order);
          return RelatedCell.hasHiddenColumns(parameter)
              ? rows(moved, K, (int) shape.inner().inner().elements(), order)
              : moved;
        });
  }

  private static void permutingInputChannels(Trial trial) {
    int[] order = {1, 4, 0, 2, 3};
    symmetry(
        trial,
        x -> rows(x, C, 1, order),
        h -> h,
        (parameter, values) ->
            RelatedCell.hasInputColumns(parameter)
                ? rows(values, C, (int) parameter.value().shape().inner().inner().elements(), order)
                : values);
  }

  private static void mirroring(Trial trial) {
    int width = RelatedCell.WIDTH;
    symmetry(
        trial,
        x -> rows(x, width, C, reversed(width)),
        h -> rows(h, width, K, reversed(width)),
        (parameter, values) -> {
          var shape = parameter.value().shape();
          int last = shape.size(shape.rank() - 1);
          return shape.rank() < 3 ? values : rows(values, last, 1, reversed(last));
        });
  }

  /** Outputs stand side by side, gradients of weights are added. */
  private static void splittingTheBatch(Trial trial) {
    var whole = trial.train();
    int given = trial.inputs.size();
    var sums = new ArrayList<double[]>();
    for (int[] part : new int[][] {{0, 1, 2}, {3}}) {
      int each = trial.cell.each();
      int ofX = trial.cell.pixels() * C;
      UnaryOperator<double[]> cut = h -> rows(h, N, each, part);
      var inputs = new ArrayList<>(each(trial.inputs, cut));
      inputs.set(0, rows(trial.inputs.getFirst(), N, ofX, part));
      var own = trial.train(T, part.length, inputs, each(trial.dy, cut));
      equal(each(whole.outputs(), cut), own.outputs(), "output");
      assertArrayEquals(
          rows(whole.gradients().getFirst(), N, ofX, part), own.gradients().getFirst(), EXACT);
      equal(
          each(whole.gradients().subList(1, given), cut),
          own.gradients().subList(1, given),
          "gradient of a state");
      var weights = own.gradients().subList(given, own.gradients().size());
      for (int i = 0; i < weights.size(); i++) {
        if (sums.size() == i) {
          sums.add(new double[weights.get(i).length]);
        }
        sums.set(i, sum(1, sums.get(i), 1, weights.get(i)));
      }
    }
    equal(whole.gradients().subList(given, whole.gradients().size()), sums, "gradient");
  }

  /** The states go forth, their gradients come back. */
  private static void splittingTime(Trial trial) {
    var whole = trial.train();
    int cut = 2;
    int given = trial.inputs.size();
    var x = trial.inputs.getFirst();
    var dy = trial.dy.getFirst();
    int ofX = cut * x.length / T;
    int ofY = cut * dy.length / T;
    var early = new ArrayList<>(trial.inputs);
    early.set(0, Arrays.copyOf(x, ofX));
    var earlyDy = new ArrayList<>(trial.dy);
    earlyDy.set(0, Arrays.copyOf(dy, ofY));
    var late = new ArrayList<>(trial.train(cut, N, early, earlyDy).outputs());
    late.set(0, Arrays.copyOfRange(x, ofX, x.length));
    var lateDy = new ArrayList<>(trial.dy);
    lateDy.set(0, Arrays.copyOfRange(dy, ofY, dy.length));
    var second = trial.train(T - cut, N, late, lateDy);
    for (int i = 1; i < given; i++) {
      earlyDy.set(i, second.gradients().get(i));
    }
    var first = trial.train(cut, N, early, earlyDy);
    var outputs = new ArrayList<>(second.outputs());
    outputs.set(0, joined(first.outputs().getFirst(), outputs.getFirst()));
    equal(whole.outputs(), outputs, "output");
    var gradients = new ArrayList<>(first.gradients());
    gradients.set(0, joined(gradients.getFirst(), second.gradients().getFirst()));
    for (int i = given; i < gradients.size(); i++) {
      gradients.set(i, sum(1, gradients.get(i), 1, second.gradients().get(i)));
    }
    equal(whole.gradients(), gradients, "gradient");
  }

  /** What comes later, and counts for nothing, changes nothing before. */
  private static void appendingASuffix(Trial trial) {
    var dy = each(trial.dy, double[]::clone);
    for (var state : dy.subList(1, dy.size())) {
      Arrays.fill(state, 0);
    }
    var plain = trial.train(T, N, trial.inputs, dy);
    int more = 2;
    var x = trial.inputs.getFirst();
    var suffix = trial.dice.numbers((long) more * x.length / T, 1);
    var inputs = new ArrayList<>(trial.inputs);
    inputs.set(0, joined(x, suffix));
    var longDy = new ArrayList<>(dy);
    longDy.set(0, Arrays.copyOf(dy.getFirst(), dy.getFirst().length / T * (T + more)));
    var longer = trial.train(T + more, N, inputs, longDy);
    var y = plain.outputs().getFirst();
    assertArrayEquals(y, Arrays.copyOf(longer.outputs().getFirst(), y.length), EXACT);
    var gradients = new ArrayList<>(plain.gradients());
    gradients.set(0, joined(gradients.getFirst(), new double[suffix.length]));
    equal(gradients, longer.gradients(), "gradient");
  }

  private static Net net(Rnn rnn, int steps, int[] lengths, List<double[]> values) {
    var spec = rnn.spec();
    var inputs = new ArrayList<Net.Input>();
    inputs.add(new Net.Input(Shape.of(steps, N, spec.input()), values.getFirst(), true));
    for (var state : values.subList(1, values.size())) {
      inputs.add(new Net.Input(Shape.of(state.length / (N * K), N, K), state, true));
    }
    return new Net(
        spec.toString(),
        spec.type(),
        List.of(rnn),
        inputs,
        (pass, in) -> {
          var before = RelatedCell.of(in.subList(1, in.size()));
          return RelatedCell.outputs(rnn.forward(pass, in.getFirst(), lengths, before));
        });
  }

  /** Past the end stand NaNs, which nothing reads. */
  private static void appendingAnEmptySuffix(Trial trial) {
    var rnn = (Rnn) trial.made.layer();
    var plain = trial.train();
    int more = 3;
    var x = trial.inputs.getFirst();
    var suffix = new double[more * N * C];
    Arrays.fill(suffix, Double.NaN);
    var inputs = new ArrayList<>(trial.inputs);
    inputs.set(0, joined(x, suffix));
    var dy = new ArrayList<>(trial.dy);
    dy.set(0, joined(dy.getFirst(), trial.dice.numbers((long) more * N * K, 1)));
    var lengths = new int[] {T, T, T, T};
    var padded = net(rnn, T + more, lengths, inputs).train(trial.device, dy);
    var outputs = new ArrayList<>(plain.outputs());
    outputs.set(0, joined(outputs.getFirst(), new double[more * N * K]));
    var gradients = new ArrayList<>(plain.gradients());
    gradients.set(0, joined(gradients.getFirst(), new double[suffix.length]));
    equal(new Net.Trained(outputs, gradients), padded);
  }

  /** Each direction with the other's weights, over time reversed, gives the other's half. */
  private static void swappingDirections(Trial trial) {
    var builder = trial.cell.rnn().get().type(DType.FLOAT64).bidirectional();
    var rnn = trial.dice.filled(builder.build(Weights.random(1), trial.arena));
    var inputs = new ArrayList<>(List.of(trial.inputs.getFirst()));
    var dy = new ArrayList<>(List.of(trial.dice.numbers(T * N * 2 * K, 1)));
    for (int i = 0; i < trial.cell.states(); i++) {
      inputs.add(trial.dice.numbers(2 * N * K, 1));
      dy.add(trial.dice.numbers(2 * N * K, 1));
    }
    var plain = net(rnn, T, null, inputs).train(trial.device, dy);
    var parameters = rnn.parameters();
    var values = parameters.stream().map(p -> p.value().doubles()).toList();
    var swapped = swapped(parameters);
    for (int i = 0; i < swapped.length; i++) {
      set(parameters.get(i), values.get(swapped[i]));
    }
    UnaryOperator<double[]> ofX = x -> rows(x, T, N * C, reversed(T));
    UnaryOperator<double[]> ofY = y -> rows(rows(y, T, N * 2 * K, reversed(T)), 2, K, reversed(2));
    UnaryOperator<double[]> ofStates = h -> rows(h, 2, N * K, reversed(2));
    var back =
        net(rnn, T, null, first(inputs, ofX, ofStates))
            .train(trial.device, first(dy, ofY, ofStates));
    equal(first(plain.outputs(), ofY, ofStates), back.outputs(), "output");
    int given = inputs.size();
    equal(
        first(plain.gradients().subList(0, given), ofX, ofStates),
        back.gradients().subList(0, given),
        "gradient");
    for (int i = 0; i < swapped.length; i++) {
      assertArrayEquals(
          plain.gradients().get(given + swapped[i]), back.gradients().get(given + i), EXACT);
    }
  }

  /** For every parameter, the number of the other direction's. */
  private static int[] swapped(List<Parameter> parameters) {
    var names = parameters.stream().map(Parameter::name).toList();
    return names.stream()
        .mapToInt(
            name ->
                names.indexOf(
                    name.endsWith("_reverse") ? name.replace("_reverse", "") : name + "_reverse"))
        .toArray();
  }

  private static List<double[]> first(
      List<double[]> values, UnaryOperator<double[]> ofFirst, UnaryOperator<double[]> ofRest) {
    var all = new ArrayList<>(each(values, ofRest));
    all.set(0, ofFirst.apply(values.getFirst()));
    return all;
  }

  private static void aChannelOfZeros(Trial trial) {
    int silent = 1;
    var x = trial.inputs.getFirst();
    for (int i = silent; i < x.length; i += C) {
      x[i] = 0;
    }
    var plain = trial.train();
    for (var parameter : trial.parameters()) {
      if (RelatedCell.hasInputColumns(parameter)) {
        var values = parameter.value().doubles();
        int area = (int) parameter.value().shape().inner().inner().elements();
        for (int i = 0; i < values.length; i++) {
          values[i] = i / area % C == silent ? 7 : values[i];
        }
        set(parameter, values);
      }
    }
    var other = trial.train();
    equal(plain.outputs(), other.outputs(), "output");
    int[] rest = {0, 2, 3, 4};
    assertArrayEquals(
        rows(plain.gradients().getFirst(), C, 1, rest),
        rows(other.gradients().getFirst(), C, 1, rest),
        EXACT);
    int count = plain.gradients().size();
    equal(plain.gradients().subList(1, count), other.gradients().subList(1, count), "gradient");
  }

  /** The closed form, element by element and step by step. */
  private static void zeroWeights(Trial trial) {
    trial.parameters().forEach(p -> set(p, new double[(int) p.value().shape().elements()]));
    var out = trial.train().outputs();
    int state = N * trial.cell.each();
    for (int i = 0; i < state; i++) {
      var before = new double[trial.cell.states()];
      for (int s = 0; s < before.length; s++) {
        before[s] = trial.inputs.get(1 + s)[i];
      }
      for (int t = 1; t <= T; t++) {
        var expected = trial.cell.zero().after(t, before)[0];
        assertEquals(expected, out.getFirst()[(t - 1) * state + i], EXACT, "y at " + t);
      }
      var last = trial.cell.zero().after(T, before);
      for (int s = 1; s < last.length; s++) {
        assertEquals(last[s], out.get(s)[i], EXACT, "state " + s);
      }
    }
  }

  private static void foldingBiases(Trial trial) {
    var plain = trial.train();
    trial.cell.folds().forEach(fold -> fold(trial, fold));
    equal(plain, trial.train());
    for (var fold : trial.cell.apart()) {
      fold(trial, fold);
      var other = trial.train().outputs().getFirst();
      var gap = sum(1, plain.outputs().getFirst(), -1, other);
      assertTrue(Arrays.stream(gap).anyMatch(d -> Math.abs(d) > 1e-3), fold.toString());
    }
  }

  private static void fold(Trial trial, RelatedCell.Fold fold) {
    var from = trial.parameter(fold.from());
    var to = trial.parameter(fold.to());
    var source = from.value().doubles();
    var target = to.value().doubles();
    int block = K * (int) (from.value().shape().elements() / from.value().shape().dim(0));
    for (int i = 0; i < block; i++) {
      target[fold.toBlock() * block + i] += source[fold.fromBlock() * block + i];
      source[fold.fromBlock() * block + i] = 0;
    }
    set(from, source);
    set(to, target);
  }

  private static void linearity(Trial trial) {
    var other = upstream(trial.dice, trial.cell);
    var one = trial.train().gradients();
    var two = trial.train(T, N, trial.inputs, other).gradients();
    var mixed = new ArrayList<double[]>();
    for (int i = 0; i < other.size(); i++) {
      mixed.add(sum(2.5, trial.dy.get(i), -0.75, other.get(i)));
    }
    var both = trial.train(T, N, trial.inputs, mixed).gradients();
    for (int i = 0; i < both.size(); i++) {
      assertArrayEquals(sum(2.5, one.get(i), -0.75, two.get(i)), both.get(i), EXACT);
    }
  }

  /** Two layers are two networks; the upper one's gradient of x is the lower one's dy. */
  private static void stacking(Trial trial) {
    var builder = trial.cell.rnn().get().type(DType.FLOAT64);
    var deep = trial.dice.filled(builder.layers(2).build(Weights.random(1), trial.arena));
    var low = alone(trial, deep, "_l0");
    var high = alone(trial, deep, "_l1");
    var inputs = new ArrayList<>(List.of(trial.inputs.getFirst()));
    var dy = new ArrayList<>(List.of(trial.dy.getFirst()));
    for (int i = 0; i < trial.cell.states(); i++) {
      inputs.add(trial.dice.numbers(2 * N * K, 1));
      dy.add(trial.dice.numbers(2 * N * K, 1));
    }
    var whole = net(deep, T, null, inputs).train(trial.device, dy);
    UnaryOperator<double[]> lower = h -> rows(h, 2, N * K, 0);
    UnaryOperator<double[]> upper = h -> rows(h, 2, N * K, 1);
    var below = net(low, T, null, first(inputs, x -> x, lower));
    var y = below.outputs(trial.device).getFirst();
    var above = net(high, T, null, first(inputs, _ -> y, upper));
    var top = above.train(trial.device, first(dy, d -> d, upper));
    var bottom = below.train(trial.device, first(dy, _ -> top.gradients().getFirst(), lower));
    assertArrayEquals(whole.outputs().getFirst(), top.outputs().getFirst(), EXACT);
    assertArrayEquals(whole.gradients().getFirst(), bottom.gradients().getFirst(), EXACT);
    int given = inputs.size();
    for (int i = 1; i < given; i++) {
      var h = joined(bottom.outputs().get(i), top.outputs().get(i));
      assertArrayEquals(whole.outputs().get(i), h, EXACT);
      var dh = joined(bottom.gradients().get(i), top.gradients().get(i));
      assertArrayEquals(whole.gradients().get(i), dh, EXACT);
    }
    int each = low.parameters().size();
    var gradients = new ArrayList<>(bottom.gradients().subList(given, given + each));
    gradients.addAll(top.gradients().subList(given, given + each));
    equal(whole.gradients().subList(given, given + 2 * each), gradients, "gradient");
  }

  /** One layer of a deep network, with its weights. */
  private static Rnn alone(Trial trial, Rnn deep, String layer) {
    var one = trial.cell.rnn().get().type(DType.FLOAT64).build(Weights.random(1), trial.arena);
    for (var parameter : one.parameters()) {
      var name = parameter.name().replace("_l0", layer);
      var from = deep.parameters().stream().filter(p -> p.name().equals(name)).findFirst();
      set(parameter, from.orElseThrow().value().doubles());
    }
    return one;
  }

  private static void inference(Trial trial) {
    var trained = trial.train().outputs();
    var outputs = trial.cell.net(trial.made, T, N, trial.inputs).outputs(trial.device);
    equal(trained.subList(0, outputs.size()), outputs, "output");
  }
}
