package dev.sluice.cpu;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;

/** Counts cores: two hardware threads of one core share its vector units and caches. */
final class Cores {
  /**
   * Physical cores, as far as the process may use them; at least 1. Counted once: where OpenMP
   * binds threads, a thread that has called it sees one processor.
   */
  static final int PHYSICAL = physical();

  private Cores() {}

  private static int physical() {
    int allowed = Runtime.getRuntime().availableProcessors();
    var cpus = Path.of("/sys/devices/system/cpu");
    var siblings = new HashSet<String>();
    try (var folders = Files.newDirectoryStream(cpus, "cpu[0-9]*")) {
      for (var folder : folders) {
        var list = folder.resolve("topology/thread_siblings_list");
        if (Files.isReadable(list)) {
          siblings.add(Files.readString(list).strip());
        }
      }
    } catch (IOException | UncheckedIOException e) {
      return allowed;
    }
    return siblings.isEmpty() ? allowed : Math.min(siblings.size(), allowed);
  }
}
