package dev.sluice.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.Device;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Rnn;
import dev.sluice.weights.Weights;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BindingTest {
  /** Opens a device and prints what processors Java and the engine see before and after. */
  static final class Opening {
    private Opening() {}

    public static void main(String[] args) {
      System.out.println(Runtime.getRuntime().availableProcessors());
      try (var device = Device.open("cpu");
          var arena = device.arena();
          var pass = Pass.inference(device)) {
        System.out.println(Runtime.getRuntime().availableProcessors());
        System.out.println(new CpuEngine().report().facts().get("threads"));
        Rnn.lstm(64, 64).build(Weights.random(1), arena).forward(pass, arena.tensor(2, 64, 64));
        System.out.println(new CpuEngine().report().facts().get("threads"));
        System.out.println(new CpuEngine().report().facts().get("affinity"));
      }
    }
  }

  /**
   * Once it was loaded in the main thread, Java saw one processor and all its threads sat on it.
   */
  @Test
  void openingADeviceBindsNobodyWhoDoesNotComputeYet() throws Exception {
    var lines = PlainPathTest.run(Map.of("OMP_PROC_BIND", "true"), Opening.class);
    assertEquals(lines.get(0), lines.get(1), lines::toString);
    assertEquals(String.valueOf(Cores.PHYSICAL), lines.get(2), lines::toString);
    assertEquals(lines.get(2), lines.get(3), lines::toString);
    assertEquals(
        "bound by OMP_PROC_BIND=true, calling threads all to the first place", lines.get(4));
  }

  private static String of(Map<String, String> environment) {
    return Binding.of(environment::get);
  }

  @Test
  void onlyTheEnvironmentBinds() {
    assertEquals("not bound", of(Map.of("OMP_NUM_THREADS", "2")));
    assertEquals(
        "bound by OMP_PROC_BIND=close OMP_PLACES={0},{1}, calling threads all to the first place",
        of(Map.of("OMP_PLACES", "{0},{1}", "OMP_PROC_BIND", "close")));
    assertEquals(
        "bound by GOMP_CPU_AFFINITY=0 1, calling threads all to the first place",
        of(Map.of("GOMP_CPU_AFFINITY", "0 1")));
    assertEquals("not bound", of(Map.of("OMP_PROC_BIND", "FALSE", "OMP_PLACES", "cores")));
  }
}
