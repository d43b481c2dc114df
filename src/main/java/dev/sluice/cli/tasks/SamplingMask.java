package dev.sluice.cli.tasks;

import dev.sluice.train.ReverseSampling;
import dev.sluice.train.ScheduledSampling;
import java.util.SplittableRandom;

/**
 * Which frames a PredRNN is shown at a step of its training, by the official schedules drawn to the
 * length of the run: there true frames end after 50,000 of 80,000 iterations.
 */
final class SamplingMask {
  private static final double OFFICIAL_STEPS = 80_000;
  // Keeps the draws of neighbouring seeds and steps apart.
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private SamplingMask() {}

  /** {@return [N, entries]: 1 where the true frame is read} */
  static float[] of(FrameStudy study, long step) {
    int batch = study.recipe().batch();
    int seen = study.model().frames();
    int all = seen + study.model().ahead();
    var random = new SplittableRandom(study.recipe().seed() * GOLDEN + step);
    long official = (long) (step * (OFFICIAL_STEPS / study.steps()));
    float[] drawn =
        study.model().model() == FrameModel.PREDRNN_V2
            ? ReverseSampling.OFFICIAL.mask(official, all, seen, batch, random)
            : ScheduledSampling.predRnn(1 / 50_000.0, 50_000)
                .mask(official, all - seen - 1, batch, random);
    return transposed(drawn, batch);
  }

  /** [K, N] to [N, K]. */
  private static float[] transposed(float[] drawn, int batch) {
    int entries = drawn.length / batch;
    var mask = new float[drawn.length];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = drawn[i % entries * batch + i / entries];
    }
    return mask;
  }
}
