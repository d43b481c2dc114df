package dev.sluice.cli.tasks;

import static dev.sluice.cli.tasks.Recipe.require;

import dev.sluice.DeviceArena;
import dev.sluice.data.WindWindows;
import dev.sluice.data.Winds;
import dev.sluice.weights.Weights;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Foretelling the next month's winds round the globe from those before. */
final class WindsTask implements Task {
  @Override
  public String name() {
    return "winds";
  }

  @Override
  public List<String> models() {
    return List.of("convlstm", "convgru");
  }

  @Override
  public Map<String, Object> defaults(String model) {
    var map = new LinkedHashMap<String, Object>();
    map.put("frames", 3L);
    map.put("residual", false);
    map.put("hidden", List.of(8L));
    map.put("kernel", 3L);
    map.put("epochs", 10L);
    map.putAll(new Recipe("adam", 0.005, "cosine", 0, 1, 1, 4, 0, 0).toMap());
    return map;
  }

  @Override
  public Study open(Fields f) {
    var net = Net.of(f);
    int epochs = f.small("epochs");
    require(epochs >= 1, "--epochs", "1 or more", epochs);
    return new WindsStudy(net, epochs, Recipe.of(f));
  }

  @Override
  public List<String> headline() {
    return List.of("mse_zonal", "mse_meridional");
  }

  @Override
  public Set<String> questions() {
    return Set.of("--out", "--index");
  }

  @Override
  public void predict(Question question) {
    new WindsPrediction(question, Net.of(question.config())).run();
  }

  /**
   * The network and what it sees, as settings and config.json hold them.
   *
   * @param gru whether its cells are ConvGRU
   * @param frames months seen
   * @param residual whether it learns what damped persistence leaves, and is shown the places
   * @param hidden channels of each layer
   * @param kernel side of the cells' kernels
   */
  record Net(boolean gru, int frames, boolean residual, List<Integer> hidden, int kernel) {
    Net {
      require(
          frames >= 1 && frames < Winds.TRAIN,
          "--frames",
          "1 to %d months seen".formatted(Winds.TRAIN - 1),
          frames);
      require(
          !hidden.isEmpty() && hidden.stream().allMatch(k -> k >= 1 && k < 1 << 20),
          "--hidden",
          "layers of 1 or more and fewer than 2^20 channels",
          hidden);
      require(kernel >= 1 && kernel % 2 == 1, "--kernel", "an odd number", kernel);
      require(
          pad(gru, frames, hidden, kernel) <= Winds.WIDTH,
          "--frames, --hidden, --kernel",
          "a network that reaches no farther than once round the globe",
          "%d, %s and %d".formatted(frames, hidden, kernel));
    }

    static Net of(Fields f) {
      return new Net(
          f.text("model").equals("convgru"),
          f.small("frames"),
          f.flag("residual"),
          f.wholes("hidden"),
          f.small("kernel"));
    }

    /**
     * Columns from the other side of the globe, so that no kept pixel sees an edge. A ConvGRU
     * reaches twice as far, as its candidate reads the reset gates of neighbours.
     */
    private static long pad(boolean gru, int frames, List<Integer> hidden, int kernel) {
      return (frames + hidden.size() - 1L) * (kernel / 2) * (gru ? 2 : 1);
    }

    WindWindows windows() {
      var target = residual ? WindWindows.Target.RESIDUAL : WindWindows.Target.ANOMALY;
      return new WindWindows(
          Winds.bundled(), frames, (int) pad(gru, frames, hidden, kernel), target, residual);
    }

    WindNet build(Weights weights, DeviceArena arena) {
      int channels = windows().channels();
      return new WindNet(gru, channels, hidden, kernel, Winds.COMPONENTS, weights, arena);
    }

    double numbers() {
      double numbers = 0;
      double below = residual ? 8 : 2;
      for (double k : hidden) {
        numbers += 4 * k * kernel * kernel * (below + k);
        below = k;
      }
      return numbers;
    }

    Map<String, Object> toMap() {
      var map = new LinkedHashMap<String, Object>();
      map.put("model", gru ? "convgru" : "convlstm");
      map.put("frames", frames);
      map.put("residual", residual);
      map.put("hidden", hidden);
      map.put("kernel", kernel);
      return map;
    }
  }
}
