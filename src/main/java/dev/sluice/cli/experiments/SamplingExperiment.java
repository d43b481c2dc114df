package dev.sluice.cli.experiments;

import dev.sluice.cli.experiments.SamplingTraining.Reading;
import dev.sluice.cli.experiments.SamplingTraining.Run;
import dev.sluice.cli.pictures.FrameRows;
import dev.sluice.cli.pictures.RunChart;
import dev.sluice.cli.pictures.RunChart.Scale;
import dev.sluice.cli.pictures.RunChart.Series;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** PredRNN with and without scheduled sampling. */
final class SamplingExperiment implements Experiment {
  private static final int[] COLOURS = {0, 1, 2, 3};

  @Override
  public String name() {
    return "sampling";
  }

  @Override
  public String question() {
    return "whether PredRNN foresees more if it is weaned of true frames while it learns";
  }

  private static SamplingTraining training(Lab lab) {
    var films = lab.size(new Films(48, 1, 10, 10, 128), new Films(32, 1, 5, 5, 16));
    return new SamplingTraining(
        films,
        lab.size(List.of(16, 16), List.of(8)),
        lab.size(400, 60),
        films.meanImage(lab.size(1000, 100)));
  }

  @Override
  public Document run(Lab lab) {
    var training = training(lab);
    var all = new EnumMap<Reading, List<Run>>(Reading.class);
    for (var reading : Reading.values()) {
      all.put(reading, lab.seeds().stream().map(seed -> training.run(lab, reading, seed)).toList());
    }
    return document(lab, training, all);
  }

  private static Document document(
      Lab lab, SamplingTraining training, Map<Reading, List<Run>> all) {
    var films = training.films();
    return lab.document("PredRNN with and without scheduled sampling")
        .paragraph(
            Numbers.text(
                "A PredRNN sees %d frames of moving digits and foresees %d. When it is used it"
                    + " reads its own frames after those seen. While it learns it may read the true"
                    + " ones, its own, or a mixture that changes from true to own (scheduled"
                    + " sampling, Bengio 2015); in reverse scheduled sampling (PredRNN-V2) also the"
                    + " frames seen are mixed, the other way round.",
                films.seen(), films.ahead()))
        .section("What the tutorials say, and what was found")
        .table("", List.of("the tutorials (number)", "found"), claims(training, all))
        .section("Figures")
        .table("", header(films), rows(films, all))
        .picture(
            "sampling-frames-error",
            "Error of each foreseen frame over that of the mean training image; below 1 is better",
            perFrame(films, all))
        .picture(
            "sampling-loss",
            "Training loss, mean of ten steps; what is read differs, so that the levels cannot be"
                + " compared",
            losses(all))
        .picture("sampling-schedule", "Share of true frames after those seen", schedule(training))
        .picture(
            "sampling-example",
            "A test sequence: what came, and what the first seed's models foresee",
            example(films, all))
        .section("Settings")
        .facts(settings(training));
  }

  private static List<String> header(Films films) {
    return List.of(
        "read while learning",
        Numbers.text("error over mean image's, %d frames", films.ahead()),
        "seed by seed",
        "frames 1 to 3",
        "last frame",
        "squared error if the true frames are shown",
        "processor seconds");
  }

  private static List<List<String>> rows(Films films, Map<Reading, List<Run>> all) {
    var rows = new ArrayList<List<String>>();
    all.forEach(
        (reading, runs) ->
            rows.add(
                List.of(
                    reading.label(),
                    ratio(films, runs).text("%.3f"),
                    ratio(films, runs).each("%.3f"),
                    Spread.of(runs, r -> r.ratio(3)).text("%.3f"),
                    Spread.of(runs, r -> last(ratios(r))).text("%.3f"),
                    Spread.of(runs, Run::shown).text("%.4f"),
                    Spread.of(runs, Run::seconds).text("%.1f"))));
    return rows;
  }

  private static Spread ratio(Films films, List<Run> runs) {
    return Spread.of(runs, r -> r.ratio(films.ahead()));
  }

  private static double last(double[] values) {
    return values[values.length - 1];
  }

  /** The error of each frame over that of the mean image. */
  private static double[] ratios(Run run) {
    var mean = run.scores().meanImage().mse();
    var ratios = run.scores().model().mse().clone();
    Arrays.setAll(ratios, t -> ratios[t] / mean[t]);
    return ratios;
  }

  private static double[] numbers(int count, int factor) {
    var x = new double[count];
    Arrays.setAll(x, i -> (i + 1) * factor);
    return x;
  }

  private static byte[] perFrame(Films films, Map<Reading, List<Run>> all) {
    var series = new ArrayList<Series>();
    all.forEach(
        (reading, runs) ->
            series.add(
                new Series(
                    reading.label(),
                    COLOURS[reading.ordinal()],
                    false,
                    numbers(films.ahead(), 1),
                    runs.stream().map(SamplingExperiment::ratios).toList())));
    series.add(Series.level("mean training image", 4, 1, films.ahead(), 1));
    return new RunChart(
            "Error by foreseen frame",
            "foreseen frame",
            "squared error over the mean image's",
            Scale.LINEAR,
            series)
        .png();
  }

