package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** The PTX that is shipped is what the kernels' sources give, and no architecture spills. */
class KernelFilesTest {
  @Test
  void thePtxIsWhatTheSourcesGive() throws IOException, InterruptedException {
    var cache = System.getenv().getOrDefault("XDG_CACHE_HOME", System.getenv("HOME") + "/.cache");
    boolean tools = Files.exists(Path.of(cache, "sluice/cuda-13.0/complete"));
    if (!tools) {
      System.out.println(
          "skipped: recompiling the CUDA kernels, since the compiler is not in the cache;"
              + " native/fetch-tools lays it there");
    }
    Assumptions.assumeTrue(tools, "native/fetch-tools was not run");
    var builder = new ProcessBuilder("native/compile", "--check").redirectErrorStream(true);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    var process = builder.start();
    String said = new String(process.getInputStream().readAllBytes());
    assertEquals(0, process.waitFor(), said);
  }
}
