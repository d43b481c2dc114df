package dev.sluice.cli.tasks;

import static dev.sluice.cli.tasks.Recipe.require;

import dev.sluice.DeviceArena;
import dev.sluice.data.Split;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Telling classes apart.
 *
 * @param title of the report
 * @param data examples
 * @param stack the network
 * @param recipe how it learns
 * @param epochs how often it sees each example
 * @param holdout what it learns from
 * @param fingerprint of the data
 */
record ClassifierStudy(
    String title,
    Labelled data,
    SequenceStack stack,
    Recipe recipe,
    int epochs,
    Holdout holdout,
    String fingerprint)
    implements Study {
  ClassifierStudy {
    require(epochs >= 1, "--epochs", "1 or more", epochs);
  }

  static ClassifierStudy of(
      Fields f, String title, Labelled data, SequenceStack stack, String fingerprint) {
    var recipe = Recipe.of(f);
    var holdout = Holdout.drawn(data.count(Split.TRAIN), recipe.validate());
    return new ClassifierStudy(title, data, stack, recipe, f.small("epochs"), holdout, fingerprint);
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
    map.put("classes", data.classes());
    map.putAll(data.config());
    return map;
  }

  @Override
  public Learner learner(DeviceArena arena) {
    return new ClassifierLearner(this, arena);
  }
}