  private static byte[] losses(Map<Reading, List<Run>> all) {
    var series = new ArrayList<Series>();
    all.forEach(
        (reading, runs) -> {
          var lines = runs.stream().map(r -> tens(r.losses())).toList();
          series.add(
              new Series(
                  reading.label(),
                  COLOURS[reading.ordinal()],
                  false,
                  numbers(lines.getFirst().length, 10),
                  lines));
        });
    return new RunChart(
            "Training loss", "training steps", "squared error", Scale.LOGARITHMIC, series)
        .png();
  }

  private static double[] tens(double[] values) {
    var means = new double[values.length / 10];
    Arrays.setAll(means, i -> Arrays.stream(values, i * 10, i * 10 + 10).average().orElseThrow());
    return means;
  }

  private static byte[] schedule(SamplingTraining training) {
    var x = numbers(training.steps(), 1);
    var series = new ArrayList<Series>();
    for (var reading : Reading.values()) {
      var line = Arrays.stream(x).map(step -> training.share(reading, (long) step)).toArray();
      series.add(new Series(reading.label(), COLOURS[reading.ordinal()], false, x, List.of(line)));
    }
    return new RunChart(
            "What is read after the frames seen",
            "training steps",
            "share of true frames",
            Scale.FROM_ZERO,
            series)
        .png();
  }

  private static byte[] example(Films films, Map<Reading, List<Run>> all) {
    var frames = films.test(0, 1);
    int pixels = films.size() * films.size();
    var rows = new ArrayList<FrameRows.Row>();
    rows.add(
        new FrameRows.Row(
            "what came", Arrays.copyOfRange(frames, films.seen() * pixels, frames.length)));
    all.forEach(
        (reading, runs) -> rows.add(new FrameRows.Row(reading.label(), runs.getFirst().clip())));
    return new FrameRows(films.size(), films.size(), films.seen() + 1, rows).png();
  }

  private static LinkedHashMap<String, Object> settings(SamplingTraining training) {
    var films = training.films();
    var map = new LinkedHashMap<String, Object>();
    map.put("data", films);
    map.put(
        "model",
        Numbers.text("PredRNN, layers of %s channels, kernel 3, patch 4", training.hidden()));
    map.put(
        "training",
        Numbers.text(
            "%d steps of %d sequences, Adam, rate %s, cosine after 10 steps of warm-up, clipped to"
                + " 1; squared error of all frames but the first",
            training.steps(), SamplingTraining.BATCH, SamplingTraining.RATE));
    map.put("scheduled", "the share of true frames falls from 1 to 0 over the first two thirds");
    map.put(
        "reverse",
        "s1 after a third, s2 after two thirds, alpha a fifteenth of the steps: the official"
            + " proportions but for alpha");
    map.put(
        "judged",
        Numbers.text(
            "on %d sequences of digits never seen, its own frames fed back", films.tests()));
    return map;
  }

  private static List<List<String>> claims(SamplingTraining training, Map<Reading, List<Run>> all) {
    return List.of(
        List.of(
            "Stacked ST-LSTMs need tricks of training such as scheduled sampling (000, 002; no"
                + " figures given).",
            found(training, all)));
  }

  private static String found(SamplingTraining training, Map<Reading, List<Run>> all) {
    var films = training.films();
    var scheduled = ratio(films, all.get(Reading.SCHEDULED));
    var text = new StringBuilder();
    for (var other : List.of(Reading.TRUTH, Reading.OWN, Reading.REVERSE)) {
      var spread = ratio(films, all.get(other));
      text.append(
          Numbers.text(
              "Scheduled sampling (error %s of the mean image's) is better than \"%s\" (%s) with %d"
                  + " of %d seeds, %s. ",
              scheduled.text("%.3f"),
              other.label(),
              spread.text("%.3f"),
              better(scheduled, spread),
              scheduled.values().length,
              verdict(scheduled, spread)));
    }
    ToDoubleFunction<Run> shown = Run::shown;
    return text.append(
            Numbers.text(
                "One frame ahead, with all true frames shown, the squared error is %s for the one"
                    + " that always read them and %s for scheduled sampling.",
                Spread.of(all.get(Reading.TRUTH), shown).text("%.4f"),
                Spread.of(all.get(Reading.SCHEDULED), shown).text("%.4f")))
        .toString();
  }

  private static long better(Spread one, Spread other) {
    return IntStream.range(0, one.values().length)
        .filter(i -> one.values()[i] < other.values()[i])
        .count();
  }

  private static String verdict(Spread one, Spread other) {
    return one.greatest() < other.least() || one.least() > other.greatest()
        ? "and the seeds do not overlap"
        : "but the seeds overlap";
  }
}
