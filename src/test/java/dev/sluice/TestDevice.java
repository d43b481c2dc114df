package dev.sluice;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;

/** The device of a test that holds on {@link EachDevice each}. */
public final class TestDevice {
  private TestDevice() {}

  /** {@return the engine that this run of the tests is for, cpu unless the property says else} */
  public static String engine() {
    return System.getProperty("sluice.test.engine", "cpu");
  }

  /** {@return it, open} */
  public static Device open() {
    return Device.open(engine());
  }

  /**
   * {@return it, open}
   *
   * @param threads of the CPU engine
   */
  public static Device open(int threads) {
    return Device.open(Device.Options.defaults().engine(engine()).threads(threads));
  }

  /**
   * Says aloud what is skipped for want of a simulator; else makes it the CUDA that is found.
   *
   * @param test that asks
   */
  @SuppressWarnings("exports")
  public static ConditionEvaluationResult onSimulator(String test) {
    var folder = System.getProperty("sluice.simulator", "");
    if (folder.isEmpty() || !Files.exists(Path.of(folder, "libcuda.so.1"))) {
      var reason = "no simulated CUDA device in the folder of sluice.simulator, '" + folder + "'";
      System.out.println("skipped: " + test + ", " + reason);
      return ConditionEvaluationResult.disabled(reason);
    }
    System.setProperty("sluice.libraries", folder);
    return ConditionEvaluationResult.enabled("on the simulated device");
  }
}
