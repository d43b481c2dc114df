package dev.sluice.cli.tasks;

import static dev.sluice.cli.tasks.Recipe.require;

import dev.sluice.data.Videos;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Foreseeing frames of the videos in a .npy file [N, T, C, H, W]. */
final class VideoTask implements Task {
  // Of the window that similarity is measured in.
  private static final int LEAST_SIDE = 7;

  @Override
  public String name() {
    return "video";
  }

  @Override
  public boolean reads(Path file) {
    var name = file.getFileName().toString();
    return name.endsWith(".npy") || name.endsWith(".npy.gz");
  }

  @Override
  public List<String> models() {
    return FrameModel.keys();
  }

  @Override
  public Map<String, Object> defaults(String model) {
    var map = new LinkedHashMap<String, Object>(FrameStudy.defaults(model));
    // 0 for half of the file's frames each.
    map.put("frames", 0L);
    map.put("ahead", 0L);
    map.put("epochs", 20L);
    return map;
  }

  @Override
  public Study open(Fields f) {
    var file = Path.of(f.text("data"));
    var videos = Videos.read(file);
    int seen = f.small("frames");
    int ahead = f.small("ahead");
    require(seen >= 0, "--frames", "0 or more", seen);
    require(ahead >= 0, "--ahead", "0 or more", ahead);
    if (seen == 0) {
      seen = ahead == 0 ? (videos.frames() + 1) / 2 : videos.frames() - ahead;
    }
    ahead = ahead == 0 ? videos.frames() - seen : ahead;
    check(file, videos, seen, ahead, f.small("patch"));
    var model =
        FrameStudy.model(
            f,
            videos.channels(),
            videos.height(),
            videos.width(),
            seen,
            ahead,
            videos.low(),
            videos.high());
    var recipe = Recipe.of(f);
    int epochs = f.small("epochs");
    require(epochs >= 1, "--epochs", "1 or more", epochs);
    var clips = new VideoClips(videos, seen + ahead, recipe);
    return new FrameStudy(
        "Videos",
        model,
        FrameStudy.loss(f),
        FrameStudy.sampling(f),
        clips,
        Digest.of(file),
        epochs * clips.steps(),
        recipe);
  }

  private static void check(Path file, Videos videos, int seen, int ahead, int patch) {
    require(
        seen >= 1 && ahead >= 1 && (long) seen + ahead <= videos.frames(),
        "--frames, --ahead",
        "1 or more each and together no more than the %d frames of a video in %s"
            .formatted(videos.frames(), file),
        seen + " and " + ahead);
    int height = videos.height();
    int width = videos.width();
    require(
        height >= LEAST_SIDE && width >= LEAST_SIDE,
        "--data",
        "frames of 7x7 pixels or more in " + file,
        height + "x" + width);
    require(
        patch >= 1 && height % patch == 0 && width % patch == 0,
        "--patch",
        "a number that divides height and width of the frames in %s, %dx%d"
            .formatted(file, height, width),
        patch);
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
