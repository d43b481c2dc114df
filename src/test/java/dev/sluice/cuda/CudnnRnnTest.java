package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.Device;
import dev.sluice.MathMode;
import dev.sluice.spi.RnnSpec;
import dev.sluice.spi.RnnSpec.CellClip;
import dev.sluice.spi.RnnSpec.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks on cuDNN's RNN, simulated, give what they give on the CPU engine. */
@Simulated
class CudnnRnnTest {
  private static final int SEEDS = 5;
  private static final double TOLERANCE = 1e-5;

  private static Device cpu;

  @BeforeAll
  static void open() {
    Simulator.open().close();
    cpu = Device.open(Device.Options.defaults().engine("cpu").threads(1));
  }

  @AfterAll
  static void close() {
    if (cpu != null) {
      cpu.close();
    }
  }

  @AfterEach
  void restore() {
    Simulator.reset();
    Simulator.setSeed(1);
  }

  static List<RnnCase> cases() {
    var all = new ArrayList<RnnCase>();
    for (int[] lengths : new int[][] {null, {4, 1, 5}, {5, 0, 2}}) {
      for (boolean states : new boolean[] {false, true}) {
        for (var spec : specs()) {
          all.add(new RnnCase(spec, 5, 3, lengths, states));
        }
      }
    }
    return all;
  }

  private static List<RnnSpec> specs() {
    return List.of(
        RnnCase.spec(Kind.RNN_TANH, 4, 8, 1, false, true, 0),
        RnnCase.spec(Kind.RNN_RELU, 4, 7, 2, true, true, 0),
        RnnCase.spec(Kind.RNN_TANH, 3, 5, 3, false, false, 0),
        RnnCase.spec(Kind.LSTM, 4, 8, 1, false, true, 0),
        RnnCase.spec(Kind.LSTM, 5, 6, 2, true, true, 0),
        RnnCase.spec(Kind.LSTM, 4, 7, 2, true, false, 0),
        RnnCase.spec(Kind.LSTM, 4, 7, 2, true, true, 3),
        RnnCase.spec(Kind.LSTM, 4, 7, 1, false, false, 2),
        RnnCase.spec(Kind.LSTM, 4, 6, 2, true, true, 0, new CellClip(0.15, CellClip.Mode.READ)),
        RnnCase.spec(Kind.GRU_RESET_AFTER, 4, 8, 1, false, true, 0),
        RnnCase.spec(Kind.GRU_RESET_AFTER, 3, 7, 3, true, true, 0),
        RnnCase.spec(Kind.GRU_RESET_AFTER, 4, 5, 2, false, false, 0));
  }

  static Stream<Arguments> casesAndSeeds() {
    return cases().stream()
        .flatMap(
            it -> Stream.iterate(1, seed -> seed + 1).limit(SEEDS).map(s -> Arguments.of(it, s)));
  }

  @ParameterizedTest
  @MethodSource("casesAndSeeds")
  void networksAgree(RnnCase it, int seed) {
    Simulator.setSeed(seed);
    Simulator.clear();
    try (var cuda = Simulator.open()) {
      assertInstanceOf(CudnnRnn.class, it.plan(cuda, true));
      for (boolean training : new boolean[] {true, false}) {
        var expected = it.run(cpu, training, true);
        assertAgree(expected, it.run(cuda, training, seed % 2 == 0), TOLERANCE);
      }
      assertTrue(Simulator.calls("cudnnRNNBackwardWeights_v8") > 0);
      assertEquals("", Simulator.report());
    }
  }

  private static void assertAgree(
      Map<String, float[]> expected, Map<String, float[]> got, double tolerance) {
    assertEquals(expected.keySet(), got.keySet());
    expected.forEach(
        (name, values) -> {
          for (int i = 0; i < values.length; i++) {
            double allowed = tolerance * (1 + Math.abs(values[i]));
            assertEquals(values[i], got.get(name)[i], allowed, name + ", element " + i);
          }
        });
  }

  /** Each algorithm in its own right, whichever the trial would take. */
  @ParameterizedTest
  @ValueSource(
      strings = {"STANDARD", "PERSIST_STATIC", "PERSIST_STATIC_SMALL_H", "PERSIST_DYNAMIC"})
  void algorithmsAgree(RnnAlgorithm algorithm) {
    var it =
        new RnnCase(RnnCase.spec(Kind.GRU_RESET_AFTER, 4, 8, 2, false, true, 0), 5, 3, null, true);
    try (var cuda = Simulator.open();
        var stream = new CudaStream((CudaBackend) cuda.backend())) {
      var run = new RnnSpec.Run(5, 3, false, true);
      var key = RnnNetwork.Key.of(it.spec(), run, algorithm);
      try (var network = new RnnNetwork(stream.cudnn(), MathMode.EXACT, key);
          var plan = new CudnnRnn(it.spec(), run, new CudnnSequence(stream.cudnn(), network, run));
          var arena = cuda.arena()) {
        var trip = it.new Trip(cuda, arena, plan);
        trip.run();
        assertAgree(it.run(cpu, true, true), trip.results(), TOLERANCE);
      }
    }
    assertEquals("", Simulator.ledger());
  }

