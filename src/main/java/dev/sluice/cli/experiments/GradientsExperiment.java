package dev.sluice.cli.experiments;

import dev.sluice.cli.pictures.RunChart;
import dev.sluice.cli.pictures.RunChart.Scale;
import dev.sluice.cli.pictures.RunChart.Series;
import dev.sluice.nn.Parameter;
import dev.sluice.nn.Rnn;
import dev.sluice.nn.RnnBuilder;
import dev.sluice.nn.RnnInit;
import dev.sluice.train.Adam;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/** How gradients die or explode over time, and what changes it. */
final class GradientsExperiment implements Experiment {
  private static final List<String> HEADER =
      List.of(
          "network",
          "dL/dh at the first step, as a share of the last",
          "factor a step",
          "bound's factor a step",
          "nearest to the bound",
          "mean forget gate");

  /** A network and how it begins. */
  private record Net(
      String name, int colour, Supplier<RnnBuilder> builder, Consumer<Rnn> change, int steps) {
    Net(String name, int colour, Supplier<RnnBuilder> builder) {
      this(name, colour, builder, rnn -> {}, 0);
    }

    Net times(String other, int paint, double factor) {
      return new Net(other, paint, builder, rnn -> scale(rnn, factor), 0);
    }

    Net trained(int most) {
      return new Net(name, colour, builder, change, most);
    }
  }

  /** The flows of one network, a seed each, and its test error after training. */
  private record Result(Net net, List<Flow> flows, Spread error) {
    Spread first() {
      return Spread.of(flows, Flow::first);
    }

    List<double[]> lines(Function<Flow, double[]> line) {
      return flows.stream().map(line).toList();
    }
  }

  @Override
  public String name() {
    return "gradients";
  }

  @Override
  public String question() {
    return "how gradients die or explode over time, and what changes it";
  }

  private static int length(Lab lab) {
    return lab.size(100, 50);
  }

  private static int hidden(Lab lab) {
    return lab.size(64, 24);
  }

  @Override
  public Document run(Lab lab) {
    int hidden = hidden(lab);
    var tanh = new Net("RNN tanh", 0, () -> Rnn.tanh(2, hidden));
    var relu = new Net("RNN ReLU", 5, () -> Rnn.relu(2, hidden));
    var irnn = new Net("IRNN", 3, () -> Rnn.relu(2, hidden).init(RnnInit.IRNN));
    var lstm = new Net("LSTM", 1, () -> Rnn.lstm(2, hidden));
    var gru = new Net("GRU", 2, () -> Rnn.gru(2, hidden));
    var orthogonal = new Net("tanh, orthogonal", 2, () -> Rnn.tanh(2, hidden).init(RnnInit.KERAS));
    var open = new Net("LSTM, forget bias 1", 3, () -> Rnn.lstm(2, hidden).forgetBias(1));
    var wide = new Net("LSTM, forget bias 3", 0, () -> Rnn.lstm(2, hidden).forgetBias(3));
    var start = results(lab, List.of(tanh, relu, irnn, lstm, gru));
    var begun =
        results(
            lab,
            List.of(
                orthogonal,
                orthogonal.times("tanh, orthogonal x 0.9", 0, 0.9),
                orthogonal.times("tanh, orthogonal x 1.5", 1, 1.5),
                irnn.times("ReLU, identity x 0.9", 5, 0.9),
                irnn.times("ReLU, identity x 1.1", 4, 1.1)));
    var gated = results(lab, List.of(lstm, open, wide));
    var after =
        results(
            lab,
            List.of(
                tanh.trained(lab.size(500, 100)),
                open.trained(lab.size(1500, 200)),
                gru.trained(lab.size(500, 100))));
    return document(lab, start, begun, gated, after, ClippingRun.all(lab, hidden, length(lab)));
  }

  private static void scale(Rnn rnn, double factor) {
    Parameter recurrent = rnn.parameters().get(1);
    var values = recurrent.value().floats();
    for (int i = 0; i < values.length; i++) {
      values[i] *= (float) factor;
    }
    recurrent.value().set(values);
    recurrent.changed();
  }

