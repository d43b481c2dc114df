package dev.sluice.cuda;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.RnnPlan;
import dev.sluice.spi.RnnSpec;
import dev.sluice.spi.RnnSpec.Blend;
import dev.sluice.spi.RnnSpec.CellClip;
import dev.sluice.spi.RnnSpec.Kind;
import dev.sluice.spi.Sequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A network in float32 on random data that any engine runs.
 *
 * @param lengths of the sequences; null if all are T
 * @param states whether there are initial states, and gradients of the last
 */
record RnnCase(RnnSpec spec, int steps, int batch, int[] lengths, boolean states) {
  static RnnSpec spec(
      Kind kind, int input, int hidden, int layers, boolean both, boolean bias, int projection) {
    return spec(kind, input, hidden, layers, both, bias, projection, CellClip.NONE);
  }

  static RnnSpec spec(
      Kind kind,
      int input,
      int hidden,
      int layers,
      boolean both,
      boolean bias,
      int projection,
      CellClip clip) {
    return new RnnSpec(
        kind,
        DType.FLOAT32,
        input,
        hidden,
        layers,
        both,
        bias,
        projection,
        false,
        clip,
        0,
        Blend.KEEP);
  }

  @Override
  public String toString() {
    return "%s C %d H %d L %d %s P %d%s%s, T %d N %d, lengths %s%s"
        .formatted(
            spec.kind(),
            spec.input(),
            spec.hidden(),
            spec.layers(),
            spec.bidirectional() ? "both ways" : "one way",
            spec.projection(),
            spec.bias() ? "" : ", no bias",
            spec.clip().active() ? ", clip" : "",
            steps,
            batch,
            Arrays.toString(lengths),
            states ? ", states" : "");
  }

  RnnPlan plan(Device device, boolean training) {
    var run = new RnnSpec.Run(steps, batch, lengths != null, training);
    return device.backend().rnn(spec, run);
  }

  /** The tensors of one trip in an arena, values and gradients that stand there already. */
  final class Trip {
    final Device device;
    final RnnPlan plan;
    final Sequence values;
    final Sequence gradients;
    final List<Tensor> weights = new ArrayList<>();
    final List<Tensor> weightGradients = new ArrayList<>();
    final Tensor packed;
    final Tensor reserve;

    /**
     * @param told whether the sequence says its lengths on the host, as the layers do
     */
    Trip(Device device, DeviceArena arena, boolean training, boolean told) {
      this(device, arena, plan(device, training), training, told);
    }

    /** A trip of training with a plan of the caller's. */
    Trip(Device device, DeviceArena arena, RnnPlan plan) {
      this(device, arena, plan, true, true);
    }

    private Trip(Device device, DeviceArena arena, RnnPlan plan, boolean training, boolean told) {
      this.device = device;
      this.plan = plan;
      this.values = sequence(arena, 0, told);
      this.gradients = sequence(arena, 50, told);
      for (var shape : spec.weights().values()) {
        weights.add(Samples.tensor(arena, DType.FLOAT32, 20 + weights.size(), shape.dims()));
        weightGradients.add(
            Samples.tensor(arena, DType.FLOAT32, 70 + weights.size(), shape.dims()));
      }
      this.packed = bytes(arena, plan.packedBytes());
      this.reserve = training ? bytes(arena, plan.reserveBytes()) : null;
    }

    private Tensor bytes(DeviceArena arena, long bytes) {
      return arena.empty(DType.FLOAT32, Shape.of((bytes + 3) / 4));
    }

    /** Packs, runs forward and, in training, backward. */
    void run() {
      var stream = device.takeStream();
      try {
        plan.pack(stream, weights, packed);
        plan.forward(stream, packed, values, reserve);
        if (reserve != null) {
          plan.backward(stream, packed, values, gradients, weightGradients, reserve);
        }
        stream.synchronize();
      } finally {
        device.giveBack(stream);
      }
    }

    /** Every tensor that comes out, by name. */
    Map<String, float[]> results() {
      var results = new LinkedHashMap<String, float[]>();
      results.put("y", values.y().floats());
      put(results, "last", values.last());
      if (reserve != null) {
        results.put("dx", gradients.x().floats());
        put(results, "dinitial", gradients.initial());
        var names = List.copyOf(spec.weights().keySet());
        for (int i = 0; i < names.size(); i++) {
          results.put("d" + names.get(i), weightGradients.get(i).floats());
        }
      }
      return results;
    }
  }

  private static void put(Map<String, float[]> results, String name, List<Tensor> tensors) {
    for (int i = 0; tensors != null && i < tensors.size(); i++) {
      results.put(name + " " + i, tensors.get(i).floats());
    }
  }

  /** What one trip gives. */
  Map<String, float[]> run(Device device, boolean training, boolean told) {
    try (var arena = device.arena()) {
      var trip = new Trip(device, arena, training, told);
      trip.run();
      return trip.results();
    }
  }

  private Sequence sequence(DeviceArena arena, long seed, boolean told) {
    var x = Samples.tensor(arena, DType.FLOAT32, seed + 1, steps, batch, spec.input());
    long width = (long) spec.directions() * spec.output();
    var y = Samples.tensor(arena, DType.FLOAT32, seed + 2, steps, batch, width);
    var ends = lengths == null ? null : arena.empty(DType.INT32, Shape.of(batch)).set(lengths);
    boolean values = seed == 0;
    return new Sequence(
        x,
        ends,
        states ? states(arena, seed + 3) : null,
        y,
        states || values ? states(arena, seed + 5) : null,
        told ? lengths : null);
  }

  private List<Tensor> states(DeviceArena arena, long seed) {
    long strands = (long) spec.layers() * spec.directions();
    var h = Samples.tensor(arena, DType.FLOAT32, seed, strands, batch, spec.output());
    return spec.kind().states() == 1
        ? List.of(h)
        : List.of(h, Samples.tensor(arena, DType.FLOAT32, seed + 1, strands, batch, spec.hidden()));
  }
}
