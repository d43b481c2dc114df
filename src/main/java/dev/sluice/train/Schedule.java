package dev.sluice.train;

/** The learning rate of each step. */
@FunctionalInterface
public interface Schedule {
  /**
   * {@return the rate of a step}
   *
   * @param step 0 for the first
   */
  double rate(long step);

  /**
   * {@return the same rate at every step}
   *
   * @param rate above 0
   */
  static Schedule constant(double rate) {
    check(rate);
    return step -> rate;
  }

  /**
   * {@return half a cosine from a rate down to nothing} {@code rate (1 + cos(pi step / steps)) /
   * 2}.
   *
   * @param rate above 0
   * @param steps of the whole run, at least 1
   */
  static Schedule cosine(double rate, long steps) {
    check(rate);
    if (steps < 1) {
      throw new IllegalArgumentException("schedule: expected at least 1 step, got " + steps);
    }
    // Math.cos may differ in the last bit between machines.
    return step ->
        rate * (1 + StrictMath.cos(Math.PI * Math.min(step, steps) / (double) steps)) / 2;
  }

  /**
   * {@return a rate that is multiplied by a factor every so many steps} {@code rate factor^(step /
   * every)}, the quotient rounded down.
   *
   * @param rate above 0, of the first steps
   * @param factor above 0
   * @param every at least 1
   */
  static Schedule stairs(double rate, double factor, long every) {
    check(rate);
    if (!(factor > 0) || every < 1) {
      throw new IllegalArgumentException(
          "schedule: expected a factor > 0 and at least 1 step between, got "
              + factor
              + " and "
              + every);
    }
    return step -> rate * StrictMath.pow(factor, step / every);
  }

  /**
   * {@return up and down again along half cosines (Smith 2018), as PyTorch's OneCycleLR: from top /
   * 25 to top over the first share of the steps, then down to top / 250 000 at the last}
   *
   * @param top the largest rate, above 0
   * @param steps of the whole run, at least 2
   * @param share of the steps that go up, 0 to 1; 0.3 in PyTorch
   */
  static Schedule oneCycle(double top, long steps, double share) {
    check(top);
    if (steps < 2 || !(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException(
          "schedule: expected at least 2 steps and a share of 0 to 1, got "
              + steps
              + " and "
              + share);
    }
    double peak = share * steps - 1;
    double bottom = top / 25;
    return step -> {
      if (step <= peak) {
        return between(bottom, top, step / peak);
      }
      return between(top, bottom / 1e4, (Math.min(step, steps - 1) - peak) / (steps - 1 - peak));
    };
  }

  /** Along half a cosine; NaN, which stands for nothing to go, is the end. */
  private static double between(double from, double to, double share) {
    return Double.isNaN(share) ? to : to + (from - to) * (1 + StrictMath.cos(Math.PI * share)) / 2;
  }

  /**
   * {@return this schedule, its first steps scaled by 1/n, 2/n, ...}
   *
   * @param n how many steps; 0 changes nothing
   */
  default Schedule warmUp(long n) {
    if (n < 0) {
      throw new IllegalArgumentException("schedule: expected 0 or more warm-up steps, got " + n);
    }
    return step -> rate(step) * Math.min(1, (step + 1) / (double) Math.max(n, 1));
  }

  private static void check(double rate) {
    if (!(rate > 0) || Double.isInfinite(rate)) {
      throw new IllegalArgumentException("schedule: expected a rate > 0, got " + rate);
    }
  }
}
