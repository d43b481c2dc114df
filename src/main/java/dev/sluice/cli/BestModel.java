package dev.sluice.cli;

import dev.sluice.cli.tasks.Fields;
import dev.sluice.nn.Layer;
import dev.sluice.train.Checkpoint;
import dev.sluice.weights.Init;
import dev.sluice.weights.Weights;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** The weights that did best in validation, kept in a file, and how long ago that was. */
final class BestModel {
  private final Path file;
  private final int patience;
  private double loss = Double.POSITIVE_INFINITY;
  private long step;
  private long since;

  /**
   * No weights so far.
   *
   * @param patience validations without a better one after which to end, 0 for no end
   */
  BestModel(Path file, int patience) {
    this.file = file;
    this.patience = patience;
  }

  /** Takes a model's validation loss; whether it is the best so far, its weights then kept. */
  boolean offer(Layer model, long at, double value) {
    if (!(value < loss)) {
      since++;
      return false;
    }
    loss = value;
    step = at;
    since = 0;
    Checkpoint.writeModel(file, model, Map.of("step", String.valueOf(at)));
    return true;
  }

  boolean outOfPatience() {
    return patience > 0 && since >= patience;
  }

  void load(Layer model) {
    if (step == 0) {
      throw new ArithmeticException("validation: expected a loss that is a number, got none");
    }
    var weights = Weights.open(file);
    for (var parameter : model.parameters()) {
      var value = parameter.value();
      value.set(weights.take(parameter.name(), value.shape(), Init.zeros()));
      parameter.changed();
    }
    weights.requireAllUsed();
  }

  Map<String, Object> toMap() {
    var map = new LinkedHashMap<String, Object>();
    // JSON has no infinity: before the first validation there is no loss.
    map.put("best_loss", step == 0 ? null : loss);
    map.put("best_step", step);
    map.put("validations_since", since);
    return map;
  }

  void restore(Fields progress) {
    step = progress.whole("best_step");
    since = progress.whole("validations_since");
    loss = step == 0 ? Double.POSITIVE_INFINITY : progress.number("best_loss");
  }
}
