package dev.sluice.cli.bundle;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * A program that was run: a GPU day's scripts want Python, and some the simulator.
 *
 * @param code its exit code
 * @param said what it printed
 */
record Python(int code, String said) {
  /** The scripts in the sources. */
  static final Path SCRIPTS = Path.of("native/gpu-day");

  /** {@return the folder of the simulator's libraries; without one, or Python, the test ends} */
  static Path simulator(String test) {
    var folder = System.getProperty("sluice.simulator", "");
    require(test, Tool.find("python3").isPresent(), "there is no python3 on the PATH");
    boolean there = !folder.isEmpty() && Files.exists(Path.of(folder, "libcuda.so.1"));
    require(test, there, "no simulator in the folder of sluice.simulator, '" + folder + "'");
    return Path.of(folder).toAbsolutePath();
  }

  String last() {
    return said.lines().reduce("", (_, line) -> line);
  }

  static void require(String test, boolean there, String reason) {
    if (!there) {
      System.out.println("skipped: " + test + ", " + reason);
    }
    Assumptions.assumeTrue(there, reason);
  }

  /** Runs captures.py on the simulator. */
  static Python captures(Path simulator, int seed, String what, Path file) throws Exception {
    var command =
        List.of(
            "python3",
            "-B",
            SCRIPTS.resolve("captures.py").toString(),
            what,
            file.toString(),
            "--cuda",
            simulator.resolve("libcuda.so.1").toString(),
            "--cudnn",
            simulator.resolve("libcudnn.so.9").toString(),
            "--cublas",
            simulator.resolve("libcublasLt.so.12").toString(),
            simulator.resolve("libcublas.so.12").toString());
    return run(command, null, Map.of("SLUICE_SIMULATOR_SEED", String.valueOf(seed)));
  }

  static Python run(List<String> command, Path folder, Map<String, String> environment)
      throws IOException, InterruptedException {
    var log = Files.createTempFile("sluice-gpu-day", ".txt");
    var builder = new ProcessBuilder(new ArrayList<>(command)).redirectErrorStream(true);
    builder.environment().putAll(environment);
    if (folder != null) {
      builder.directory(folder.toFile());
    }
    var process = builder.redirectOutput(log.toFile()).start();
    process.getOutputStream().close();
    boolean ended = process.waitFor(5, TimeUnit.MINUTES);
    process.destroyForcibly();
    var said = Files.readString(log);
    Files.delete(log);
    assertTrue(ended, said);
    return new Python(process.exitValue(), said);
  }
}
