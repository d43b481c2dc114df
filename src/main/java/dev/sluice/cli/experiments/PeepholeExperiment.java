package dev.sluice.cli.experiments;

import dev.sluice.cli.experiments.PeepholeTraining.Peepholes;
import dev.sluice.cli.experiments.PeepholeTraining.Run;
import dev.sluice.cli.pictures.FrameRows;
import dev.sluice.cli.pictures.RunChart;
import dev.sluice.cli.pictures.RunChart.Scale;
import dev.sluice.cli.pictures.RunChart.Series;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Function;

/** ConvLSTM with and without the cell in its gates. */
final class PeepholeExperiment implements Experiment {
  private static final int EVERY = 10;

  private static final List<String> HEADER =
      List.of(
          "setting",
          "peepholes",
          "parameters",
          "seeds that broke down",
          "error over mean image's",
          "seed by seed",
          "gradient norm, median of the last third",
          "largest after step 20",
          "gradient to the earliest input over that to the latest",
          "processor milliseconds a step");

  @Override
  public String name() {
    return "peephole";
  }

  @Override
  public String question() {
    return "whether gates that look at the cell harm a ConvLSTM, or help it";
  }

  private static Films films(Lab lab) {
    return lab.size(new Films(64, 2, 10, 10, 64), new Films(32, 2, 5, 5, 16));
  }

  private static List<Integer> hidden(Lab lab) {
    return List.of(lab.size(16, 8));
  }

  @Override
  public Document run(Lab lab) {
    var films = films(lab);
    var mean = films.meanImage(lab.size(1000, 100));
    var hidden = hidden(lab);
    int steps = lab.size(300, 60);
    var none = new Peepholes("none", 0, Double.NaN);
    var zero = new Peepholes("from 0", 1, 0);
    var some = new Peepholes("from N(0, 0.1)", 2, 0.1);
    var large = new Peepholes("from N(0, 1)", 3, 1);
    var usual = new PeepholeTraining(films, hidden, 3e-3, steps, mean);
    var results = new ArrayList<>(results(lab, "usual", usual, List.of(none, zero, some, large)));
    if (!lab.quick()) {
      var fast = new PeepholeTraining(films, hidden, 3e-2, 100, mean);
      results.addAll(results(lab, "rate 0.03", fast, List.of(none, zero, large)));
      var deep = new PeepholeTraining(films, List.of(16, 16), 3e-3, 100, mean);
      results.addAll(results(lab, "two layers", deep, List.of(none, zero, large)));
      var longer = new PeepholeTraining(new Films(64, 2, 30, 30, 16), hidden, 3e-3, 50, mean);
      results.addAll(results(lab, "30 + 30 frames", longer, List.of(none, zero, large)));
    }
    return document(lab, results);
  }

  private static List<PeepholeResult> results(
      Lab lab, String setting, PeepholeTraining training, List<Peepholes> all) {
    return all.stream()
        .map(
            peepholes ->
                new PeepholeResult(
                    setting,
                    peepholes,
                    lab.seeds().stream()
                        .map(
                            seed ->
                                training.run(
                                    lab,
                                    Numbers.text(
                                        "%s, peepholes %s, seed %d",
                                        setting, peepholes.name(), seed),
                                    peepholes,
                                    seed))
                        .toList()))
        .toList();
  }

  private static Document document(Lab lab, List<PeepholeResult> results) {
    var films = films(lab);
    var usual = results.stream().filter(r -> r.setting().equals("usual")).toList();
    return lab.document("ConvLSTM with and without peepholes")
        .paragraph(
            "With peepholes the gates i and f of a ConvLSTM also see C_{t-1}, and o sees C_t, each"
                + " through a map of weights as large as the frame (Shi 2015). An encoder and a"
                + " forecaster of such cells learn to foresee moving digits; nothing is clipped, so"
                + " that a gradient that explodes would be seen.")
        .section("What the tutorials say, and what was found")
        .table("", List.of("the tutorials (number)", "found"), new PeepholeClaims(results).rows())
        .section("Figures")
        .table("", HEADER, results.stream().map(PeepholeExperiment::row).toList())
        .picture(
            "peephole-loss",
            "Training loss, mean of ten steps; thin lines are seeds",
            steps(usual, "Training loss", "squared error", Scale.LINEAR, Run::losses, true))
        .picture(
            "peephole-norm",
            "Norm of the gradient, the largest of ten steps",
            steps(usual, "Gradient", "norm", Scale.LOGARITHMIC, Run::norms, false))
        .picture(
            "peephole-inputs",
            "Norm of the gradient to each frame seen, after training",
            inputs(usual))
        .picture(
            "peephole-frames",
            "A test sequence: what came, and what the first seed's models foresee",
            frames(films, usual))
        .section("Settings")
        .facts(settings(lab));
  }

