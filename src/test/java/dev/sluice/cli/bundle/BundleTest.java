package dev.sluice.cli.bundle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.weights.Json;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is in a bundle, and that it runs without a JDK. The whole rehearsal, races included, is
 * {@code ./sluice bundle --dry-run}.
 */
class BundleTest {
  @TempDir Path folder;

  private Bundle made() {
    var bundle = new Bundle(folder.resolve(Bundle.NAME));
    bundle.addJars();
    bundle.addScripts();
    bundle.describe("test");
    return bundle;
  }

  private Path in(String name) {
    return folder.resolve(Bundle.NAME, name);
  }

  @Test
  void itHoldsWhatIsNeededAndNothingElse() throws Exception {
    var expected = new TreeSet<>(Bundle.SCRIPTS);
    expected.addAll(List.of("bundle.json", "lib/picocli.jar", "lib/sluice.jar"));
    assertEquals(expected, made().sizes().keySet());
    try (var jar = new ZipFile(in("lib/sluice.jar").toFile())) {
      for (var entry :
          List.of(
              "module-info.class",
              "dev/sluice/cuda/ptx/lstm.ptx",
              "dev/sluice/cli/conformance/manifest.json",
              "dev/sluice/data/Digits.class")) {
        assertTrue(jar.getEntry(entry) != null, entry);
      }
      assertTrue(
          jar.stream()
              .map(Object::toString)
              .noneMatch(it -> it.startsWith("dev/sluice/data/") && !it.endsWith(".class")));
    }
  }

  @Test
  void theScriptsParse() throws Exception {
    made();
    assertEquals(new Python(0, ""), run("sh", "-n", in("run").toString()));
    Python.require("the scripts' syntax", Tool.find("python3").isPresent(), "no python3");
    var parse = "import ast, glob; [ast.parse(open(f).read()) for f in glob.glob('*.py')]";
    assertEquals(
        new Python(0, ""),
        Python.run(List.of("python3", "-c", parse), folder.resolve(Bundle.NAME), Map.of()));
    assertEquals(0, run(in("run").toString(), "--help").code());
    var unknown = run(in("run").toString(), "--only", "verify,nothing");
    assertEquals(2, unknown.code());
    assertTrue(unknown.said().contains("got verify,nothing"), unknown.said());
  }

  @Test
  void thePeerCompiles() throws Exception {
    Python.require("the peer in C", Tool.find("cc").isPresent(), "no cc on the PATH");
    assertTrue(made().addPeer());
    var ran = run(in("cudnn_bench").toString(), "/no/libcuda.so.1", "/no/libcudnn.so.9");
    assertEquals(1, ran.code());
    assertTrue(ran.said().contains("/no/libcuda.so.1"), ran.said());
  }

  private static Python run(String... command) throws Exception {
    return Python.run(List.of(command), null, Map.of());
  }

  /** More than the archive's bytes, in a fraction of the time that xz takes. */
  private long deflated() throws Exception {
    var bytes = new CountedBytes();
    try (var out = new DeflaterOutputStream(bytes, new Deflater(Deflater.BEST_SPEED));
        var files = Files.walk(folder)) {
      for (var file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, out);
      }
    }
    return bytes.count;
  }

  private static final class CountedBytes extends OutputStream {
    long count;

    @Override
    public void write(int value) {
      count++;
    }

    @Override
    public void write(byte[] from, int start, int length) {
      count += length;
    }
  }

  /** From an empty folder, with nothing in the environment but a PATH that has no JDK. */
  @Test
  void itRunsWithoutAJdk() throws Exception {
    var simulator = Python.simulator("a rehearsal of the bundle");
    var bundle = made();
    bundle.addRuntime();
    long bytes = deflated();
    assertTrue(bytes < 40_000_000, bytes + " bytes");
    var empty = Files.createDirectory(folder.resolve("empty"));
    var command =
        new ArrayList<>(
            List.of("env", "-i", "PATH=/usr/bin:/bin", in("run").toString(), "--simulated"));
    command.addAll(List.of(simulator.toString(), "--tiny", "--only", "info,captures"));
    var ran = Python.run(command, empty, Map.of());
    assertEquals(0, ran.code(), ran.said());
    var results = empty.resolve("results");
    for (var step : List.of("info", "device", "doctor", "captures")) {
      var written = (Map<?, ?>) Json.parse(Files.readString(results.resolve(step + ".json")));
      assertEquals("ok", written.get("status"), ran.said());
      assertEquals(true, written.get("simulated"));
    }
    assertTrue(Files.readString(results.resolve("summary.txt")).startsWith("SIMULATED"));
    assertTrue(Files.readString(results.resolve("doctor.txt")).contains("engine cuda: works"));
    assertTrue(Files.size(empty.resolve("results.tar.gz")) > 0);
    var again = Python.run(command, empty, Map.of());
    assertEquals(0, again.code(), again.said());
    assertTrue(again.said().contains("captures: done before"), again.said());
    command.removeAll(List.of("--simulated", simulator.toString()));
    var mixed = Python.run(command, empty, Map.of());
    assertEquals(1, mixed.code(), mixed.said());
    assertTrue(mixed.said().contains("name another --results"), mixed.said());
  }
}
