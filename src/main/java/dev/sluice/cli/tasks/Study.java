package dev.sluice.cli.tasks;

import dev.sluice.DeviceArena;
import java.util.Map;

/** A task with its settings, all checked, and its data, read; no network yet. */
public interface Study {
  /** {@return how it learns} */
  Recipe recipe();

  /** {@return the steps of the whole run} */
  long steps();

  /**
   * {@return how many sequences are seen in the first steps}
   *
   * @param steps of them
   */
  default long sequences(long steps) {
    return steps * recipe().batch();
  }

  /** {@return how large the network will be} */
  Size size();

  /**
   * {@return what tells the data from others, the SHA-256 of a file; empty for what is built in}
   */
  default String fingerprint() {
    return "";
  }

  /**
   * {@return what is needed to build and use the network later, for config.json}
   *
   * <p>The run adds its settings as {@value ModelFolder#TRAINING}.
   */
  Map<String, Object> config();

  /**
   * {@return the network before its first step}
   *
   * @param arena where it and the optimiser's state live
   */
  Learner learner(DeviceArena arena);

  /**
   * What a network takes.
   *
   * @param options that decide it
   * @param values of these options
   * @param numbers in the parameters, roughly; a double, as sizes beyond all machines come here to
   *     be refused
   */
  record Size(String options, String values, double numbers) {}
}