  private static List<Result> results(Lab lab, List<Net> nets) {
    return nets.stream().map(net -> result(lab, net)).toList();
  }

  private static Result result(Lab lab, Net net) {
    var flows = new ArrayList<Flow>();
    var errors = new double[lab.seeds().size()];
    for (long seed : lab.seeds()) {
      try (var arena = lab.device().arena();
          var loop =
              lab.loop(
                  Numbers.text("%s%s, seed %d", net.name, net.steps > 0 ? ", training" : "", seed),
                  net.steps,
                  AddingTraining.BATCH)) {
        var model = LastState.of(net.builder.get(), 1, seed, arena);
        net.change.accept(model.rnn());
        double rate = net.name.startsWith("RNN") ? 1e-3 : 5e-3;
        var adam = new Adam(model.parameters(), rate, arena);
        var training = new AddingTraining(lab.device(), model, adam, 1, length(lab), seed);
        while (loop.next()) {
          loop.took(training.step());
        }
        errors[flows.size()] = training.error();
        flows.add(Flow.of(lab.device(), net.builder, model, length(lab), seed));
      }
    }
    return new Result(net, flows, new Spread(errors));
  }

  private static Document document(
      Lab lab,
      List<Result> start,
      List<Result> begun,
      List<Result> gated,
      List<Result> after,
      List<ClippingRun> clipped) {
    int steps = length(lab);
    var document =
        lab.document("How gradients die and explode over time")
            .paragraph(
                Numbers.text(
                    "A network reads %d steps and a loss looks at its last state alone. Drawn is"
                        + " the norm of the gradient that arrives d steps before the last, as a"
                        + " share of the gradient at the last: a level line carries everything, a"
                        + " falling one forgets, a rising one explodes.",
                    steps))
            .section("What the tutorials say, and what was found")
            .table(
                "",
                List.of("the tutorials (number)", "found"),
                new GradientClaims(
                        steps,
                        named(start),
                        named(begun),
                        named(gated),
                        named(after),
                        errors(after))
                    .rows(clipped));
    document
        .section("Before training")
        .picture(
            "gradients-start",
            "As PyTorch begins them, and IRNN: dL/dh d steps back; thin lines are seeds",
            chart("Five networks before training", start, Flow::state, "dL/dh, share of the last"))
        .table("", HEADER, start.stream().map(GradientsExperiment::row).toList())
        .picture(
            "gradients-bound",
            "The sum inside of f, solid, and the bound (beta_f beta_W)^d on it, dashed",
            bounds(start))
        .section("Initialisation")
        .picture(
            "gradients-initialisation",
            "Recurrent weights that begin as a multiple of an orthogonal matrix or of the identity",
            chart("What W_hh begins with", begun, Flow::state, "dL/dh, share of the last"))
        .table("", HEADER, begun.stream().map(GradientsExperiment::row).toList())
        .section("Gates")
        .picture(
            "gradients-gates",
            "LSTM: dL/dc d steps back, solid, and what the forget gate alone lets through, the mean"
                + " of f to the power d - 1, dashed",
            gates(gated))
        .table("", HEADER, gated.stream().map(GradientsExperiment::row).toList())
        .section("After training on the adding problem")
        .picture(
            "gradients-trained",
            "dL/dh d steps back in trained networks",
            chart("After training", after, Flow::state, "dL/dh, share of the last"))
        .table("", HEADER, after.stream().map(GradientsExperiment::row).toList());
    ClippingRun.describe(document, clipped);
    return document.section("Settings").facts(settings(lab, after));
  }

  private static LinkedHashMap<String, List<Flow>> named(List<Result> results) {
    var map = new LinkedHashMap<String, List<Flow>>();
    results.forEach(r -> map.put(r.net.name, r.flows));
    return map;
  }

