package dev.sluice.data;

import java.util.Arrays;
import java.util.Objects;

/**
 * Moving digits: sequences {@code [frames, size, size]}, values 0 to 1, in which handwritten digits
 * fly at {@value #SPEED} pixels a frame in random directions and bounce off the walls.
 *
 * <p>Where digits overlap the brighter pixel wins; positions are rounded down to whole pixels; a
 * step that would leave the picture ends at the wall and turns there (Srivastava, Mansimov and
 * Salakhutdinov, ICML 2015, as the generators in use do it: a tenth of 64 - 28 pixels a frame).
 * Training and test sequences never share a digit. Sequence {@code index} depends on the fields and
 * on the index alone, so that any one can be made at any time, on any thread, bit for bit the same
 * on every machine; there is no end to them.
 *
 * {@snippet :
 * var train = MovingDigits.standard(Split.TRAIN, 1);
 * var batch = new float[20 * 8 * 64 * 64];
 * train.batch(0, 8, batch, 0); // [20, 8, 64, 64]: the first 10 frames are seen, 10 are to come
 * }
 *
 * @param split whose digits to use
 * @param seed of everything random
 * @param frames a sequence, at least 1
 * @param size height and width of a frame in pixels, {@value #MIN_SIZE} to {@value #MAX_SIZE}
 * @param digits in each sequence, at least 1
 */
public record MovingDigits(Split split, long seed, int frames, int size, int digits) {
  /** Pixels that a digit moves a frame. */
  public static final double SPEED = 3.6;

  // A digit must have more room than one step is long.
  private static final int MIN_SIZE = 32;
  private static final int MAX_SIZE = 4096;

  /** Checks the sizes. */
  public MovingDigits {
    Objects.requireNonNull(split, "split");
    check("frames", frames, 1, 1 << 16);
    check("size", size, MIN_SIZE, MAX_SIZE);
    check("digits", digits, 1, 1000);
    if ((long) frames * size * size > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "MovingDigits: expected a sequence of fewer than 2^31 pixels, got [%d, %d, %d]"
              .formatted(frames, size, size));
    }
  }

  private static void check(String what, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "MovingDigits: expected %s of %d to %d, got %d".formatted(what, least, most, value));
    }
  }

  /**
   * {@return the usual setting: 20 frames of 64x64 pixels, 2 digits}
   *
   * @param split whose digits to use
   * @param seed of everything random
   */
  public static MovingDigits standard(Split split, long seed) {
    return new MovingDigits(split, seed, 20, 64, 2);
  }

  /**
   * Makes one sequence.
   *
   * @param index of the sequence, 0 or more
   * @param out {@code [frames, size, size]} from {@code offset} on; overwritten
   * @param offset of the first pixel
   */
  public void fill(long index, float[] out, int offset) {
    batch(index, 1, out, offset);
  }

  /**
   * Makes sequences {@code first} to {@code first + n - 1}, time-major.
   *
   * @param first index, 0 or more
   * @param n how many, N
   * @param out {@code [frames, N, size, size]} from {@code offset} on; overwritten
   * @param offset of the first pixel
   */
  public void batch(long first, int n, float[] out, int offset) {
    long pixels = Math.multiplyFull(frames * size * size, Math.max(n, 0));
    if (first < 0 || n < 1 || offset < 0 || pixels > (long) out.length - offset) {
      throw new IllegalArgumentException(
          ("MovingDigits.batch: expected an index of 0 or more and room for [%d, %d, %d, %d],"
                  + " got index %d and %d floats from %d on")
              .formatted(frames, n, size, size, first, out.length, offset));
    }
    Arrays.fill(out, offset, offset + (int) pixels, 0f);
    for (int i = 0; i < n; i++) {
      draw(first + i, out, offset + i * size * size, n * size * size);
    }
  }

  private void draw(long index, float[] out, int offset, int stride) {
    var random = new SplitMix(seed, split.ordinal(), index);
    Digits all = Digits.bundled();
    for (int d = 0; d < digits; d++) {
      int digit = Digits.first(split) + random.below(Digits.count(split));
      var flight = new Flight(random, size - Digits.SIZE, SPEED);
      for (int t = 0; t < frames; t++) {
        int corner = (int) flight.y() * size + (int) flight.x();
        all.lay(digit, out, offset + t * stride + corner, size);
        flight.step();
      }
    }
  }

  /**
   * {@return {@code [size, size]}: the mean of all frames of sequences 0 to {@code sequences - 1}}
   * Taken from the training split, it is the best constant prediction and so the baseline that a
   * model must beat. 1,000 sequences of 20 frames put its own error far below the model's.
   *
   * @param sequences how many to average over, at least 1
   */
  public float[] meanImage(int sequences) {
    check("sequences to average over", sequences, 1, Integer.MAX_VALUE);
    int pixels = size * size;
    var sequence = new float[frames * pixels];
    var sum = new double[pixels];
    for (int i = 0; i < sequences; i++) {
      fill(i, sequence, 0);
      for (int p = 0; p < sequence.length; p++) {
        sum[p % pixels] += sequence[p];
      }
    }
    var mean = new float[pixels];
    for (int p = 0; p < pixels; p++) {
      mean[p] = (float) (sum[p] / ((double) sequences * frames));
    }
    return mean;
  }
}
