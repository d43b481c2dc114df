package dev.sluice.train;

import dev.sluice.Device;
import dev.sluice.MathMode;

/**
 * A power of two that gradients are multiplied by on their way back and divided by before they are
 * used, so that small ones are not lost where factors are rounded to float16, whose least number is
 * 6e-8. A step whose gradients are not finite is skipped and the scale halved; after an interval of
 * steps without that it is doubled (Micikevicius 2018).
 *
 * <p>A skipped step counts: the schedule, the data and the optimiser's bias correction go on.
 *
 * @param initial the scale of the first step, a power of two from 1 to {@value #LARGEST}
 * @param interval finite steps until it is doubled; 0 for a scale of 1 for ever
 */
public record LossScale(double initial, int interval) {
  /** The largest scale. */
  public static final double LARGEST = 0x1p24;

  /** No scale. */
  public static final LossScale NONE = new LossScale(1, 0);

  /** The numbers of PyTorch's GradScaler. */
  public static final LossScale DYNAMIC = new LossScale(0x1p16, 2000);

  /** Checks the numbers. */
  public LossScale {
    boolean power = initial == Math.scalb(1.0, Math.getExponent(initial));
    if (!power || initial < 1 || initial > LARGEST || interval < 0) {
      throw new IllegalArgumentException(
          "loss scale: expected a power of two from 1 to 2^24 and an interval >= 0, got "
              + initial
              + ", "
              + interval);
    }
    if (interval == 0 && initial != 1) {
      throw new IllegalArgumentException(
          "loss scale: expected 1 where it stays for ever, got " + initial);
    }
  }

  /**
   * {@return the dynamic one where factors are rounded to float16, otherwise none}
   *
   * @param device of the training
   */
  public static LossScale of(Device device) {
    return device.math() == MathMode.FLOAT16 ? DYNAMIC : NONE;
  }

  boolean active() {
    return interval > 0;
  }
}
