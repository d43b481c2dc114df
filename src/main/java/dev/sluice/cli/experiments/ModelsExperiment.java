package dev.sluice.cli.experiments;

import dev.sluice.cli.experiments.ModelsTraining.Net;
import dev.sluice.cli.experiments.ModelsTraining.Run;
import dev.sluice.cli.pictures.RunChart;
import dev.sluice.cli.pictures.RunChart.Scale;
import dev.sluice.cli.pictures.RunChart.Series;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** ConvLSTM, ConvGRU and PredRNN on moving digits, at equal sequences and at equal time. */
final class ModelsExperiment implements Experiment {
  @Override
  public String name() {
    return "models";
  }

  @Override
  public String question() {
    return "which of ConvLSTM, ConvGRU and PredRNN foresees moving digits best";
  }

  @Override
  public Document run(Lab lab) {
    var films = lab.size(new Films(64, 2, 10, 10, 256), new Films(32, 1, 3, 3, 16));
    var training =
        new ModelsTraining(
            films, lab.size(List.of(16, 16), List.of(4)), films.meanImage(lab.size(1000, 100)));
    long sequences = lab.size(1200L, 80L);
    warmUp(lab, training);
    var equal = new EnumMap<Net, List<Run>>(Net.class);
    for (var net : Net.values()) {
      var runs = new ArrayList<Run>();
      for (long seed : lab.seeds()) {
        runs.add(training.run(lab, net, sequences, seed));
      }
      equal.put(net, runs);
    }
    return document(lab, training, equal, inTheTimeOfTheSlowest(lab, training, equal));
  }

  /** Lets the compiler finish before time counts. */
  private static void warmUp(Lab lab, ModelsTraining training) {
    var f = training.films();
    var few = new Films(f.size(), f.digits(), f.seen(), f.ahead(), 16);
    var small = new ModelsTraining(few, training.hidden(), training.meanImage());
    for (var net : Net.values()) {
      small.run(lab, net, lab.size(80L, 8L), lab.seeds().getFirst());
    }
  }

  /** As many sequences as the others can see while the slowest sees what all saw. */
  private static Map<Net, List<Run>> inTheTimeOfTheSlowest(
      Lab lab, ModelsTraining training, Map<Net, List<Run>> equal) {
    double longest = equal.values().stream().mapToDouble(ModelsExperiment::seconds).max().orElse(0);
    var timed = new EnumMap<Net, List<Run>>(Net.class);
    equal.forEach(
        (net, runs) -> {
          double factor = longest / seconds(runs);
          long sequences = Math.round(runs.getFirst().sequences() * factor);
          timed.put(
              net,
              factor == 1
                  ? runs
                  : lab.seeds().stream()
                      .map(seed -> training.run(lab, net, sequences, seed))
                      .toList());
        });
    return timed;
  }

  private static double seconds(List<Run> runs) {
    return Spread.of(runs, Run::seconds).mean();
  }

  private static Document document(
      Lab lab, ModelsTraining training, Map<Net, List<Run>> equal, Map<Net, List<Run>> timed) {
    return lab.document("ConvLSTM, ConvGRU and PredRNN on moving digits")
        .paragraph(
            "Each model sees "
                + training.films().seen()
                + " frames and foresees "
                + training.films().ahead()
                + ". They learn once from equally many sequences, and once for as long as the"
                + " slowest of them took for these, in processor seconds. The error is over that"
                + " of the mean training image, which foresees nothing: below 1 is better.")
        .section("What was found")
        .paragraph(found("At equal sequences", equal) + " " + found("At equal time", timed))
        .section("Figures")
        .table("Equal sequences", header(training), rows(training, equal))
        .table("Equal time", header(training), rows(training, timed))
        .picture(
            "models-error",
            "Error of each foreseen frame at equal time, over the mean training image's",
            perFrame(training, timed))
        .picture(
            "models-sequences",
            "Training loss over sequences at equal sequences, mean of ten steps; PredRNN's is over"
                + " all frames but the first, the others' over those foreseen",
            losses(equal))
        .section("Settings")
        .facts(settings(training));
  }

  private static String found(String where, Map<Net, List<Run>> all) {
    var text = new StringBuilder(where).append(": ");
    var parts = new ArrayList<String>();
    all.entrySet().stream()
        .sorted((a, b) -> Double.compare(error(a.getValue()), error(b.getValue())))
        .forEach(e -> parts.add(Numbers.text("%s %.3f", e.getKey().label(), error(e.getValue()))));
    text.append(String.join(", ", parts)).append(" of the mean image's error over all frames.");
    int seeds = all.values().iterator().next().size();
    if (seeds < 3) {
      text.append(Numbers.text(" With %d seed, small differences say nothing.", seeds));
    }
    return text.toString();
  }

