package dev.sluice.cli.tasks;

import static dev.sluice.cli.tasks.Recipe.require;

import dev.sluice.DeviceArena;
import dev.sluice.train.Loss;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Foreseeing frames of clips; the same settings, engine and number of threads give the same bits.
 *
 * @param what is foreseen, for titles
 * @param model to be trained
 * @param loss {@code mse} or {@code bce}
 * @param sampling whether a PredRNN is shown true frames less and less often
 * @param clips to learn from
 * @param fingerprint of the file that they are from, or empty
 * @param steps of the whole run
 * @param recipe how it learns
 */
record FrameStudy(
    String what,
    ForecastConfig model,
    String loss,
    boolean sampling,
    Clips clips,
    String fingerprint,
    long steps,
    Recipe recipe)
    implements Study {

  FrameStudy {
    require(loss.equals("mse") || loss.equals("bce"), "--loss", "mse or bce", loss);
  }

  /** The settings of a model, whatever the clips are of. */
  static Map<String, Object> defaults(String name) {
    var model = FrameModel.of(new Fields(null, Map.of("model", name)));
    var map = new LinkedHashMap<String, Object>();
    map.put("frames", 10L);
    map.put("ahead", 10L);
    map.put("hidden", model.memory() ? List.of(32L, 32L) : List.of(32L));
    map.put("kernel", 3L);
    map.put("patch", 4L);
    if (model.peepholes()) {
      map.put("peephole", false);
    }
    if (model.memory()) {
      map.put("sampling", true);
    } else {
      map.put("loss", "mse");
    }
    double rate = model.memory() ? 0.002 : 0.006;
    map.putAll(new Recipe("adam", rate, "cosine", 30, 1, 1, 8, 0, 0).toMap());
    return map;
  }

  /**
   * The model that the settings describe.
   *
   * @param f the settings
   * @param channels C of a frame
   * @param frames seen
   * @param ahead frames to foresee
   * @param low the value that is 0 for the model
   * @param high the value that is 1
   */
  static ForecastConfig model(
      Fields f,
      int channels,
      int height,
      int width,
      int frames,
      int ahead,
      double low,
      double high) {
    var hidden = f.wholes("hidden");
    require(
        hidden.stream().allMatch(k -> k >= 1 && k < 1 << 28),
        "--hidden",
        "layers of 1 or more and fewer than 2^28 channels",
        joined(hidden));
    var model =
        new ForecastConfig(
            FrameModel.of(f),
            channels,
            height,
            width,
            frames,
            ahead,
            hidden,
            f.small("kernel"),
            f.small("patch"),
            f.members().containsKey("peephole") && f.flag("peephole"),
            low,
            high);
    checkSizes(model, f.small("batch"));
    return model;
  }

  private static void checkSizes(ForecastConfig model, int batch) {
    boolean seen = model.frames() >= model.ahead();
    long frames = (long) model.frames() + model.ahead();
    require(
        frames < 1 << 16,
        seen ? "--frames" : "--ahead",
        "fewer than 65,536 frames seen and ahead together",
        seen ? model.frames() : model.ahead());
    // As doubles: the product of wrong sizes is beyond a long.
    double pixels = (double) frames * model.channels() * model.height() * model.width();
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

  static String loss(Fields f) {
    return f.members().containsKey("loss") ? f.text("loss") : "mse";
  }

  static boolean sampling(Fields f) {
    return f.members().containsKey("sampling") && f.flag("sampling");
  }

  private static String joined(List<Integer> channels) {
    return channels.stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  @Override
  public Size size() {
    return new Size(
        "--hidden, --kernel, --patch",
        "%s, %d and %d".formatted(joined(model.hidden()), model.kernel(), model.patch()),
        model.kernelNumbers());
  }

  @Override
  public Map<String, Object> config() {
    return model.toMap();
  }

  @Override
  public Learner learner(DeviceArena arena) {
    return new FrameLearner(this, arena);
  }

  /** Whether the network's outputs are logits while it learns: where it does not read them. */
  boolean logits() {
    return loss.equals("bce")
        && (model.model() == FrameModel.CONVLSTM || model.model() == FrameModel.CONVGRU);
  }

  Loss lossFunction() {
    if (logits()) {
      return Loss.bceWithLogits();
    }
    return loss.equals("bce") ? Loss.bce() : Loss.mse();
  }
}
