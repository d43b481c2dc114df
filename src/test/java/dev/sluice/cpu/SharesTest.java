package dev.sluice.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.sluice.Device;
import dev.sluice.Samples;
import dev.sluice.Shape;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Rnn;
import dev.sluice.nn.RnnBuilder;
import dev.sluice.weights.Weights;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Two threads take a share of a large batch each, one thread takes all of it, and three work on
 * each product together, since the batch is too small to cut: the bits are the same. On AVX2 those
 * of training are the same only for the same number of threads.
 */
class SharesTest {
  private static final int T = 23;
  private static final int N = 17;
  private static final int C = 19;
  private static final int H = 37;

  @ParameterizedTest
  @CsvSource({
    "lstm, false, false",
    "lstm, true, true",
    "gru, false, true",
    "gru, true, false",
    "before, true, true",
    "tanh, true, true"
  })
  void bitsDoNotDependOnTheThreads(String kind, boolean bothDirections, boolean lengths) {
    var one = run(1, kind, bothDirections, lengths);
    for (int threads = 2; threads <= 3; threads++) {
      var more = run(threads, kind, bothDirections, lengths);
      var again = sharesSums() ? run(threads, kind, bothDirections, lengths) : one;
      for (var name : one.keySet()) {
        var expected = name.equals("inference") ? one : again;
        assertArrayEquals(expected.get(name), more.get(name), name + ", " + threads + " threads");
      }
    }
  }

  /** Whether oneDNN's sgemm shares the sums of a product out among threads. */
  private static boolean sharesSums() {
    return OneDnn.isa().startsWith("avx2");
  }

  private static RnnBuilder builder(String kind) {
    return switch (kind) {
      case "lstm" -> Rnn.lstm(C, H);
      case "gru" -> Rnn.gru(C, H);
      case "before" -> Rnn.gruResetBefore(C, H);
      default -> Rnn.tanh(C, H);
    };
  }

  private static Map<String, float[]> run(int threads, String kind, boolean both, boolean ends) {
    int[] lengths = new int[N];
    for (int n = 0; n < N; n++) {
      lengths[n] = 1 + n * 7 % T;
    }
    try (var device = Device.open(Device.Options.defaults().engine("cpu").threads(threads));
        var arena = device.arena()) {
      var rnn = builder(kind).layers(2).bidirectional(both).build(Weights.random(3), arena);
      var all = new LinkedHashMap<String, float[]>();
      var given = ends ? lengths : null;
      try (var pass = Pass.inference(device)) {
        var x = pass.tensor(Shape.of(T, N, C), Samples.floats(1, T * N * C));
        all.put("inference", rnn.forward(pass, x, given, null).y().floats());
      }
      all.putAll(step(device, rnn, given));
      if (!sharesSums()) {
        assertArrayEquals(all.get("inference"), all.get("y"), "training against inference");
      }
      return all;
    }
  }

  /** y, and the gradients but those of the biases, whose sums are cut by columns. */
  private static Map<String, float[]> step(Device device, Rnn rnn, int[] lengths) {
    var all = new LinkedHashMap<String, float[]>();
    try (var pass = Pass.training(device)) {
      var x = pass.variable(Shape.of(T, N, C), Samples.floats(1, T * N * C));
      var y = rnn.forward(pass, x, lengths, null).y();
      all.put("y", y.floats());
      pass.gradient(y).set(Samples.floats(2, y.shape().elements()));
      pass.backward();
      all.put("x", pass.gradient(x).floats());
    }
    rnn.parameters().stream()
        .filter(p -> p.name().startsWith("weight"))
        .forEach(p -> all.put(p.name(), p.gradient().floats()));
    return all;
  }
}
