package dev.sluice.cli.experiments;

import dev.sluice.Device;
import dev.sluice.Shape;
import dev.sluice.data.MovingDigits;
import dev.sluice.data.Split;
import dev.sluice.nn.FrameForecaster;
import dev.sluice.nn.Pass;
import dev.sluice.train.ForecastScores;
import dev.sluice.train.FrameScores;
import java.util.Arrays;

/**
 * Moving digits to learn from and to be judged on.
 *
 * @param size height and width of a frame
 * @param digits that move
 * @param seen frames that a model is shown
 * @param ahead frames that it foresees
 * @param tests sequences to judge on, a multiple of 16
 */
record Films(int size, int digits, int seen, int ahead, int tests) {
  private static final int JUDGED = 16;

  /** The test sequences are the same for every seed, so that scores can be compared. */
  private static final long TEST_SEED = 0;

  private MovingDigits data(Split split, long seed) {
    return new MovingDigits(split, seed, seen + ahead, size, digits);
  }

  Shape shape(int n) {
    return Shape.of(seen + ahead, n, size, size, 1);
  }

  /** [T, N, H, W, 1]: N sequences to learn from, the first one having an index. */
  float[] train(long seed, long first, int n) {
    return batch(data(Split.TRAIN, seed), first, n);
  }

  /** [T, N, H, W, 1]: N sequences of digits that are in no training sequence. */
  float[] test(long first, int n) {
    return batch(data(Split.TEST, TEST_SEED), first, n);
  }

  private float[] batch(MovingDigits data, long first, int n) {
    var frames = new float[Math.toIntExact(shape(n).elements())];
    data.batch(first, n, frames, 0);
    return frames;
  }

  float[] meanImage(int sequences) {
    return data(Split.TRAIN, TEST_SEED).meanImage(sequences);
  }

  /** Judges a model that reads what was seen and then goes on by itself. */
  ForecastScores judge(Device device, FrameForecaster model, float[] meanImage) {
    var scores = new FrameScores(Shape.of(ahead, 1, size, size), meanImage);
    int frame = JUDGED * size * size;
    for (int first = 0; first < tests; first += JUDGED) {
      var all = test(first, JUDGED);
      var truth = Arrays.copyOfRange(all, seen * frame, all.length);
      var last = Arrays.copyOfRange(all, (seen - 1) * frame, seen * frame);
      scores.add(predict(device, model, all, JUDGED), truth, last, JUDGED);
    }
    return scores.result();
  }

  /** [A, N, H, W, 1]: what a model makes of the frames seen of N sequences. */
  float[] predict(Device device, FrameForecaster model, float[] all, int n) {
    try (var pass = Pass.inference(device)) {
      var frames = pass.tensor(shape(n), all);
      return model.forward(pass, frames.slice(0, seen), ahead).floats();
    }
  }

  @Override
  public String toString() {
    return Numbers.text(
        "%d moving digit%s, %dx%d pixels, %d frames seen, %d foreseen",
        digits, digits == 1 ? "" : "s", size, size, seen, ahead);
  }
}
