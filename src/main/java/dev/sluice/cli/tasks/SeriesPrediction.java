package dev.sluice.cli.tasks;

import dev.sluice.Shape;
import dev.sluice.cli.pictures.Curve;
import dev.sluice.data.Series;
import dev.sluice.nn.Pass;
import dev.sluice.weights.AtomicFile;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Foresees what comes after the end of a series. A model that looks h steps ahead foresees the next
 * h values from values that are known, and those after them from its own forecasts.
 *
 * @param question what was asked
 * @param series whose end it is
 */
record SeriesPrediction(Question question, Series series) {
  private static final int SHOWN = 4;

  void run() {
    var frame = SeriesFrame.of(question.config());
    int steps = question.ahead() == null ? Math.max(12, frame.ahead()) : question.ahead();
    Recipe.require(steps >= 1 && steps <= 1 << 20, "--ahead", "1 to 2^20 steps", steps);
    int known = series.values().length;
    if (known < frame.needed()) {
      throw new IllegalArgumentException(
          "series %s: expected %d values or more, as the model sees %d, got %d"
              .formatted(series.name(), frame.needed(), frame.seen(), known));
    }
    write(forecast(frame, steps), known);
  }

  /** The series, and behind its end the forecasts. */
  private double[] forecast(SeriesFrame frame, int steps) {
    int known = series.values().length;
    var values = Arrays.copyOf(series.values(), known + steps);
    try (var device = question.device().get();
        var arena = device.arena("the model")) {
      var model = SequenceStack.load(question.model(), question.config(), arena);
      for (int at = known; at < values.length; at++) {
        int end = at - frame.ahead() + 1;
        try (var pass = Pass.inference(device)) {
          var x = pass.tensor(Shape.of(frame.seen(), 1, 1), frame.window(values, end));
          values[at] = frame.value(values, end, model.forward(pass, x).floats()[0]);
        }
      }
    }
    return values;
  }

  private void write(double[] values, int known) {
    var table = new StringBuilder("step,forecast\n");
    for (int at = known; at < values.length; at++) {
      String line = String.format(Locale.ROOT, "%d,%.7g", at - known + 1, values[at]);
      table.append(line).append('\n');
      question.answer().println(line.replace(",", "  "));
    }
    var folder = question.folder();
    AtomicFile.write(folder.resolve("prediction.csv"), table.toString());
    AtomicFile.write(folder.resolve("prediction.png"), picture(values, known));
    question
        .answer()
        .println(
            "%s: %d values foreseen after %s; prediction.csv, prediction.png"
                .formatted(folder, values.length - known, series.times().getLast()));
  }

  private byte[] picture(double[] values, int known) {
    int from = Math.max(0, known - SHOWN * (values.length - known));
    var seen = line("known", values, from, known);
    var foreseen = line("foreseen", values, known, values.length);
    String title = series.name() + ", foreseen after " + series.times().getLast();
    return new Curve(title, "steps from the end", series.name(), false, List.of(seen, foreseen))
        .png();
  }

  private Curve.Line line(String name, double[] values, int from, int to) {
    int known = series.values().length;
    double[] x = IntStream.range(from, to).mapToDouble(i -> i - known + 1).toArray();
    return new Curve.Line(name, x, Arrays.copyOfRange(values, from, to));
  }
}
