package dev.sluice.cli;

import dev.sluice.data.MovingDigits;
import dev.sluice.data.Split;
import dev.sluice.train.Loss;
import dev.sluice.train.Schedule;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Everything that decides what a training run learns; the same settings, engine and number of
 * threads give the same bits.
 *
 * @param digits in a sequence
 * @param model to be trained
 * @param loss {@code mse} or {@code bce}
 * @param rate the highest learning rate
 * @param schedule {@code cosine} or {@code constant}
 * @param warmUp steps
 * @param clip the norm of all gradients together, 0 for no limit
 * @param seed of weights and training sequences
 * @param sequences to train on, rounded up to whole batches
 * @param batch sequences a step
 * @param testSequences to judge the model on
 */
record TrainSettings(
    int digits,
    ForecastConfig model,
    String loss,
    double rate,
    String schedule,
    int warmUp,
    double clip,
    long seed,
    long sequences,
    int batch,
    int testSequences) {
  // The test sequences are the same in every run, so that scores can be compared.
  static final long TEST_SEED = 0;

  TrainSettings {
    require(loss.equals("mse") || loss.equals("bce"), "--loss", "mse or bce", loss);
    boolean known = schedule.equals("cosine") || schedule.equals("constant");
    require(known, "--schedule", "cosine or constant", schedule);
    require(rate > 0 && rate <= 1, "--rate", "a rate above 0 and up to 1", rate);
    require(clip >= 0 && clip < 1e30, "--clip", "a norm, or 0 for no limit", clip);
    require(warmUp >= 0, "--warm-up", "0 or more steps", warmUp);
    require(batch >= 1, "--batch", "1 or more sequences", batch);
    require(sequences >= 1, "--sequences", "1 or more", sequences);
    require(testSequences >= 1, "--test-sequences", "1 or more", testSequences);
    boolean seen = model.frames() >= model.ahead();
    long frames = (long) model.frames() + model.ahead();
    require(
        frames < 1 << 16,
        seen ? "--frames" : "--ahead",
        "fewer than 65,536 frames seen and ahead together",
        seen ? model.frames() : model.ahead());
    // As doubles: the product of wrong sizes is beyond a long.
    double pixels = (double) frames * model.height() * model.width();
    require(
        pixels < Integer.MAX_VALUE - 8,
        "--frames, --ahead, --size",
        "a sequence of fewer than 2^31 pixels",
        "%d, %d and %d".formatted(model.frames(), model.ahead(), model.height()));
    require(
        pixels * batch < Integer.MAX_VALUE - 8,
        "--batch",
        "a batch of fewer than 2^31 pixels",
        batch);
  }

  private static void require(boolean met, String option, String expected, Object got) {
    if (!met) {
      throw new IllegalArgumentException(option + ": expected " + expected + ", got " + got);
    }
  }

  long steps() {
    return (sequences + batch - 1) / batch;
  }

  MovingDigits data(Split split) {
    return new MovingDigits(
        split,
        split == Split.TRAIN ? seed : TEST_SEED,
        model.frames() + model.ahead(),
        model.height(),
        digits);
  }

  /** Whether the network's outputs are logits while it learns. */
  boolean logits() {
    return loss.equals("bce");
  }

  Loss lossFunction() {
    return logits() ? Loss.bceWithLogits() : Loss.mse();
  }

  Schedule rates() {
    var rates =
        schedule.equals("cosine") ? Schedule.cosine(rate, steps()) : Schedule.constant(rate);
    return rates.warmUp(warmUp);
  }

  double clipNorm() {
    return clip == 0 ? Double.POSITIVE_INFINITY : clip;
  }

  Map<String, Object> toMap() {
    var map = new LinkedHashMap<String, Object>();
    map.put("data", "moving-digits");
    map.put("digits", digits);
    map.put("size", model.height());
    map.put("frames", model.frames());
    map.put("ahead", model.ahead());
    map.put("hidden", model.hidden());
    map.put("kernel", model.kernel());
    map.put("patch", model.patch());
    map.put("peephole", model.peephole());
    map.put("loss", loss);
    map.put("rate", rate);
    map.put("schedule", schedule);
    map.put("warm_up", warmUp);
    map.put("clip", clip);
    map.put("seed", seed);
    map.put("sequences", sequences);
    map.put("batch", batch);
    map.put("test_sequences", testSequences);
    return map;
  }

  static TrainSettings of(Fields f) {
    return new TrainSettings(
        f.small("digits"),
        model(
            f.small("size"),
            f.small("frames"),
            f.small("ahead"),
            f.wholes("hidden"),
            f.small("kernel"),
            f.small("patch"),
            f.flag("peephole")),
        f.text("loss"),
        f.number("rate"),
        f.text("schedule"),
        f.small("warm_up"),
        f.number("clip"),
        f.whole("seed"),
        f.whole("sequences"),
        f.small("batch"),
        f.small("test_sequences"));
  }

  static ForecastConfig model(
      int size,
      int frames,
      int ahead,
      List<Integer> hidden,
      int kernel,
      int patch,
      boolean peephole) {
    return new ForecastConfig(1, size, size, frames, ahead, hidden, kernel, patch, peephole);
  }
}
