package dev.sluice.benchmarks;

import dev.sluice.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Where the numbers come from: numbers of two machines are never compared. */
final class Machine {
  private Machine() {}

  static Map<String, Object> facts() throws IOException {
    var all = new LinkedHashMap<String, Object>();
    all.put("cpu", linux("/proc/cpuinfo", "model name"));
    all.put("flags", List.of(linux("/proc/cpuinfo", "flags").split(" +")));
    all.put("processors", Runtime.getRuntime().availableProcessors());
    all.put("caches", caches());
    all.put("memory", linux("/proc/meminfo", "MemTotal"));
    all.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    all.put("java", Runtime.version().toString());
    all.put("engines", engines());
    all.put("load", load());
    all.put("commit", System.getProperty("sluice.commit", "unknown"));
    all.put("date", Instant.now().toString());
    return all;
  }

  /** What each engine says of itself, but for where its files lie. */
  private static Map<String, Object> engines() {
    var all = new LinkedHashMap<String, Object>();
    for (var engine : Device.engines()) {
      var facts = new LinkedHashMap<>(engine.report().facts());
      facts.remove("library");
      all.put(engine.name(), facts);
    }
    return all;
  }

  /** Sizes of the first core's caches, the nearest first. */
  private static List<String> caches() throws IOException {
    var sizes = new ArrayList<String>();
    var cpu = "/sys/devices/system/cpu/cpu0/cache/index";
    for (var file = Path.of(cpu + 0, "size");
        Files.isReadable(file);
        file = Path.of(cpu + sizes.size(), "size")) {
      sizes.add(Files.readString(file).strip());
    }
    return sizes;
  }

  /** The processor's name as part of a file's name. */
  static String name(Map<String, Object> facts) {
    String cpu = facts.get("cpu").toString().replaceAll("\\((R|TM)\\)", "");
    return cpu.replaceAll("[^A-Za-z0-9]+", "-").replaceAll("^-|-$", "").toLowerCase()
        + "-"
        + facts.get("processors");
  }

  /** The system's load averages. */
  static String load() throws IOException {
    var file = Path.of("/proc/loadavg");
    return Files.isReadable(file) ? Files.readString(file).strip() : "unknown";
  }

  private static String linux(String file, String name) throws IOException {
    if (!Files.isReadable(Path.of(file))) {
      return "unknown";
    }
    try (var lines = Files.lines(Path.of(file))) {
      return lines
          .filter(line -> line.startsWith(name) && line.contains(":"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("unknown");
    }
  }
}
