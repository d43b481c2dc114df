package dev.sluice.cli.tasks;

import dev.sluice.data.Split;
import java.util.List;
import java.util.Map;

/** Examples of classes, to be told apart. */
interface Labelled {
  /** What they are called, in a sentence: "sequences", "texts". */
  String what();

  List<String> classes();

  int count(Split split);

  /** The class of an example, 0 for the first. */
  int label(Split split, int index);

  /** Some examples, side by side. */
  Inputs inputs(Split split, int... picks);

  /** How an example is called in a table. */
  String name(Split split, int index);

  /** Accuracies on the test part of what learns little or nothing, by name. */
  Map<String, Double> baselines();

  /** What of the data is needed to use a model later, for config.json. */
  Map<String, Object> config();
}
