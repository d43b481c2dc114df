package dev.sluice.cli.tasks;

import static dev.sluice.cli.tasks.Recipe.require;

import dev.sluice.DeviceArena;
import dev.sluice.data.Series;
import dev.sluice.data.SeriesBaselines;
import dev.sluice.data.SeriesWindows;
import dev.sluice.data.Split;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Forecasting a series.
 *
 * @param windows of the series
 * @param baselines mean squared errors of what learns little, by name
 * @param stack the network
 * @param recipe how it learns
 * @param epochs how often it sees each window
 * @param holdout what it learns from
 * @param fingerprint of the data
 */
record SeriesStudy(
    SeriesWindows windows,
    Map<String, Double> baselines,
    SequenceStack stack,
    Recipe recipe,
    int epochs,
    Holdout holdout,
    String fingerprint)
    implements Study {
  SeriesStudy {
    require(epochs >= 1, "--epochs", "1 or more", epochs);
  }

  static SeriesStudy of(Fields f, Series series, String fingerprint) {
    int seen = f.small("window");
    int ahead = f.small("ahead");
    int period = f.small("period");
    require(seen >= 1, "--window", "1 or more values", seen);
    require(ahead >= 1, "--ahead", "1 or more steps", ahead);
    require(period >= 0, "--period", "0 or more steps", period);
    var windows = new SeriesWindows(series, seen, ahead, f.flag("differences"));
    var recipe = Recipe.of(f);
    return new SeriesStudy(
        windows,
        baselines(windows, period),
        SequenceStack.of(f, 0, 1, 1),
        recipe,
        f.small("epochs"),
        Holdout.last(windows.count(Split.TRAIN), recipe.validate()),
        fingerprint);
  }

  /** The usual ones, and the linear forecast from the same values that the network sees. */
  private static Map<String, Double> baselines(SeriesWindows windows, int period) {
    var series = windows.series();
    var baselines = new SeriesBaselines(series, windows.horizon());
    var all = baselines.all(period);
    int order = windows.seen();
    if (windows.horizon() + order - 1 + 2L * (order + 1) <= series.train()) {
      all.put("AR(" + order + ")", baselines.autoregression(order));
    }
    return all;
  }

  Epochs order() {
    return new Epochs(holdout.learned(), recipe.batch(), recipe.seed());
  }

  @Override
  public long steps() {
    return epochs * order().steps();
  }

  @Override
  public long sequences(long steps) {
    return order().seen(steps);
  }

  @Override
  public Size size() {
    return stack.size();
  }

  @Override
  public Map<String, Object> config() {
    var map = new LinkedHashMap<>(stack.config());
    map.putAll(SeriesFrame.of(windows).config());
    return map;
  }

  @Override
  public Learner learner(DeviceArena arena) {
    return new SeriesLearner(this, arena);
  }
}
