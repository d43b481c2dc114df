package dev.sluice.cli.experiments;

import dev.sluice.nn.RnnBuilder;
import java.util.function.Supplier;

/**
 * One training on the adding problem.
 *
 * @param net what was trained
 * @param parameters of it
 * @param errors on test sequences every {@value #EVERY} steps, from before the first step on
 * @param variance of the target of the test sequences
 * @param seconds of processor time
 */
record AddingRun(Net net, long parameters, double[] errors, double variance, double seconds) {
  static final int EVERY = 50;

  /** An error that says that the problem is solved. */
  static final double BAR = 0.01;

  /**
   * What differs between two trainings but the seed.
   *
   * @param name for the reader
   * @param colour in pictures
   * @param builder of the network
   * @param rate of Adam
   * @param length T
   * @param steps that it may take
   */
  record Net(
      String name, int colour, Supplier<RnnBuilder> builder, double rate, int length, int steps) {
    String title() {
      return name + ", T = " + length;
    }
  }

  boolean below() {
    return last() < BAR;
  }

  double last() {
    return errors[errors.length - 1];
  }

  /** The last step; that which came below the bar, if one did. */
  int steps() {
    return (errors.length - 1) * EVERY;
  }
}
