package dev.sluice.cuda;

import static dev.sluice.bindings.cuda.Cuda_h.*;

import dev.sluice.NativeException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** One file of compiled kernels, loaded into a context. */
final class KernelModule {
  private static final Pattern ENTRY = Pattern.compile("\\.entry\\s+(\\w+)\\s*\\(([^)]*)\\)");
  private static final Pattern PARAMETER = Pattern.compile("\\.param\\s+\\.[a-z](\\d+)\\s");
  private static final int LOG = 8192;

  private final Driver driver;
  private final String name;
  private final MemorySegment handle;
  private final Map<String, Function> functions = new HashMap<>();

  /**
   * A kernel.
   *
   * @param handle the driver's
   * @param sizes bytes of each parameter
   */
  record Function(String name, MemorySegment handle, int[] sizes) {}

  /** Loads {@code ptx/<name>.ptx} and every kernel in it. */
  KernelModule(Driver driver, String name) {
    this.driver = driver;
    this.name = name;
    var text = text(name);
    this.handle = load(text);
    try {
      find(text);
    } catch (RuntimeException e) {
      if (driver.lost() == null) {
        unload();
      }
      throw e;
    }
  }

  private void find(String text) {
    var entry = ENTRY.matcher(text);
    while (entry.find()) {
      var sizes =
          PARAMETER
              .matcher(entry.group(2))
              .results()
              .mapToInt(p -> Integer.parseInt(p.group(1)) / 8)
              .toArray();
      functions.put(entry.group(1), new Function(entry.group(1), function(entry.group(1)), sizes));
    }
  }

  private static String text(String name) {
    try (InputStream in = KernelModule.class.getResourceAsStream("ptx/" + name + ".ptx")) {
      if (in == null) {
        throw new IllegalStateException(
            "kernels: expected ptx/" + name + ".ptx beside the engine's classes, found none");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The driver compiles the text for the device; what it has to say stands in the message. */
  private MemorySegment load(String text) {
    driver.enter();
    try (var arena = Arena.ofConfined()) {
      var out = arena.allocate(ValueLayout.ADDRESS);
      var log = arena.allocate(LOG);
      var options =
          arena.allocateFrom(
              ValueLayout.JAVA_INT,
              CU_JIT_ERROR_LOG_BUFFER(),
              CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES());
      var values = arena.allocate(ValueLayout.ADDRESS, 2);
      values.setAtIndex(ValueLayout.ADDRESS, 0, log);
      values.setAtIndex(ValueLayout.ADDRESS, 1, MemorySegment.ofAddress(LOG));
      int code = cuModuleLoadDataEx(out, arena.allocateFrom(text), 2, options, values);
      try {
        driver.judge("cuModuleLoadDataEx", code);
      } catch (NativeException e) {
        var said = log.getString(0).strip();
        throw said.isEmpty() || e.getClass() != NativeException.class
            ? e
            : new NativeException(e.call(), code, e.status(), name + ".ptx: " + said);
      }
      return out.get(ValueLayout.ADDRESS, 0);
    }
  }

  private MemorySegment function(String function) {
    try (var arena = Arena.ofConfined()) {
      var text = arena.allocateFrom(function);
      return driver.create("cuModuleGetFunction", out -> cuModuleGetFunction(out, handle, text));
    }
  }

  Function function(String function, int arguments) {
    var found = functions.get(function);
    if (found == null) {
      throw new IllegalArgumentException(
          "kernel: expected one of " + functions.keySet() + " in " + name + ", got " + function);
    }
    if (found.sizes.length != arguments) {
      throw new IllegalArgumentException(
          "kernel %s: expected %d arguments, got %d"
              .formatted(function, found.sizes.length, arguments));
    }
    return found;
  }

  void unload() {
    driver.call("cuModuleUnload", () -> cuModuleUnload(handle));
  }
}
