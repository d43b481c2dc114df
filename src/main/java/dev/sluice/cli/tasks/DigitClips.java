package dev.sluice.cli.tasks;

import dev.sluice.data.MovingDigits;

/**
 * Clips of moving digits, new ones in each step.
 *
 * @param training endless
 * @param test endless
 * @param batch N of a step
 * @param steps of the run; held out are clips after all that it trains on
 * @param held batches
 * @param tests clips
 */
record DigitClips(
    MovingDigits training, MovingDigits test, int batch, long steps, int held, int tests)
    implements Clips {
  private static final int MEAN_IMAGE_SEQUENCES = 1000;

  @Override
  public void train(long step, float[] clips, int n) {
    training.batch(step * batch, n, clips, 0);
  }

  @Override
  public void held(int index, float[] clips, int n) {
    train(steps + index, clips, n);
  }

  @Override
  public void test(long first, float[] clips, int n) {
    test.batch(first, n, clips, 0);
  }

  @Override
  public float[] meanFrame() {
    return training.meanImage(MEAN_IMAGE_SEQUENCES);
  }
}
