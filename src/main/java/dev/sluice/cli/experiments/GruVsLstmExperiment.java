package dev.sluice.cli.experiments;

import dev.sluice.cli.pictures.RunChart;
import dev.sluice.cli.pictures.RunChart.Scale;
import dev.sluice.cli.pictures.RunChart.Series;
import dev.sluice.data.DigitRows;
import dev.sluice.nn.Rnn;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** GRU beside LSTM, on few and on many digits read row by row. */
final class GruVsLstmExperiment implements Experiment {
  private static final List<String> HEADER =
      List.of(
          "digits",
          "network",
          "parameters",
          "of these recurrent",
          "steps until the training loss is low",
          "accuracy on 2,000 other digits, %",
          "seed by seed",
          "on its own training digits, %",
          "processor seconds a 1,000 steps");

  /** All runs of one network on so many digits. */
  private record Result(DigitTraining.Net net, int digits, List<DigitTraining.Run> runs) {
    Spread of(ToDoubleFunction<DigitTraining.Run> value) {
      return Spread.of(runs, value);
    }

    Spread accuracy() {
      return of(DigitTraining.Run::accuracy);
    }
  }

  @Override
  public String name() {
    return "gru-vs-lstm";
  }

  @Override
  public String question() {
    return "parameters, steps, time and accuracy of GRU and LSTM on digits read row by row";
  }

  private static List<DigitTraining.Net> nets(Lab lab) {
    int hidden = lab.size(96, 32);
    int fewer = lab.size(80, 28);
    return List.of(
        new DigitTraining.Net("LSTM", 1, () -> Rnn.lstm(28, hidden)),
        new DigitTraining.Net("GRU", 2, () -> Rnn.gru(28, hidden)),
        new DigitTraining.Net("small LSTM", 5, () -> Rnn.lstm(28, fewer)));
  }

  /** A training loss that all should reach. */
  private static double low(Lab lab) {
    return lab.size(0.5, 1.2);
  }

  @Override
  public Document run(Lab lab) {
    var results = new ArrayList<Result>();
    for (var training :
        List.of(
            new DigitTraining(new DigitRows(500), lab.size(800, 200), low(lab)),
            new DigitTraining(
                new DigitRows(lab.size(8000, 2000)), lab.size(1500, 300), low(lab)))) {
      for (var net : nets(lab)) {
        var runs = lab.seeds().stream().map(seed -> training.run(lab, net, seed)).toList();
        results.add(new Result(net, training.data().train(), runs));
      }
    }
    return document(lab, results);
  }

  private Document document(Lab lab, List<Result> results) {
    var document =
        lab.document("GRU beside LSTM")
            .paragraph(
                "Handwritten digits of 28x28 pixels are read row by row, 28 steps of 28 numbers,"
                    + " and named by a linear layer that sees the last state. GRU and LSTM have"
                    + " equally many units; a small LSTM has about as many parameters as the"
                    + " GRU. All are trained with the same rate.")
            .section("What the tutorials say, and what was found")
            .table("", List.of("the tutorials (number)", "found"), claims(results))
            .section("Figures")
            .table("", HEADER, results.stream().map(GruVsLstmExperiment::row).toList());
    for (int digits : results.stream().map(Result::digits).distinct().toList()) {
      var some = results.stream().filter(r -> r.digits == digits).toList();
      document
          .picture(
              "gru-vs-lstm-accuracy-" + digits,
              Numbers.text(
                  "Accuracy on digits never trained on, %,d to train on: thin lines are seeds",
                  digits),
              chart(some, "accuracy, %", Scale.LINEAR, DigitTraining.Run::accuracies))
          .picture(
              "gru-vs-lstm-loss-" + digits,
              Numbers.text(
                  "Training loss, mean of %d steps, %,d digits to train on",
                  DigitTraining.EVERY, digits),
              chart(some, "cross entropy", Scale.LOGARITHMIC, DigitTraining.Run::losses));
    }
    return document.section("Settings").facts(settings(lab));
  }

  private static List<String> row(Result result) {
    var first = result.runs.getFirst();
    return List.of(
        Numbers.text("%,d", result.digits),
        result.net.name(),
        Numbers.text("%,d", first.parameters()),
        Numbers.text("%,d", first.recurrent()),
        result.of(DigitTraining.Run::stepsToLoss).orNever("%.0f"),
        result.accuracy().text("%.1f"),
        result.accuracy().each("%.1f"),
        result.of(DigitTraining.Run::ownAccuracy).text("%.1f"),
        result.of(DigitTraining.Run::secondsAThousand).text("%.1f"));
  }

