package dev.sluice.peers;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** DJL with its PyTorch engine, inference and training. */
final class Djl implements Service.Library {
  private NDManager manager;

  private Djl() {}

  /** Serves. */
  public static void main(String[] args) throws IOException {
    Service.serve(new Djl());
  }

  @Override
  public Map<String, Object> start(int threads) {
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("OPT_OUT_TRACKING", "true");
    System.setProperty("ai.djl.pytorch.num_threads", String.valueOf(threads));
    System.setProperty("ai.djl.pytorch.num_interop_threads", "1");
    var engine = Engine.getEngine("PyTorch");
    manager = engine.newBaseManager();
    var version = Engine.getDjlVersion() + " (PyTorch " + engine.getVersion() + ")";
    return Map.of("name", "DJL", "version", version);
  }

  @Override
  public Service.Work open(Given given) {
    given.plain();
    if (given.directions() == 2) {
      throw new UnsupportedOperationException(
          "with two directions its blocks hand PyTorch the weights in a wrong order");
    }
    return new Training(given, manager.newSubManager());
  }

  /** A cell's way forward, with its parameters under the names of the given. */
  interface Cell {
    NDArray forward(NDArray x);

    /** The gradients of the parameters under the names of the given. */
    Map<String, float[]> gradients();
  }

  private static final class Training implements Service.Work {
    private final Given given;
    private final NDManager arrays;
    private final NDArray x;
    private final NDArray dy;
    private final Cell cell;

    Training(Given given, NDManager arrays) {
      this.given = given;
      this.arrays = arrays;
      this.x = array("x");
      this.dy = given.training() ? array("dy") : null;
      this.cell =
          given.overFrames() ? new DjlFrames(given, arrays) : new DjlSequence(given, arrays);
      x.setRequiresGradient(given.training());
    }

    private NDArray array(String name) {
      if (!given.overFrames()) {
        return DjlSequence.array(given, arrays, name);
      }
      var s = given.shape(name);
      return arrays.create(given.channelsFirst(name), new Shape(s[0], s[1], s[4], s[2], s[3]));
    }

    @Override
    public boolean shared() {
      return !given.training();
    }

    @Override
    public void round() {
      try (var scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        trip();
      }
    }

    private NDArray trip() {
      if (!given.training()) {
        return cell.forward(x);
      }
      try (var collector = Engine.getEngine("PyTorch").newGradientCollector()) {
        var y = cell.forward(x);
        collector.backward(y.mul(dy).sum());
        return y;
      }
    }

    @Override
    public Map<String, float[]> results() {
      var all = new LinkedHashMap<String, float[]>();
      try (var scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        all.put("y", ours(trip(), "y"));
        if (given.training()) {
          all.put("grad.x", ours(x.getGradient(), "x"));
          all.putAll(cell.gradients());
        }
      }
      return all;
    }

    private float[] ours(NDArray array, String as) {
      var values = array.toFloatArray();
      return given.overFrames() ? given.channelsLast(values, as) : values;
    }

    @Override
    public void close() {
      arrays.close();
    }
  }

  static Shape shape(int... dims) {
    return new Shape(Arrays.stream(dims).asLongStream().toArray());
  }

  static NDArray parameter(NDManager arrays, Given given, float[] values, int... dims) {
    var array = arrays.create(values, shape(dims));
    array.setRequiresGradient(given.training());
    return array;
  }
}
