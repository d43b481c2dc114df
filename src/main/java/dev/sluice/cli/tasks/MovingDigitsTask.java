package dev.sluice.cli.tasks;

import static dev.sluice.cli.tasks.Recipe.require;

import dev.sluice.data.MovingDigits;
import dev.sluice.data.Split;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Foreseeing frames of moving handwritten digits. */
final class MovingDigitsTask implements Task {
  // The test sequences are the same in every run, so that scores can be compared.
  static final long TEST_SEED = 0;
  private static final int MOST_HELD_OUT = 512;

  @Override
  public String name() {
    return "moving-digits";
  }

  @Override
  public List<String> models() {
    return FrameModel.keys();
  }

  @Override
  public Map<String, Object> defaults(String model) {
    var map = new LinkedHashMap<String, Object>();
    map.put("digits", 2L);
    map.put("size", 64L);
    map.putAll(FrameStudy.defaults(model));
    map.put("sequences", 10_000L);
    map.put("test_sequences", 512L);
    return map;
  }

  @Override
  public Study open(Fields f) {
    int size = f.small("size");
    var model = FrameStudy.model(f, 1, size, size, f.small("frames"), f.small("ahead"), 0, 1);
    var recipe = Recipe.of(f);
    long sequences = f.whole("sequences");
    int tests = f.small("test_sequences");
    require(sequences >= 1, "--sequences", "1 or more", sequences);
    require(tests >= 1, "--test-sequences", "1 or more", tests);
    long steps = Math.ceilDiv(sequences, recipe.batch());
    long held = Math.min(MOST_HELD_OUT, Math.round(sequences * recipe.validate()));
    int all = model.frames() + model.ahead();
    int digits = f.small("digits");
    var clips =
        new DigitClips(
            new MovingDigits(Split.TRAIN, recipe.seed(), all, size, digits),
            new MovingDigits(Split.TEST, TEST_SEED, all, size, digits),
            recipe.batch(),
            steps,
            (int) Math.max(1, held / recipe.batch()),
            tests);
    return new FrameStudy(
        "Moving digits",
        model,
        FrameStudy.loss(f),
        FrameStudy.sampling(f),
        clips,
        "",
        steps,
        recipe);
  }

  @Override
  public List<String> headline() {
    return FrameJudgement.HEADLINE;
  }

  @Override
  public Set<String> questions() {
    return Set.of("--input", "--out", "--ahead", "--index");
  }

  @Override
  public void predict(Question question) {
    new FramePrediction(question, ForecastConfig.of(question.config())).run();
  }
}
