package dev.sluice.cli;

import dev.sluice.cli.bundle.Bundle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Makes the archive that a borrowed machine with a GPU is handed. */
@Command(
    name = "bundle",
    mixinStandardHelpOptions = true,
    header = "Makes one archive that checks and measures a GPU on a machine without a JDK.",
    description =
        "A Java runtime, this library with its kernels and reference cases, and a script that"
            + " verifies, captures and measures; it needs the driver, Python 3 and the cuDNN and"
            + " cuBLAS that PyTorch's packages bring, and no network.",
    footer = {
      "",
      "On that machine: tar xf sluice-gpu-day.tar.xz && ./sluice-gpu-day/run",
      "",
      "Examples:",
      "  ./sluice bundle",
      "  ./sluice bundle --dry-run            and rehearses it on the simulator"
    })
final class BundleCommand implements Callable<Integer> {
  private static final long MOST_BYTES = 40_000_000;

  @Spec CommandSpec spec;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      defaultValue = "sluice-gpu-day.tar.xz",
      description = "The archive, at most 40 MB; default: ${DEFAULT-VALUE}.")
  Path out;

  @Option(
      names = "--dry-run",
      paramLabel = "FOLDER",
      arity = "0..1",
      fallbackValue = "target/simulator/lib",
      description =
          "Afterwards unpacks it into an empty folder and runs it there at tiny sizes, with no"
              + " environment but PATH=/usr/bin:/bin, on the simulator in this folder; default:"
              + " ${FALLBACK-VALUE}.")
  Path simulator;

  BundleCommand() {}

  @Override
  public Integer call() {
    if (simulator != null && !Files.exists(simulator.resolve("libcuda.so.1"))) {
      throw new IllegalArgumentException(
          "--dry-run: expected a folder with the simulator's libcuda.so.1, got " + simulator);
    }
    var scratch = temporaryFolder();
    try {
      long bytes = make(new Bundle(scratch.resolve(Bundle.NAME)));
      say("%s: %.1f MB", out, bytes / 1e6);
      return simulator == null ? 0 : rehearse(Files.createDirectory(scratch.resolve("empty")));
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    } finally {
      delete(scratch);
    }
  }

  private long make(Bundle bundle) {
    bundle.addRuntime();
    bundle.addJars();
    bundle.addScripts();
    boolean natives = bundle.addNatives();
    if (!bundle.addPeer()) {
      say("left out: cuDNN called from C, since there is no cc here");
    }
    bundle.describe(Main.Version.number());
    bundle.sizes().forEach((part, size) -> say("  %-20s %8.2f MB", part, size / 1e6));
    long bytes = bundle.pack(out);
    if (bytes > MOST_BYTES && natives) {
      say("left out: the CPU engine's natives, with which it is %.1f MB", bytes / 1e6);
      bundle.removeNatives();
      bundle.describe(Main.Version.number());
      bytes = bundle.pack(out);
    }
    if (bytes > MOST_BYTES) {
      throw new IllegalStateException(
          "%s: expected at most 40 MB, got %.1f".formatted(out, bytes / 1e6));
    }
    return bytes;
  }

  private int rehearse(Path empty) {
    say("rehearsed in an empty folder on the simulator, PATH=/usr/bin:/bin and nothing else:");
    return Bundle.rehearse(out, empty, simulator);
  }

  private void say(String format, Object... values) {
    var to = spec.commandLine().getOut();
    to.println(String.format(Locale.ROOT, format, values));
    to.flush();
  }

  private static Path temporaryFolder() {
    try {
      return Files.createTempDirectory("sluice-bundle");
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  private static void delete(Path folder) {
    try (var files = Files.walk(folder)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }
}