  /** Whatever only cuDNN cannot compute is composed. */
  @Test
  void whatCudnnCannotIsComposed() {
    var store = new CellClip(0.15, CellClip.Mode.STORE);
    try (var cuda = Simulator.open()) {
      for (var spec :
          List.of(
              RnnCase.spec(Kind.GRU_RESET_BEFORE, 4, 6, 1, false, true, 0),
              RnnCase.spec(Kind.LSTM, 4, 6, 1, false, true, 6),
              RnnCase.spec(Kind.LSTM, 4, 6, 1, false, true, 0, store))) {
        var it = new RnnCase(spec, 4, 2, new int[] {4, 0}, true);
        assertInstanceOf(CudaRnn.class, it.plan(cuda, true));
        assertAgree(it.run(cpu, true, true), it.run(cuda, true, true), TOLERANCE);
      }
    }
  }

  /** TF32 rounds, so that only the exact mode agrees to the last digits. */
  @Test
  void theMathModeIsThatOfTheDevice() {
    var it = new RnnCase(RnnCase.spec(Kind.LSTM, 8, 16, 1, false, true, 0), 4, 3, null, false);
    var exact = it.run(cpu, false, true).get("y");
    try (var cuda = Simulator.open(Device.Options.defaults().math(MathMode.TF32))) {
      var got = it.run(cuda, false, true).get("y");
      double worst = 0;
      for (int i = 0; i < got.length; i++) {
        worst = Math.max(worst, Math.abs(got[i] - exact[i]));
      }
      assertTrue(worst > 1e-5 && worst < 1e-2, "off by " + worst);
    }
  }

  /** From the third time on, packing, forward and backward are one launch of a graph each. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSteadyLoopMakesNothing(boolean lengths) {
    var spec = RnnCase.spec(Kind.LSTM, 4, 8, 2, true, true, 0);
    var it = new RnnCase(spec, 5, 3, lengths ? new int[] {3, 0, 5} : null, true);
    try (var cuda = Simulator.open();
        var arena = cuda.arena()) {
      var trip = it.new Trip(cuda, arena, true, true);
      for (int i = 0; i < 3; i++) {
        trip.run();
      }
      Simulator.clear();
      for (int i = 0; i < 10; i++) {
        trip.run();
      }
      assertEquals(30, Simulator.calls("cuGraphLaunch"));
      assertEquals(0, Simulator.calls("cudnnRNNForward"));
      for (var line : Simulator.calls().lines().toList()) {
        assertTrue(
            !line.matches(
                ".*(Create|Set(RNN|Tensor)|Destroy|Get(RNN|Tensor)|MemAlloc|MemFree|Build).*"),
            line);
      }
    }
  }

  /** Lengths that change are told to cuDNN, and nothing else is made. */
  @Test
  void lengthsMayChangeFromTripToTrip() {
    var spec = RnnCase.spec(Kind.GRU_RESET_AFTER, 4, 8, 2, true, true, 0);
    int[][] all = {{5, 2, 1}, {1, 5, 5}, {0, 3, 5}, {5, 2, 1}};
    try (var cuda = Simulator.open()) {
      for (int[] lengths : all) {
        new RnnCase(spec, 5, 3, lengths, true).run(cuda, true, true);
      }
      Simulator.clear();
      for (int[] lengths : all) {
        var it = new RnnCase(spec, 5, 3, lengths, true);
        assertAgree(it.run(cpu, true, true), it.run(cuda, true, true), TOLERANCE);
      }
      assertEquals(0, Simulator.calls("cudnnCreateRNNDataDescriptor"));
      assertEquals("", Simulator.report());
    }
  }

  /** Lengths belong to a trip, though the descriptors that hold them belong to the plan. */
  @Test
  void threadsShareAPlan() throws InterruptedException {
    var spec = RnnCase.spec(Kind.LSTM, 4, 8, 1, true, true, 0);
    int[][] all = {{5, 2, 1}, {1, 5, 5}, {0, 3, 5}, {4, 4, 4}};
    var failures = new ConcurrentLinkedQueue<Throwable>();
    try (var cuda = Simulator.open()) {
      var threads = new ArrayList<Thread>();
      for (int[] lengths : all) {
        var it = new RnnCase(spec, 5, 3, lengths, true);
        var expected = it.run(cpu, true, true);
        Runnable work =
            () -> {
              for (int i = 0; i < 5; i++) {
                assertAgree(expected, it.run(cuda, true, true), TOLERANCE);
              }
            };
        var thread = new Thread(work);
        thread.setUncaughtExceptionHandler((t, e) -> failures.add(e));
        threads.add(thread);
      }
      threads.forEach(Thread::start);
      for (var thread : threads) {
        thread.join();
      }
    }
    assertEquals(List.of(), List.copyOf(failures));
  }

  @Test
  void closingLeavesNothing() {
    try (var cuda = Simulator.open()) {
      for (var it : cases()) {
        it.plan(cuda, true);
      }
      assertTrue(Simulator.ledger().contains("RNN"), Simulator.ledger());
    }
    assertEquals("", Simulator.ledger());
  }
}