  private static double error(List<Run> runs) {
    return Spread.of(runs, r -> r.ratio(r.scores().frames())).mean();
  }

  private static List<String> header(ModelsTraining training) {
    return List.of(
        "model",
        "parameters",
        "sequences",
        "processor seconds",
        Numbers.text("error, %d frames", training.films().ahead()),
        "frames 1 to 3",
        "correlation at frame 3",
        "SSIM");
  }

  private static List<List<String>> rows(ModelsTraining training, Map<Net, List<Run>> all) {
    var rows = new ArrayList<List<String>>();
    all.forEach(
        (net, runs) ->
            rows.add(
                List.of(
                    net.label(),
                    Numbers.text("%,d", runs.getFirst().parameters()),
                    Numbers.text("%,d", runs.getFirst().sequences()),
                    Spread.of(runs, Run::seconds).text("%.0f"),
                    Spread.of(runs, r -> r.ratio(training.films().ahead())).text("%.3f"),
                    Spread.of(runs, r -> r.ratio(3)).text("%.3f"),
                    Spread.of(runs, r -> r.correlation(3)).text("%.3f"),
                    Spread.of(runs, r -> r.scores().ssim()).text("%.3f"))));
    var scores = all.values().iterator().next().getFirst().scores();
    double mean = scores.meanImage().mse(scores.frames());
    rows.add(
        List.of(
            "last frame repeated",
            "",
            "",
            "",
            Numbers.text("%.3f", scores.lastFrame().mse(scores.frames()) / mean),
            Numbers.text("%.3f", scores.lastFrame().mse(3) / scores.meanImage().mse(3)),
            Numbers.text("%.3f", scores.lastFrame().correlation()[2]),
            ""));
    return rows;
  }

  private static byte[] perFrame(ModelsTraining training, Map<Net, List<Run>> all) {
    var series = new ArrayList<Series>();
    int frames = training.films().ahead();
    all.forEach(
        (net, runs) ->
            series.add(
                new Series(
                    net.label(),
                    net.ordinal(),
                    false,
                    numbers(frames, 1),
                    runs.stream().map(ModelsExperiment::ratios).toList())));
    series.add(Series.level("mean training image", 4, 1, frames, 1));
    return new RunChart(
            "Error by foreseen frame",
            "foreseen frame",
            "squared error over the mean image's",
            Scale.LINEAR,
            series)
        .png();
  }

  private static double[] ratios(Run run) {
    var mean = run.scores().meanImage().mse();
    var ratios = run.scores().model().mse().clone();
    Arrays.setAll(ratios, t -> ratios[t] / mean[t]);
    return ratios;
  }

  private static byte[] losses(Map<Net, List<Run>> all) {
    var series = new ArrayList<Series>();
    all.forEach(
        (net, runs) -> {
          var lines = runs.stream().map(r -> ModelsTraining.smooth(r.losses())).toList();
          var x = numbers(lines.getFirst().length, 10 * ModelsTraining.BATCH);
          series.add(new Series(net.label(), net.ordinal(), false, x, lines));
        });
    return new RunChart("Training loss", "sequences", "squared error", Scale.LINEAR, series).png();
  }

  private static double[] numbers(int count, int factor) {
    var x = new double[count];
    Arrays.setAll(x, i -> (i + 1) * factor);
    return x;
  }

  private static Map<String, Object> settings(ModelsTraining training) {
    var map = new LinkedHashMap<String, Object>();
    map.put("data", training.films());
    map.put("test", training.films().tests() + " sequences of digits that no training has");
    map.put("layers", training.hidden() + " channels, kernels 3x3, patches 4x4, no peepholes");
    map.put("ConvLSTM, ConvGRU", "encoder and forecaster with copied states, frames by a sigmoid");
    map.put("PredRNN", "zigzag memory, own frames read after those seen, also while learning");
    map.put("batch", ModelsTraining.BATCH);
    map.put(
        "optimiser",
        "Adam, cosine after 30 steps of warm-up, from a rate of %s, %s and %s; gradients clipped to"
                .formatted(Net.CONV_LSTM.rate(), Net.CONV_GRU.rate(), Net.PRED_RNN.rate())
            + " a norm of 1; no rate was searched for");
    return map;
  }
}
