package dev.sluice.cli.tasks;

import dev.sluice.data.SeriesWindows;
import dev.sluice.data.SeriesWindows.Scale;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How a model of a series sees values, and what its output means: what has to be kept with it.
 *
 * @param seen values of a window
 * @param ahead how far behind the last of them the target lies
 * @param differences whether changes stand for values
 * @param input the scale of what it sees
 * @param output the scale of what it says
 */
record SeriesFrame(int seen, int ahead, boolean differences, Scale input, Scale output) {
  static SeriesFrame of(SeriesWindows windows) {
    return new SeriesFrame(
        windows.seen(),
        windows.horizon(),
        windows.differences(),
        windows.inputScale(),
        windows.outputScale());
  }

  static SeriesFrame of(Fields config) {
    var settings = config.object(ModelFolder.TRAINING);
    return new SeriesFrame(
        settings.small("window"),
        settings.small("ahead"),
        settings.flag("differences"),
        new Scale(config.number("input_mean"), config.number("input_deviation")),
        new Scale(config.number("output_mean"), config.number("output_deviation")));
  }

  Map<String, Object> config() {
    var map = new LinkedHashMap<String, Object>();
    map.put("input_mean", input.mean());
    map.put("input_deviation", input.deviation());
    map.put("output_mean", output.mean());
    map.put("output_deviation", output.deviation());
    return map;
  }

  /** How many values there must be to foresee the next one. */
  int needed() {
    return seen + ahead - 1 + (differences ? 1 : 0);
  }

  /** {@return [T, 1, 1]: the window whose last value is the one before {@code end}, z-scored} */
  float[] window(double[] values, int end) {
    var x = new float[seen];
    for (int t = 0; t < seen; t++) {
      int at = end - seen + t;
      x[t] = input.scaled(differences ? values[at] - values[at - 1] : values[at]);
    }
    return x;
  }

  /** {@return what the model's output for that window foresees} */
  double value(double[] values, int end, float output) {
    return this.output.value(output) + (differences ? values[end - 1] : 0);
  }
}
