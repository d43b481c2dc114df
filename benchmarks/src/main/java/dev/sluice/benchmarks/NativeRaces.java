package dev.sluice.benchmarks;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.bindings.gomp.Gomp_h;
import dev.sluice.nn.Pass;
import dev.sluice.spi.ConvSpec;
import dev.sluice.spi.Product;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * The engine's steps beside the same oneDNN calls made from C (native/onednn.c), in turns: what
 * Java, FFM and the engine's own code add.
 */
final class NativeRaces implements AutoCloseable {
  static final int CALLS = 10_000;

  /** As the library sets it for its own process before it loads libgomp. */
  private static final String SPINNING = "GOMP_SPINCOUNT=30000";

  private static final int T = 100;
  private static final int N = 32;
  private static final int C = 256;
  private static final int H = 256;

  private final Random random = new Random(1);
  private final Device device;
  private final Pass pass;
  private final Tensor x;
  private final Tensor h;
  private final Tensor inputWeights;
  private final Tensor recurrentWeights;
  private final Tensor sums;
  private final List<Tensor> steps = new ArrayList<>();
  private final Product inputProduct = new Product(T * N, 4 * H, C, false, true, 0);
  private final Product recurrent = new Product(N, 4 * H, H, false, true, 1);

  NativeRaces(int threads) {
    device = Device.open(Device.Options.defaults().engine("cpu").threads(threads));
    pass = Pass.inference(device);
    x = numbers(T * N, C);
    h = numbers(N, H);
    inputWeights = numbers(4 * H, C);
    recurrentWeights = numbers(4 * H, H);
    sums = numbers(T * N, 4 * H);
    for (int t = 0; t < T; t++) {
      steps.add(sums.slice((long) t * N, (long) (t + 1) * N));
    }
  }

  /** As the C program's: small, and not all zeros. */
  private Tensor numbers(long... dims) {
    var shape = Shape.of(dims);
    var values = new float[Math.toIntExact(shape.elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (random.nextInt(2001) - 1000) / 10_000f;
    }
    return pass.empty(DType.FLOAT32, shape).set(values);
  }

  /** Every race, with its line. */
  static Map<String, Object> run(String program, int threads, boolean quick)
      throws InterruptedException {
    var all = new LinkedHashMap<String, Object>();
    try (var here = new NativeRaces(threads);
        var peer = new Peer(List.of("env", SPINNING, program), threads)) {
      all.put("peer", peer.facts());
      System.out.printf(
          "%nThe same oneDNN calls from C, %d threads: medians; ratio is Java's time over C's%n",
          threads);
      System.out.printf("%-40s %10s %10s  ratio%n", "", "Java us", "C us");
      var races = new ArrayList<Object>();
      here.works().forEach((name, work) -> races.add(race(name, work, peer, quick ? 5 : 10)));
      all.put("races", races);
    }
    return all;
  }

  private static Map<String, Object> race(String name, Runnable work, Peer peer, int count) {
    Turns turns;
    try {
      Turns.Side c = rounds -> peer.run(Map.of("name", name), rounds);
      turns = new Turns(List.of(Turns.Side.of(work), c), count, 1000);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    var ratio = turns.ratio(1).inverse();
    var race = new LinkedHashMap<String, Object>(Map.of("name", name));
    race.put("rounds", turns.rounds());
    race.put("java_us", turns.median(0) / 1e3);
    race.put("c_us", turns.median(1) / 1e3);
    race.putAll(ratio.json());
    System.out.printf(
        "%-40s %10.2f %10.2f  %.3f (%.3f to %.3f)%n",
        name,
        turns.median(0) / 1e3,
        turns.median(1) / 1e3,
        ratio.value(),
        ratio.low(),
        ratio.high());
    return race;
  }

  private Map<String, Runnable> works() {
    var works = new LinkedHashMap<String, Runnable>();
    works.put("call", NativeRaces::call);
    works.put("product", this::product);
    works.put("products", this::products);
    works.put("convolution", convolution());
    return works;
  }

  /** The smallest native call, many times. */
  static void call() {
    for (int i = 0; i < CALLS; i++) {
      if (Gomp_h.omp_get_max_threads() < 1) {
        throw new AssertionError("omp_get_max_threads");
      }
    }
  }

  /** One step's recurrent product: [32, 256] by [1024, 256]. */
  void product() {
    device.backend().multiply(pass.stream(), recurrent, h, recurrentWeights, steps.getFirst());
  }

  /** All products of an LSTM over a sequence. */
  private void products() {
    device.backend().multiply(pass.stream(), inputProduct, x, inputWeights, sums);
    for (var step : steps) {
      device.backend().multiply(pass.stream(), recurrent, h, recurrentWeights, step);
    }
  }

  /**
   * PredRNN's convolution of c and m: frames [8, 16, 16, 128] to 64 channels, 1x1. Larger kernels
   * are Winograd's, which oneDNN has no call for.
   */
  private Runnable convolution() {
    var plan =
        device.backend().convolution(new ConvSpec(DType.FLOAT32, 8, 16, 16, 128, 64, 1, 1, true));
    var packed = pass.zeros(DType.FLOAT32, Shape.of((plan.packedBytes() + 3) / 4));
    var weights = numbers(64, 128, 1, 1);
    plan.pack(pass.stream(), List.of(weights, numbers(64)), packed);
    var from = numbers(8, 16, 16, 128);
    var to = pass.zeros(DType.FLOAT32, Shape.of(8, 16, 16, 64));
    return () -> plan.forward(pass.stream(), packed, from, to, false);
  }

  @Override
  public void close() {
    pass.close();
    device.close();
  }
}
