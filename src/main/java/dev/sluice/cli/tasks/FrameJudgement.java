package dev.sluice.cli.tasks;

import dev.sluice.cli.pictures.ForecastReport;
import dev.sluice.cli.pictures.Report;
import dev.sluice.train.ForecastScores;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a forecaster of frames is worth beside the last frame and the mean training image. */
record FrameJudgement(String title, ForecastReport report) implements Judgement {
  static final List<String> HEADLINE = List.of("mse", "mse_mean_image", "mse_last_frame", "ssim");

  private ForecastScores scores() {
    return report.scores();
  }

  @Override
  public String sentence() {
    var scores = scores();
    int first = Math.min(3, scores.frames());
    return String.format(
        Locale.ROOT,
        "mse %.4f, %.3f of the mean image's over all frames and %.3f over frames 1 to %d;"
            + " correlation %.3f at frame %d (mean image %.3f, last frame %.3f)",
        scores.mse(),
        scores.overMeanImage(scores.frames()),
        scores.overMeanImage(first),
        first,
        scores.model().correlation()[first - 1],
        first,
        scores.meanImage().correlation()[first - 1],
        scores.lastFrame().correlation()[first - 1]);
  }

  @Override
  public Map<String, Object> metrics() {
    var all = scores().toMap();
    all.remove("sequences");
    all.remove("conventions");
    all.put("test_sequences", scores().sequences());
    all.put("test_seed", MovingDigitsTask.TEST_SEED);
    return all;
  }

  @Override
  public Map<String, String> conventions() {
    return ForecastScores.CONVENTIONS;
  }

  @Override
  public Map<String, byte[]> files() {
    return Map.of("prediction.gif", report.animation(), "prediction.png", report.sheet());
  }

  @Override
  public void show(Report page) {
    report.show(page);
  }
}
