package dev.sluice.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.MathMode;
import dev.sluice.spi.RnnSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How cuDNN's algorithm for a network is chosen. */
@Simulated
class RnnTrialTest {
  private static final String WRONG = "SLUICE_SIMULATOR_WRONG_RNN_ALGORITHM";
  private static final String NONE = "-1";
  private static final RnnSpec SPEC = RnnCase.spec(RnnSpec.Kind.LSTM, 4, 8, 1, false, true, 0);

  @TempDir private Path cache;
  private String before;

  @BeforeEach
  void simulated() {
    before = System.getProperty("sluice.cache");
    System.setProperty("sluice.cache", cache.toString());
    Simulator.open().close();
    Simulator.clear();
  }

  @AfterEach
  void restore() throws Throwable {
    environment(WRONG, NONE);
    if (before == null) {
      System.clearProperty("sluice.cache");
    } else {
      System.setProperty("sluice.cache", before);
    }
  }

  /** Of this process, where the simulator looks. */
  private static void environment(String name, String value) throws Throwable {
    var linker = Linker.nativeLinker();
    var setenv =
        linker.downcallHandle(
            linker.defaultLookup().find("setenv").orElseThrow(),
            FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT));
    try (var arena = Arena.ofConfined()) {
      int status = (int) setenv.invoke(arena.allocateFrom(name), arena.allocateFrom(value), 1);
      assertEquals(0, status);
    }
  }

  /** Whether an algorithm passes the trial, after the standard one. */
  private static boolean passes(RnnAlgorithm algorithm, boolean training, MathMode math) {
    var run = new RnnSpec.Run(4, 3, false, training);
    try (var device = Simulator.open(Device.Options.defaults().math(math));
        var stream = new CudaStream((CudaBackend) device.backend());
        var trial = new RnnTrial(stream, SPEC, run)) {
      assertTrue(run(trial, stream, run, RnnAlgorithm.STANDARD));
      return run(trial, stream, run, algorithm);
    }
  }

  private static boolean run(
      RnnTrial trial, CudaStream stream, RnnSpec.Run run, RnnAlgorithm algorithm) {
    var math = stream.backend().math();
    var type = math == MathMode.FLOAT16 ? DType.FLOAT16 : DType.FLOAT32;
    var key = RnnNetwork.Key.of(SPEC.of(type), run, algorithm);
    try (var network = new RnnNetwork(stream.cudnn(), math, key);
        var inner = new CudnnSequence(stream.cudnn(), network, run)) {
      return trial.run(type == DType.FLOAT32 ? inner : new HalvedSequence(SPEC, run, type, inner));
    }
  }

  @Test
  void anAlgorithmThatIsWrongIsRefused() throws Throwable {
    var dynamic = RnnAlgorithm.PERSIST_DYNAMIC;
    for (var math : List.of(MathMode.EXACT, MathMode.TF32, MathMode.FLOAT16)) {
      for (boolean training : new boolean[] {false, true}) {
        environment(WRONG, NONE);
        assertTrue(passes(dynamic, training, math));
        environment(WRONG, String.valueOf(dynamic.code()));
        assertTrue(!passes(dynamic, training, math));
        assertTrue(passes(RnnAlgorithm.PERSIST_STATIC, training, math));
      }
    }
  }

  @Test
  void theEngineNeverTakesAWrongOne() throws Throwable {
    for (var wrong : RnnAlgorithm.values()) {
      if (wrong == RnnAlgorithm.STANDARD) {
        continue;
      }
      environment(WRONG, String.valueOf(wrong.code()));
      for (int hidden = 8; hidden <= 40; hidden += 8) {
        var spec = RnnCase.spec(RnnSpec.Kind.LSTM, 4, hidden, 1, false, true, 0);
        try (var device = Simulator.open()) {
          var plan = new RnnCase(spec, 4, 3 + wrong.ordinal(), null, false).plan(device, false);
          assertNotEquals(wrong, ((CudnnRnn) plan).algorithm());
        }
      }
    }
  }

  @Test
  void aChoiceIsMadeOnceForAllProcesses() throws Exception {
    var it = new RnnCase(SPEC, 5, 3, null, false);
    RnnAlgorithm first;
    try (var device = Simulator.open()) {
      first = ((CudnnRnn) it.plan(device, true)).algorithm();
    }
    assertTrue(Simulator.calls("cuEventElapsedTime") >= 2);
    try (var files = Files.list(cache)) {
      assertEquals(1, files.count());
    }
    Simulator.clear();
    try (var device = Simulator.open()) {
      assertEquals(first, ((CudnnRnn) it.plan(device, true)).algorithm());
    }
    assertEquals(0, Simulator.calls("cuEventElapsedTime"));
  }

  /** Steps are tried by powers of two, so that each length of a sequence is no new trial. */
  @Test
  void aTrialStandsForSequencesOfAboutItsLength() {
    try (var device = Simulator.open()) {
      new RnnCase(SPEC, 5, 3, null, false).plan(device, false);
      Simulator.clear();
      new RnnCase(SPEC, 7, 3, null, false).plan(device, false);
      assertEquals(0, Simulator.calls("cuEventElapsedTime"));
      new RnnCase(SPEC, 8, 3, null, false).plan(device, false);
      assertTrue(Simulator.calls("cuEventElapsedTime") > 0);
    }
  }

  /** With lengths, without biases, with a projection: nothing else is offered. */
  @Test
  void nothingIsTimedWhereOnlyTheStandardAlgorithmWillDo() {
    try (var device = Simulator.open()) {
      Simulator.clear();
      var projected = RnnCase.spec(RnnSpec.Kind.LSTM, 4, 8, 1, false, true, 3);
      new RnnCase(SPEC, 5, 3, new int[] {5, 4, 3}, false).plan(device, true);
      new RnnCase(projected, 5, 3, null, false).plan(device, true);
      assertEquals(0, Simulator.calls("cuEventElapsedTime"));
    }
  }
}