  private static List<String> row(PeepholeResult r) {
    return List.of(
        r.setting(),
        r.peepholes().name(),
        Numbers.text("%,d", r.runs().getFirst().parameters()),
        r.broken() + " of " + r.runs().size(),
        r.of(Run::ratio).text("%.3f"),
        r.of(Run::ratio).each("%.3f").replace("never", "broke down"),
        r.of(Run::usual).text("%.4f"),
        r.of(Run::spike).text("%.3f"),
        r.of(Run::earliest).text("%.3f"),
        r.of(Run::millis).text("%.1f"));
  }

  private static byte[] steps(
      List<PeepholeResult> results,
      String title,
      String label,
      Scale scale,
      Function<Run, double[]> values,
      boolean mean) {
    var series = new ArrayList<Series>();
    for (var r : results) {
      var runs = r.runs().stream().map(values).map(v -> blocks(v, mean)).toList();
      var x = new double[runs.getFirst().length];
      Arrays.setAll(x, i -> (i + 1) * EVERY);
      series.add(new Series(legend(r), r.peepholes().colour(), false, x, runs));
    }
    return new RunChart(title, "training steps", label, scale, series).png();
  }

  private static String legend(PeepholeResult r) {
    return "peepholes " + r.peepholes().name();
  }

  /** The mean, or the largest, of every ten. */
  private static double[] blocks(double[] values, boolean mean) {
    var blocks = new double[values.length / EVERY];
    for (int i = 0; i < blocks.length; i++) {
      var some = Arrays.stream(values, i * EVERY, (i + 1) * EVERY);
      blocks[i] = (mean ? some.average() : some.max()).orElseThrow();
    }
    return blocks;
  }

  private static byte[] inputs(List<PeepholeResult> results) {
    var series = new ArrayList<Series>();
    for (var r : results) {
      var runs = r.runs().stream().map(Run::inputs).toList();
      var x = new double[runs.getFirst().length];
      Arrays.setAll(x, t -> t + 1);
      series.add(new Series(legend(r), r.peepholes().colour(), false, x, runs));
    }
    return new RunChart(
            "Which input the loss depends on", "frame seen", "|dL/dx|", Scale.LOGARITHMIC, series)
        .png();
  }

  private static byte[] frames(Films films, List<PeepholeResult> results) {
    var all = films.test(0, 1);
    var rows = new ArrayList<FrameRows.Row>();
    int pixels = films.size() * films.size();
    rows.add(
        new FrameRows.Row("what came", Arrays.copyOfRange(all, films.seen() * pixels, all.length)));
    results.forEach(r -> rows.add(new FrameRows.Row(legend(r), r.runs().getFirst().clip())));
    return new FrameRows(films.size(), films.size(), films.seen() + 1, rows).png();
  }

  private static LinkedHashMap<String, Object> settings(Lab lab) {
    var films = films(lab);
    var map = new LinkedHashMap<String, Object>();
    map.put("data", films);
    map.put(
        "model",
        Numbers.text(
            "encoder and forecaster, a ConvLSTM of %s channels each, kernel 3, patch 4",
            hidden(lab).getFirst()));
    map.put(
        "training",
        Numbers.text(
            "Adam, rate 0.003, %d steps of %d sequences, squared error, no clipping",
            lab.size(300, 60), PeepholeTraining.BATCH));
    if (!lab.quick()) {
      map.put("rate 0.03", "ten times the rate, 100 steps");
      map.put("two layers", "two layers in the encoder and in the forecaster, 100 steps");
      map.put("30 + 30 frames", "30 frames seen, 30 foreseen, 50 steps; judged on 16 sequences");
    }
    map.put(
        "judged",
        Numbers.text(
            "on %d sequences of digits never seen: squared error over that of the mean training"
                + " image; below 1 is better",
            films.tests()));
    map.put("gradient to inputs", "of the loss of 16 test sequences, after training");
    return map;
  }
}
