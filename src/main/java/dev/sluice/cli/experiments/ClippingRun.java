package dev.sluice.cli.experiments;

import dev.sluice.cli.pictures.RunChart;
import dev.sluice.cli.pictures.RunChart.Scale;
import dev.sluice.cli.pictures.RunChart.Series;
import dev.sluice.nn.Rnn;
import dev.sluice.nn.RnnInit;
import dev.sluice.train.Sgd;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Networks whose gradient can explode, trained by plain gradient descent with or without clipping.
 *
 * @param clip the largest norm, infinite for none
 * @param norms of the gradient before clipping, a list of steps a seed
 * @param errors on test sequences at the end, a seed each; NaN where training broke down
 */
record ClippingRun(double clip, List<double[]> norms, Spread errors) {
  static final double RATE = 0.01;

  static List<ClippingRun> all(Lab lab, int hidden, int length) {
    return List.of(of(lab, hidden, length, Double.POSITIVE_INFINITY), of(lab, hidden, length, 1));
  }

  private static ClippingRun of(Lab lab, int hidden, int length, double clip) {
    var norms = new ArrayList<double[]>();
    var errors = new double[lab.seeds().size()];
    for (long seed : lab.seeds()) {
      int steps = lab.size(600, 100);
      var taken = new ArrayList<Double>();
      try (var arena = lab.device().arena();
          var loop =
              lab.loop(
                  Numbers.text("IRNN by gradient descent, %s, seed %d", label(clip), seed),
                  steps,
                  AddingTraining.BATCH)) {
        var builder = Rnn.relu(2, hidden).init(RnnInit.IRNN);
        var model = LastState.of(builder, 1, seed, arena);
        var sgd = new Sgd(model.parameters(), RATE, arena);
        var training = new AddingTraining(lab.device(), model, sgd, clip, length, seed);
        errors[norms.size()] = train(training, loop, taken);
      }
      norms.add(taken.stream().mapToDouble(n -> n).toArray());
    }
    return new ClippingRun(clip, norms, new Spread(errors));
  }

  private static double train(AddingTraining training, Lab.Loop loop, List<Double> norms) {
    try {
      while (loop.next()) {
        loop.took(training.step());
        norms.add(training.gradientNorm());
      }
      return training.error();
    } catch (ArithmeticException e) {
      // The trainer refuses a gradient that is not finite: what this experiment waits for.
      norms.add(Double.NaN);
      return Double.NaN;
    }
  }

  static String label(double clip) {
    return Double.isInfinite(clip) ? "no clipping" : "clipped to " + Math.round(clip);
  }

  /** The largest finite norm that a seed came to. */
  Spread largest() {
    return Spread.of(norms, n -> Arrays.stream(n).filter(Double::isFinite).max().orElse(0));
  }

  long broken() {
    return Arrays.stream(errors.values()).filter(e -> !Double.isFinite(e)).count();
  }

  static void describe(Document document, List<ClippingRun> runs) {
    document
        .section("Clipping")
        .paragraph(
            "IRNN, whose gradient neither dies nor is held, by plain gradient descent at a rate of "
                + RATE
                + " on the adding problem.")
        .picture(
            "gradients-clipping",
            "Norm of the gradient before clipping, the largest of every ten steps",
            chart(runs))
        .table(
            "",
            List.of(
                "",
                "seeds that broke down",
                "largest norm, seed by seed",
                "longest step, seed by seed",
                "test error at the end, seed by seed"),
            runs.stream().map(ClippingRun::row).toList());
  }

  private List<String> row() {
    return List.of(
        label(clip),
        broken() + " of " + norms.size(),
        String.join(", ", Arrays.stream(largest().values()).mapToObj(Numbers::short3).toList()),
        String.join(
            ", ",
            Arrays.stream(largest().values())
                .mapToObj(norm -> Numbers.short3(RATE * Math.min(norm, clip)))
                .toList()),
        errors.each("%.4f").replace("never", "broke down"));
  }

  private static double[] largestOfTen(double[] norms) {
    var largest = new double[(norms.length + 9) / 10];
    for (int i = 0; i < norms.length; i++) {
      largest[i / 10] = Math.max(largest[i / 10], norms[i]);
    }
    return largest;
  }

  private static byte[] chart(List<ClippingRun> runs) {
    var series = new ArrayList<Series>();
    for (var run : runs) {
      var norms = run.norms.stream().map(ClippingRun::largestOfTen).toList();
      var x = new double[norms.stream().mapToInt(n -> n.length).max().orElse(0)];
      Arrays.setAll(x, i -> 10 * (i + 1));
      series.add(new Series(label(run.clip), series.size(), false, x, norms));
    }
    return new RunChart(
            "Gradient descent with and without clipping",
            "training steps",
            "largest norm of 10 steps",
            Scale.LOGARITHMIC,
            series)
        .png();
  }
}
