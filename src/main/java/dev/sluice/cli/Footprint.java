package dev.sluice.cli;

import dev.sluice.Device;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * What the process holds at one moment.
 *
 * @param residentKib memory, -1 where the system does not say
 * @param reserved bytes that the device's pool has from it
 * @param objects of native libraries that are open, -1 where nobody counts them
 * @param files that are open, -1 where the system does not say
 * @param threads of the process, the JVM's own among them, -1 where the system does not say
 */
record Footprint(long residentKib, long reserved, long objects, long files, long threads) {
  /** The JVM starts compilers and collectors when it likes, and ends them again. */
  private static final int THREADS_OF_THE_JVM = 16;

  /** The plans that are kept are not all of one size: one object in so many is no growth. */
  private static final int FEW = 50;

  static Footprint of(Device device) {
    return new Footprint(
        Machine.residentKilobytes(),
        device.memory().reserved(),
        device.backend().openObjects(),
        Machine.openFiles(),
        Machine.threads());
  }

  /** What grew since, in words; empty if nothing did, by more than is let pass. */
  String grownSince(Footprint before, long slackKib) {
    long resident = residentKib - before.residentKib;
    if (resident > slackKib) {
      return "resident memory by %,d KiB".formatted(resident);
    }
    if (reserved > before.reserved) {
      return "the pool by %,d bytes".formatted(reserved - before.reserved);
    }
    if (objects > before.objects + before.objects / FEW) {
      return "native objects from %,d to %,d".formatted(before.objects, objects);
    }
    if (files > before.files) {
      return "open files from %d to %d".formatted(before.files, files);
    }
    if (threads > before.threads + THREADS_OF_THE_JVM) {
      return "threads from %d to %d".formatted(before.threads, threads);
    }
    return "";
  }

  Map<String, Object> json() {
    var all = new LinkedHashMap<String, Object>();
    all.put("resident_kib", residentKib);
    all.put("pool_bytes", reserved);
    all.put("native_objects", objects);
    all.put("open_files", files);
    all.put("threads", threads);
    return all;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%,d KiB resident, %s native objects, %d files, %d threads",
        residentKib,
        objects < 0 ? "?" : String.format(Locale.ROOT, "%,d", objects),
        files,
        threads);
  }
}
