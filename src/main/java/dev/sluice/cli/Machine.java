package dev.sluice.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** What is known of the machine that this runs on. */
final class Machine {
  // The instruction sets that decide which kernels can run.
  private static final List<String> FLAGS =
      List.of(
          "sse4_1",
          "avx",
          "f16c",
          "fma",
          "avx2",
          "avx_vnni",
          "avx512f",
          "avx512bw",
          "avx512vl",
          "avx512_vnni",
          "avx512_bf16",
          "avx512_fp16",
          "amx_tile",
          "amx_bf16");

  private Machine() {}

  /** Names and values in the order to print: strings, numbers, lists of strings. */
  static Map<String, Object> facts() {
    var facts = new LinkedHashMap<String, Object>();
    facts.put("sluice", Main.Version.number());
    facts.put("java", Runtime.version() + ", " + System.getProperty("java.vm.name"));
    facts.put(
        "os",
        "%s %s, %s"
            .formatted(
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                System.getProperty("os.arch")));
    facts.put("cpu", linux("/proc/cpuinfo", "model name", "unknown"));
    facts.put("processors", Runtime.getRuntime().availableProcessors());
    var flags = Set.of(linux("/proc/cpuinfo", "flags", "").split(" +"));
    facts.put("instructions", FLAGS.stream().filter(flags::contains).toList());
    facts.put("memory", size(linux("/proc/meminfo", "MemTotal", "unknown")));
    facts.put("memory available", size(linux("/proc/meminfo", "MemAvailable", "unknown")));
    facts.put("java heap limit", mebibytes(Runtime.getRuntime().maxMemory() >> 10));
    return facts;
  }

  /** KiB of memory that this process occupies, or -1 where the system does not say. */
  static long residentKilobytes() {
    String value = linux("/proc/self/status", "VmRSS", "");
    return value.isEmpty() ? -1 : Long.parseLong(value.split(" ")[0]);
  }

  /** Files, sockets and pipes that this process has open, or -1 where the system does not say. */
  static long openFiles() {
    try (var all = Files.list(Path.of("/proc/self/fd"))) {
      return all.count();
    } catch (IOException e) {
      return -1;
    }
  }

  /** Threads of this process, the JVM's own among them, or -1 where the system does not say. */
  static long threads() {
    return Long.parseLong(linux("/proc/self/status", "Threads", "-1"));
  }

  /** Bytes of memory that programs can still have, or what Java can count where nobody says. */
  static long availableBytes() {
    String value = linux("/proc/meminfo", "MemAvailable", "");
    return value.isEmpty() ? Long.MAX_VALUE : Long.parseLong(value.split(" ")[0]) << 10;
  }

  private static String size(String text) {
    return text.endsWith(" kB") ? mebibytes(Long.parseLong(text.split(" ")[0])) : text;
  }

  private static String mebibytes(long kilobytes) {
    return String.format(Locale.ROOT, "%,d MiB", kilobytes >> 10);
  }

  private static String linux(String file, String name, String otherwise) {
    try (Stream<String> lines = Files.lines(Path.of(file))) {
      return lines
          .filter(line -> line.startsWith(name) && line.contains(":"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(otherwise);
    } catch (IOException e) {
      return otherwise;
    }
  }
}
