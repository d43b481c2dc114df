package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.spi.RnnSpec;
import dev.sluice.spi.RnnSpec.Blend;
import dev.sluice.spi.RnnSpec.CellClip;
import dev.sluice.spi.RnnSpec.Kind;
import dev.sluice.spi.Sequence;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Recurrent networks of every kind, with every option, give on the simulated device what they give
 * on the CPU engine, forward and backward.
 */
@Simulated
class NetworksAgreeTest {
  private static final int STEPS = 5;
  private static final int BATCH = 3;
  private static final int INPUT = 4;
  private static final int HIDDEN = 7;

  private static Device cpu;
  private static Device cuda;

  @BeforeAll
  static void open() {
    cuda = Simulator.open();
    cpu = Device.open(Device.Options.defaults().engine("cpu").threads(1));
  }

  @AfterAll
  static void close() {
    if (cpu != null) {
      cpu.close();
      cuda.close();
    }
  }

  /**
   * What is run.
   *
   * @param lengths whether sequences end at 5, 0 and 2 steps
   * @param states whether there are initial states, and gradients of the last
   */
  private record Case(RnnSpec spec, boolean lengths, boolean states) {
    @Override
    public String toString() {
      return "%s %s P %d%s%s, clip %s, forget bias %s, %s%s%s"
          .formatted(
              spec.kind(),
              spec.type(),
              spec.projection(),
              spec.peephole() ? " peepholes" : "",
              spec.bias() ? "" : " no bias",
              spec.clip(),
              spec.forgetBias(),
              spec.blend(),
              lengths ? ", lengths" : "",
              states ? ", states" : "");
    }
  }

  static List<Case> cases() {
    var all = new ArrayList<Case>();
    for (boolean both : new boolean[] {false, true}) {
      for (var spec : specs()) {
        all.add(new Case(spec, both, both));
      }
    }
    return all;
  }

  private static List<RnnSpec> specs() {
    var none = CellClip.NONE;
    var store = new CellClip(0.15, CellClip.Mode.STORE);
    var read = new CellClip(0.15, CellClip.Mode.READ);
    return List.of(
        spec(Kind.RNN_TANH, true, 0, false, none, 0, Blend.KEEP),
        spec(Kind.RNN_RELU, false, 0, false, none, 0, Blend.KEEP),
        spec(Kind.LSTM, true, 0, false, none, 0, Blend.KEEP),
        spec(Kind.LSTM, false, 0, true, none, 1, Blend.KEEP),
        spec(Kind.LSTM, true, 3, true, store, 0, Blend.KEEP),
        spec(Kind.LSTM, true, 0, true, read, 0.5, Blend.KEEP),
        spec(Kind.LSTM, true, 2, false, read, 0, Blend.KEEP),
        spec(Kind.GRU_RESET_AFTER, true, 0, false, none, 0, Blend.KEEP),
        spec(Kind.GRU_RESET_AFTER, false, 0, false, none, 0, Blend.UPDATE),
        spec(Kind.GRU_RESET_BEFORE, true, 0, false, none, 0, Blend.UPDATE),
        spec(Kind.GRU_RESET_BEFORE, false, 0, false, none, 0, Blend.KEEP));
  }

  /** Two layers in both directions, in float64: float32 follows {@link GatesInEveryTypeTest}. */
  private static RnnSpec spec(
      Kind kind,
      boolean bias,
      int projection,
      boolean peephole,
      CellClip clip,
      double forgetBias,
      Blend blend) {
    return new RnnSpec(
        kind,
        DType.FLOAT64,
        INPUT,
        HIDDEN,
        2,
        true,
        bias,
        projection,
        peephole,
        clip,
        forgetBias,
        blend);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void agree(Case it) {
    var expected = run(cpu, it);
    var got = run(cuda, it);
    expected.forEach(
        (name, values) -> {
          for (int i = 0; i < values.length; i++) {
            assertEquals(values[i], got.get(name)[i], 1e-12, name + ", element " + i);
          }
        });
  }

  /** Every tensor that comes out, by name. */
  private static Map<String, double[]> run(Device device, Case it) {
    var spec = it.spec;
    var results = new LinkedHashMap<String, double[]>();
    try (var arena = device.arena()) {
      var values = sequence(arena, it, 0);
      var gradients = sequence(arena, it, 50);
      var weights = new ArrayList<Tensor>();
      var weightGradients = new ArrayList<Tensor>();
      for (var shape : spec.weights().values()) {
        weights.add(Samples.tensor(arena, spec.type(), 20 + weights.size(), shape.dims()));
        weightGradients.add(arena.zeros(spec.type(), shape));
      }
      trip(device, arena, it, values, gradients, weights, weightGradients);
      results.put("y", values.y().doubles());
      results.put("dx", gradients.x().doubles());
      put(results, "last", values.last());
      put(results, "dinitial", gradients.initial());
      var names = List.copyOf(spec.weights().keySet());
      for (int i = 0; i < names.size(); i++) {
        results.put("d" + names.get(i), weightGradients.get(i).doubles());
      }
    }
    return results;
  }

  private static void put(Map<String, double[]> results, String name, List<Tensor> tensors) {
    for (int i = 0; tensors != null && i < tensors.size(); i++) {
      results.put(name + " " + i, tensors.get(i).doubles());
    }
  }

  private static void trip(
      Device device,
      DeviceArena arena,
      Case it,
      Sequence values,
      Sequence gradients,
      List<Tensor> weights,
      List<Tensor> weightGradients) {
    var plan = device.backend().rnn(it.spec, new RnnSpec.Run(STEPS, BATCH, it.lengths, true));
    var packed = arena.empty(DType.FLOAT64, Shape.of(plan.packedBytes() / 8 + 8));
    var reserve = arena.empty(DType.FLOAT64, Shape.of(plan.reserveBytes() / 8 + 8));
    var stream = device.takeStream();
    try {
      plan.pack(stream, weights, packed);
      plan.forward(stream, packed, values, reserve);
      plan.backward(stream, packed, values, gradients, weightGradients, reserve);
      stream.synchronize();
    } finally {
      device.giveBack(stream);
    }
  }

  /** Values, or gradients that stand there already. */
  private static Sequence sequence(DeviceArena arena, Case it, long seed) {
    var spec = it.spec;
    var type = spec.type();
    var x = Samples.tensor(arena, type, seed + 1, STEPS, BATCH, INPUT);
    var y = Samples.tensor(arena, type, seed + 2, STEPS, BATCH, 2L * spec.output());
    var lengths = it.lengths ? arena.empty(DType.INT32, Shape.of(BATCH)) : null;
    if (it.lengths) {
      lengths.set(new int[] {5, 0, 2});
    }
    boolean values = seed == 0;
    return new Sequence(
        x,
        lengths,
        it.states ? states(arena, spec, seed + 3) : null,
        y,
        it.states || values ? states(arena, spec, seed + 5) : null);
  }

  private static List<Tensor> states(DeviceArena arena, RnnSpec spec, long seed) {
    int strands = spec.layers() * spec.directions();
    var h = Samples.tensor(arena, spec.type(), seed, strands, BATCH, spec.output());
    return spec.kind().states() == 1
        ? List.of(h)
        : List.of(h, Samples.tensor(arena, spec.type(), seed + 1, strands, BATCH, spec.hidden()));
  }
}