  private static byte[] chart(
      List<Result> results,
      String label,
      Scale scale,
      Function<DigitTraining.Run, double[]> values) {
    var series = new ArrayList<Series>();
    for (var result : results) {
      var runs = result.runs.stream().map(values).toList();
      var x = new double[runs.getFirst().length];
      Arrays.setAll(x, i -> (i + 1) * DigitTraining.EVERY);
      series.add(new Series(result.net.name(), result.net.colour(), false, x, runs));
    }
    String title = Numbers.text("%,d digits to train on", results.getFirst().digits);
    return new RunChart(title, "training steps", label, scale, series).png();
  }

  private static LinkedHashMap<String, Object> settings(Lab lab) {
    var map = new LinkedHashMap<String, Object>();
    map.put("units of GRU and LSTM", lab.size(96, 32));
    map.put("units of the small LSTM", lab.size(80, 28));
    map.put("batch", DigitTraining.BATCH);
    map.put("steps", lab.size("800 on 500 digits, 1,500 on 8,000", "200 on 500, 300 on 2,000"));
    map.put("optimiser", "Adam, rate 0.003, gradients clipped to a norm of 1");
    map.put("GRU", "reset after the product, two biases, as in PyTorch");
    map.put("training loss", "mean cross entropy of 50 steps; low: at most " + low(lab));
    map.put("time", "forward, backward and the optimiser's step, the median of 50 steps at a time");
    return map;
  }

  private static List<List<String>> claims(List<Result> results) {
    var few = results.subList(0, 3);
    var many = results.subList(3, 6);
    return List.of(
        List.of("GRU has a third fewer parameters than LSTM (002).", parameters(few)),
        List.of("GRU is much faster than LSTM (000); it costs less to compute (001).", time(many)),
        List.of("GRU converges more easily (003).", steps(few) + " " + steps(many)),
        List.of(
            "Accuracy stays about the same (000, 001, 002); on many tasks neither is ahead, but"
                + " where there is much data LSTM is better (003).",
            accuracy(few) + " " + accuracy(many)),
        List.of("GRU is less prone to overfit (002).", overfit(few)));
  }

  private static String parameters(List<Result> results) {
    long lstm = results.get(0).runs.getFirst().recurrent();
    long gru = results.get(1).runs.getFirst().recurrent();
    return Numbers.text(
        "%,d of %,d parameters of the recurrent layer: %.3f, a quarter fewer. With equal sizes it"
            + " is always 3 gates to 4.",
        gru, lstm, (double) gru / lstm);
  }

  private static String time(List<Result> results) {
    return Numbers.text(
        "A step of the GRU took %.2f times the LSTM's processor time here, and %.2f times that of"
            + " the small LSTM. It has 3 products to LSTM's 4; what they cost is the engine's"
            + " affair.",
        ratio(results.get(1), results.get(0), DigitTraining.Run::secondsAThousand),
        ratio(results.get(1), results.get(2), DigitTraining.Run::secondsAThousand));
  }

  private static double ratio(Result a, Result b, ToDoubleFunction<DigitTraining.Run> value) {
    return a.of(value).mean() / b.of(value).mean();
  }

  private static String steps(List<Result> results) {
    return Numbers.text(
        "%,d digits: steps to a low training loss: GRU %s, LSTM %s, small LSTM %s.",
        results.getFirst().digits,
        results.get(1).of(DigitTraining.Run::stepsToLoss).orNever("%.0f"),
        results.get(0).of(DigitTraining.Run::stepsToLoss).orNever("%.0f"),
        results.get(2).of(DigitTraining.Run::stepsToLoss).orNever("%.0f"));
  }

  private static String accuracy(List<Result> results) {
    var lstm = results.get(0).accuracy();
    var gru = results.get(1).accuracy();
    String verdict =
        gru.least() > lstm.greatest()
            ? "GRU is ahead with every seed"
            : lstm.least() > gru.greatest()
                ? "LSTM is ahead with every seed"
                : "the seeds overlap, which shows neither ahead";
    return Numbers.text(
        "%,d digits: GRU %s %%, LSTM %s %%: %s.",
        results.getFirst().digits, gru.text("%.1f"), lstm.text("%.1f"), verdict);
  }

  private static String overfit(List<Result> results) {
    ToDoubleFunction<DigitTraining.Run> gap = run -> run.ownAccuracy() - run.accuracy();
    return Numbers.text(
        "%,d digits: accuracy on the training digits is above that on others by %s points for GRU,"
            + " %s for LSTM, %s for the small LSTM.",
        results.getFirst().digits,
        results.get(1).of(gap).text("%.1f"),
        results.get(0).of(gap).text("%.1f"),
        results.get(2).of(gap).text("%.1f"));
  }
}
