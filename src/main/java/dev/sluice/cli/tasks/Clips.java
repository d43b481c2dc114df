package dev.sluice.cli.tasks;

/**
 * Clips to learn from and to be judged by: [T, N, H, W, C], of the frames seen and those ahead,
 * pixels 0 to 1.
 */
interface Clips {
  /**
   * Makes the clips of a step; the same for the same step.
   *
   * @param step 0 for the first
   * @param clips [T, N, H, W, C], overwritten
   * @param n N
   */
  void train(long step, float[] clips, int n);

  /** {@return how many batches are held out of the training} */
  int held();

  /**
   * Makes clips that no step sees.
   *
   * @param index of the batch
   */
  void held(int index, float[] clips, int n);

  /** {@return how many clips there are to be judged by} */
  int tests();

  /**
   * Makes clips to be judged by.
   *
   * @param first of them
   */
  void test(long first, float[] clips, int n);

  /** {@return [C, H, W]: the mean frame of the training clips} */
  float[] meanFrame();
}
