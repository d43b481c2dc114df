package dev.sluice.cli.tasks;

import dev.sluice.DeviceArena;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What {@code train --data} names: a data set, or a kind of file, and what is learned from it. A
 * task is stateless; {@link Study} is the same with its settings chosen and its data read, {@link
 * Learner} a study with a network. {@link Tasks} lists them all.
 */
public interface Task {
  /** {@return the name after --data, or of the kind of file} */
  String name();

  /** {@return what is learned from what, a few words for --help} */
  default String about() {
    return "";
  }

  /**
   * {@return whether it learns from a file of this name}
   *
   * @param file that may not be there
   */
  default boolean reads(Path file) {
    return false;
  }

  /** {@return the names after --model, the default first} */
  List<String> models();

  /**
   * {@return the settings that this task has, with their defaults, in the order to show}
   *
   * <p>A name is that of an option, hyphens written as underscores; a value is what JSON has: Long,
   * Double, String, Boolean, a list of these, or null where the user has to say it. {@code data}
   * and {@code model} are not among them.
   *
   * @param model one of {@link #models}
   */
  Map<String, Object> defaults(String model);

  /**
   * {@return the settings, checked, and the data, read} Nothing is written.
   *
   * @param settings all of {@link #defaults}, and {@code data} and {@code model}
   * @throws IllegalArgumentException naming the option that is wrong
   * @throws dev.sluice.FormatException naming the line of the data that is wrong
   */
  Study open(Fields settings);

  /** {@return the members of metrics.json by which seeds are compared; numbers} */
  List<String> headline();

  /** {@return the options of predict that it understands: {@code --input}, {@code TEXT}} */
  Set<String> questions();

  /**
   * Lets a trained model predict: writes files, prints.
   *
   * @param question with the model's folder, of options only those in {@link #questions}
   */
  void predict(Question question);

  /**
   * {@return a table of the layers of a trained model}
   *
   * @param folder of the model
   * @param arena for its weights
   */
  default String summary(Path folder, DeviceArena arena) {
    return ParameterTable.of(folder);
  }
}