  private static LinkedHashMap<String, Spread> errors(List<Result> results) {
    var map = new LinkedHashMap<String, Spread>();
    results.forEach(r -> map.put(r.net.name, r.error));
    return map;
  }

  private static List<String> row(Result result) {
    var bound = Spread.of(result.flows, Flow::factor);
    boolean bounded = Double.isFinite(bound.mean());
    var forget = Spread.of(result.flows, Flow::forget);
    return List.of(
        result.net.name
            + (result.net.steps > 0 ? Numbers.text(" after %,d steps", result.net.steps) : ""),
        Numbers.short3(result.first().least()) + " to " + Numbers.short3(result.first().greatest()),
        Spread.of(result.flows, Flow::perStep).text("%.3f"),
        bounded ? bound.text("%.3f") : "",
        bounded ? Numbers.short3(Spread.of(result.flows, Flow::nearestToBound).greatest()) : "",
        Double.isFinite(forget.mean()) ? forget.text("%.3f") : "");
  }

  private static double[] back(double[] line) {
    var x = new double[line.length];
    Arrays.setAll(x, d -> d);
    return x;
  }

  private static Series series(Result r, String name, boolean dashed, List<double[]> lines) {
    return new Series(name, r.net.colour, dashed, back(lines.getFirst()), lines);
  }

  private static byte[] chart(
      String title, List<Result> results, Function<Flow, double[]> line, String label) {
    var series = results.stream().map(r -> series(r, r.net.name, false, r.lines(line))).toList();
    return picture(title, label, series);
  }

  private static byte[] picture(String title, String label, List<Series> series) {
    return new RunChart(title, "steps back from the last, d", label, Scale.LOGARITHMIC, series)
        .png();
  }

  private static byte[] bounds(List<Result> start) {
    var series = new ArrayList<Series>();
    for (var r : start.subList(0, 3)) {
      series.add(series(r, r.net.name, false, r.lines(Flow::sum)));
    }
    var plain = start.get(0).lines(Flow::bound);
    // The two begin with the same weights, and both functions are as steep as 1 somewhere.
    series.add(new Series("bound of tanh and ReLU", 4, true, back(plain.getFirst()), plain));
    var irnn = start.get(2);
    series.add(series(irnn, "bound of IRNN", true, irnn.lines(Flow::bound)));
    return picture("The bound beside it", "dL/da, share of the last", series);
  }

  private static byte[] gates(List<Result> gated) {
    var series = new ArrayList<Series>();
    for (var r : gated) {
      series.add(series(r, r.net.name, false, r.lines(Flow::cell)));
      series.add(series(r, "gate alone", true, r.lines(GradientsExperiment::gateAlone)));
    }
    return picture("What the forget gate lets through", "dL/dc, share of the last", series);
  }

  private static double[] gateAlone(Flow flow) {
    var line = new double[flow.cell().length];
    Arrays.setAll(line, d -> d == 0 ? Double.NaN : Math.pow(flow.forget(), d - 1.0));
    return line;
  }

  private static LinkedHashMap<String, Object> settings(Lab lab, List<Result> after) {
    var map = new LinkedHashMap<String, Object>();
    map.put("steps T", length(lab));
    map.put("hidden units", hidden(lab));
    map.put("input", "32 sequences of the adding problem");
    map.put("loss", "mean squared error of a linear layer that reads the last state");
    map.put("numbers", "float64 for the gradients drawn, float32 for training");
    map.put("begins", "U(-1/sqrt(H), 1/sqrt(H)) as in PyTorch where nothing else is said");
    map.put("IRNN", "max(a, 0), W_hh the identity, W_ih from N(0, 0.001^2), biases 0 (Le 2015)");
    map.put("orthogonal", "W_hh orthogonal, W_ih Glorot uniform, biases 0, as in Keras");
    map.put(
        "training",
        "Adam, 0.001 for RNN tanh, 0.005 for the others, clipped to a norm of 1, batch 64");
    after.forEach(r -> map.put("test error of " + r.net.name, r.error.text("%.4f")));
    return map;
  }
}
