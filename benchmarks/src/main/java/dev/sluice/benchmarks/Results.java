package dev.sluice.benchmarks;

import dev.sluice.weights.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Map;

/** The file of a run, written anew whenever something was measured. */
final class Results {
  private final Map<String, Object> all = new LinkedHashMap<>();
  private final Path file;

  Results(Path folder, Map<String, Object> machine) throws IOException {
    var date = LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss"));
    file = Files.createDirectories(folder).resolve(Machine.name(machine) + "-" + date + ".json");
    all.put("machine", machine);
  }

  void put(String part, Object value) {
    all.put(part, value);
  }

  void save() throws IOException {
    var next = file.resolveSibling(file.getFileName() + ".next");
    Files.writeString(next, Json.writePretty(all) + "\n");
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  Path file() {
    return file;
  }
}
