package dev.sluice.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The plain loops give what the vectors give, up to their accuracy. */
class PlainPathTest {
  @Test
  void vectorsAreInUseHere() {
    assertTrue(VectorApi.PRESENT, "these tests would compare plain loops with themselves");
  }

  @Test
  void plainLoopsOnRequest() throws Exception {
    compare(Map.of(), "--add-modules", "jdk.incubator.vector", "-Dsluice.plain=true");
  }

  @Test
  void plainLoopsWithoutTheModule() throws Exception {
    compare(Map.of());
  }

  /** On AVX2 oneDNN has no product for a GRU of width 1, on older ones none for any network. */
  @ParameterizedTest
  @ValueSource(strings = {"AVX2", "SSE41"})
  void withWhatOneDnnHasForAnOlderProcessor(String isa) throws Exception {
    compare(Map.of("ONEDNN_MAX_CPU_ISA", isa));
  }

  private static void compare(Map<String, String> environment, String... options) throws Exception {
    var lines = run(environment, PlainProcess.class, options);
    assertEquals("false", lines.removeFirst());
    int at = 0;
    for (var values : PlainProcess.values()) {
      double largest = 1;
      for (float value : values) {
        largest = Math.max(largest, Math.abs(value));
      }
      for (float value : values) {
        assertEquals(value, Float.parseFloat(lines.get(at++)), 2e-6 * largest);
      }
    }
    assertEquals(at, lines.size());
  }

  /** What a main method prints in a process of its own. */
  static List<String> run(Class<?> main, String... options) throws Exception {
    return run(Map.of(), main, options);
  }

  /** The same with some more variables in its environment. */
  static List<String> run(Map<String, String> environment, Class<?> main, String... options)
      throws Exception {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC"));
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", path(), main.getName()));
    var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().putAll(environment);
    var process = builder.start();
    var said = new String(process.getInputStream().readAllBytes());
    assertEquals(0, process.waitFor(), said);
    return new ArrayList<>(said.lines().toList());
  }

  /** Everything that this process has, as a class path. */
  private static String path() {
    return String.join(
        File.pathSeparator,
        root(VectorApi.class).toString(),
        root(PlainProcess.class).toString(),
        System.getProperty("java.class.path", ""),
        System.getProperty("jdk.module.path", ""));
  }

  /** The folder that a class file lies in, without its package. */
  private static Path root(Class<?> type) {
    String name = "/" + type.getName().replace('.', '/') + ".class";
    Path root = Path.of(URI.create(type.getResource(name).toString()));
    for (int up = 1; up < name.length(); up++) {
      root = name.charAt(up - 1) == '/' ? root.getParent() : root;
    }
    return root;
  }
}
