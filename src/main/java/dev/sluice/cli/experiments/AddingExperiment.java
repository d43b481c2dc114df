package dev.sluice.cli.experiments;

import dev.sluice.cli.pictures.RunChart;
import dev.sluice.cli.pictures.RunChart.Series;
import dev.sluice.nn.Rnn;
import dev.sluice.nn.RnnBuilder;
import dev.sluice.nn.RnnInit;
import dev.sluice.train.Adam;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Supplier;

/** Which networks learn to add two numbers that are far apart. */
final class AddingExperiment implements Experiment {

  @Override
  public String name() {
    return "adding";
  }

  @Override
  public String question() {
    return "which networks add two numbers that are 100 steps and more apart";
  }

  private static List<AddingRun.Net> nets(Lab lab) {
    int hidden = lab.size(64, 32);
    Supplier<RnnBuilder> tanh = () -> Rnn.tanh(2, hidden);
    Supplier<RnnBuilder> irnn = () -> Rnn.relu(2, hidden).init(RnnInit.IRNN);
    Supplier<RnnBuilder> lstm = () -> Rnn.lstm(2, hidden).forgetBias(1);
    Supplier<RnnBuilder> shut = () -> Rnn.lstm(2, hidden);
    Supplier<RnnBuilder> gru = () -> Rnn.gru(2, hidden);
    if (lab.quick()) {
      return List.of(
          new AddingRun.Net("RNN tanh", 0, tanh, 1e-3, 50, 600),
          new AddingRun.Net("LSTM", 1, lstm, 5e-3, 50, 1500),
          new AddingRun.Net("GRU", 2, gru, 5e-3, 50, 600));
    }
    return List.of(
        new AddingRun.Net("RNN tanh", 0, tanh, 1e-3, 100, 1000),
        new AddingRun.Net("IRNN", 3, irnn, 1e-3, 100, 2500),
        new AddingRun.Net("LSTM, no forget bias", 5, shut, 5e-3, 100, 2500),
        new AddingRun.Net("LSTM", 1, lstm, 5e-3, 100, 2500),
        new AddingRun.Net("GRU", 2, gru, 5e-3, 100, 1000),
        new AddingRun.Net("RNN tanh", 0, tanh, 1e-3, 200, 500),
        new AddingRun.Net("GRU", 2, gru, 5e-3, 200, 1500));
  }

  @Override
  public Document run(Lab lab) {
    var all = new LinkedHashMap<AddingRun.Net, List<AddingRun>>();
    for (var net : nets(lab)) {
      var runs = new ArrayList<AddingRun>();
      for (long seed : lab.seeds()) {
        runs.add(train(lab, net, seed));
      }
      all.put(net, runs);
    }
    return document(lab, all);
  }

  private static AddingRun train(Lab lab, AddingRun.Net net, long seed) {
    var clock = Clock.now();
    var what = Numbers.text("%s, seed %d", net.title(), seed);
    try (var arena = lab.device().arena();
        var loop = lab.loop(what, net.steps(), AddingTraining.BATCH)) {
      var model = LastState.of(net.builder().get(), 1, seed, arena);
      var adam = new Adam(model.parameters(), net.rate(), arena);
      var training = new AddingTraining(lab.device(), model, adam, 1, net.length(), seed);
      var errors = new ArrayList<Double>(List.of(training.error()));
      while (errors.getLast() >= AddingRun.BAR && loop.next()) {
        if (loop.took(training.step()) % AddingRun.EVERY == 0) {
          errors.add(training.error());
        }
      }
      return new AddingRun(
          net,
          model.parameterCount(),
          errors.stream().mapToDouble(e -> e).toArray(),
          training.variance(),
          clock.processorSeconds());
    }
  }

  private static Document document(Lab lab, LinkedHashMap<AddingRun.Net, List<AddingRun>> all) {
    var document =
        lab.document("The adding problem")
            .paragraph(
                "Each sequence has T random numbers from 0 to 1, two of which are marked, one in"
                    + " each half; the network is asked for their sum at the end. Whoever always"
                    + " answers with the mean has an error of the target's variance, about 1/6."
                    + " The longer the sequence, the farther a gradient must reach. A training"
                    + " ends when its test error is below 0.01, or after the most steps it may"
                    + " take.")
            .section("What the tutorials say, and what was found")
            .table("", List.of("the tutorials (number)", "found"), new AddingClaims(all).rows())
            .section("Figures")
            .table("", HEADER, rows(all));
    all.keySet().stream()
        .map(AddingRun.Net::length)
        .distinct()
        .forEach(t -> picture(document, all, t));
    return document.section("Settings").facts(settings(lab));
  }

  private static final List<String> HEADER =
      List.of(
          "network",
          "parameters",
          "rate",
          "steps until below 0.01, seed by seed",
          "most steps",
          "test error at the end",
          "variance of the target",
          "processor seconds a run");

  private static List<List<String>> rows(LinkedHashMap<AddingRun.Net, List<AddingRun>> all) {
    var rows = new ArrayList<List<String>>();
    all.forEach(
        (net, runs) ->
            rows.add(
                List.of(
                    net.title(),
                    Numbers.text("%,d", runs.getFirst().parameters()),
                    String.valueOf(net.rate()),
                    AddingClaims.steps(runs),
                    Numbers.text("%,d", net.steps()),
                    Spread.of(runs, AddingRun::last).text("%.4f"),
                    Spread.of(runs, AddingRun::variance).text("%.4f"),
                    Spread.of(runs, AddingRun::seconds).text("%.1f"))));
    return rows;
  }

  private static void picture(
      Document document, LinkedHashMap<AddingRun.Net, List<AddingRun>> all, int length) {
    var series = new ArrayList<Series>();
    int most = 0;
    for (var entry : all.entrySet()) {
      var net = entry.getKey();
      if (net.length() == length) {
        var errors = entry.getValue().stream().map(AddingRun::errors).toList();
        int points = errors.stream().mapToInt(e -> e.length).max().orElse(0);
        var x = new double[points];
        Arrays.setAll(x, i -> i * AddingRun.EVERY);
        series.add(new Series(net.name(), net.colour(), false, x, errors));
        most = Math.max(most, (points - 1) * AddingRun.EVERY);
      }
    }
    series.add(Series.level("always the mean: 1/6", 4, 0, most, 1 / 6.0));
    series.add(Series.level("0.01", 6, 0, most, AddingRun.BAR));
    document.picture(
        "adding-" + length,
        "Test error over training steps, T = "
            + length
            + ": thin lines are seeds, thick ones their mean as far as all go",
        new RunChart(
                "The adding problem, T = " + length,
                "training steps",
                "mean squared error on 1,000 test sequences",
                RunChart.Scale.LOGARITHMIC,
                series)
            .png());
  }

  private static LinkedHashMap<String, Object> settings(Lab lab) {
    var map = new LinkedHashMap<String, Object>();
    map.put("hidden units", lab.size(64, 32));
    map.put("batch", "64 new sequences a step");
    map.put("test", "1,000 sequences, every 50 steps");
    map.put("optimiser", "Adam, constant rate, gradients clipped to a norm of 1");
    map.put(
        "LSTM", "with a constant of 1 inside the forget gate, but for the one with no forget bias");
    map.put("IRNN", "max(a, 0), recurrent weights begin as the identity (Le 2015)");
    map.put("all other weights", "as in PyTorch, U(-1/sqrt(H), 1/sqrt(H))");
    return map;
  }
}
