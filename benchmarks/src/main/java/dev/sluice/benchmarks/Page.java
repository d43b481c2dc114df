package dev.sluice.benchmarks;

import dev.sluice.weights.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/** A file of results as a page with tables and pictures beside it. */
final class Page {
  private final StringBuilder text = new StringBuilder();
  private final Path file;
  private final Map<?, ?> results;

  private Page(Path file) {
    this.file = file;
    if (!(Json.read(file) instanceof Map<?, ?> read) || !(read.get("machine") instanceof Map)) {
      throw new IllegalArgumentException("--page: expected a file of results, got " + file);
    }
    this.results = read;
  }

  /** Writes them, under the file's name with other ends. */
  static void write(Path file) throws IOException {
    var page = new Page(file);
    page.machine();
    page.races();
    page.curves();
    page.table(
        "c",
        "Java beside the same oneDNN calls from C",
        "name",
        "java_us",
        "c_us",
        "ratio",
        "low",
        "high");
    page.startUp();
    page.table(
        "sessions",
        "Sequences a second of an LSTM (T 20, N 1, C 256, H 256), a model shared by threads");
    page.memory();
    page.table(
        "jmh", "JMH", "benchmark", "parameters", "mean", "median", "unit", "gigabytes_a_second");
    var to = page.beside(".md");
    Files.writeString(to, page.text);
    System.out.println("page in " + to);
  }

  private Path beside(String end) {
    return file.resolveSibling(file.getFileName().toString().replaceFirst("\\.json$", "") + end);
  }

  private void machine() {
    var machine = map(results.get("machine"));
    text.append("# Benchmarks on ").append(machine.get("cpu")).append("\n\n");
    text.append(
        "%s processors, caches %s, %s threads, %s, Java %s, commit %s, %s; load %s before and %s after.%n"
            .formatted(
                machine.get("processors"),
                machine.get("caches") instanceof List<?> sizes
                    ? sizes.stream().map(Object::toString).collect(Collectors.joining(" "))
                    : "unknown",
                results.get("threads"),
                machine.get("os"),
                machine.get("java"),
                machine.get("commit"),
                machine.get("date"),
                machine.get("load"),
                results.get("load_at_end")));
    text.append("Numbers of another machine or run must not be compared with these; ratios may.\n");
    if (results.get("left_out") instanceof List<?> some && !some.isEmpty()) {
      text.append("\nLeft out, to end within 5 minutes: ")
          .append(some.stream().map(Object::toString).collect(Collectors.joining("; ")))
          .append(".\n");
    }
  }

  private void races() throws IOException {
    if (!(results.get("peers") instanceof Map<?, ?> part)) {
      return;
    }
    var names = new LinkedHashMap<String, String>();
    for (var peer : list(part.get("peers"))) {
      names.put((String) peer.get("name"), peer.get("name") + " " + peer.get("version"));
    }
    heading("Beside other libraries");
    text.append(
        "A library's median time over Sluice's, above 1 where Sluice is faster, with its 95 %"
            + " interval.\n\n");
    var head = new ArrayList<String>(List.of("", "Sluice ms"));
    head.addAll(names.values());
    var rows = new ArrayList<List<String>>();
    var bars = new ArrayList<Bars.Bar>();
    for (var race : list(part.get("races"))) {
      var row =
          new ArrayList<>(List.of((String) race.get("problem"), number(race.get("sluice_ms"))));
      var peers = map(race.get("peers"));
      for (var name : names.keySet()) {
        var one = map(peers.get(name));
        boolean ran = one.get("ratio") != null;
        row.add(ran ? ratio(one) : "");
        if (ran) {
          bars.add(
              new Bars.Bar(
                  (String) race.get("problem"),
                  name,
                  value(one, "ratio"),
                  value(one, "low"),
                  value(one, "high")));
        }
      }
      rows.add(row);
    }
    var means = map(part.get("geometric_means"));
    var last = new ArrayList<>(List.of("geometric mean", ""));
    names
        .keySet()
        .forEach(name -> last.add(means.get(name) == null ? "" : number(means.get(name))));
    rows.add(last);
    table(head, rows);
    reasons(part);
    var picture = beside("-ratios.svg");
    Files.writeString(picture, new Bars(bars).svg());
    picture(picture);
  }

  private void reasons(Map<?, ?> part) {
    var reasons =
        list(part.get("races")).stream()
            .flatMap(race -> map(race.get("peers")).entrySet().stream())
            .filter(peer -> map(peer.getValue()).containsKey("cannot"))
            .map(peer -> peer.getKey() + ": " + map(peer.getValue()).get("cannot"))
            .distinct()
            .toList();
    if (!reasons.isEmpty()) {
      text.append("\nEmpty cells: ").append(String.join("; ", reasons)).append(".\n");
    }
  }

  private void curves() throws IOException {
    if (results.get("curves") == null) {
      return;
    }
    heading("What a training step costs");
    var panels = new ArrayList<Panels.Panel>();
    for (var curve : list(results.get("curves"))) {
      var lines = lines((String) curve.get("axis"), list(curve.get("points")));
      var panel = new Panels.Panel((String) curve.get("title"), (String) curve.get("label"), lines);
      if (lines.getFirst().growth().at().length > 1) {
        panels.add(panel);
      }
      lines.forEach(
          line ->
              text.append(
                  "- %s: %s: %s%n".formatted(panel.title(), line.name(), line.growth().text())));
    }
    text.append("\n").append(String.join("\n", Growth.LEGEND)).append("\n");
    var to = beside("-curves.svg");
    Files.writeString(to, new Panels(panels).svg());
    picture(to);
  }

  /** Each side's points, those that it could run. */
  private static List<Panels.Line> lines(String axis, List<Map<?, ?>> points) {
    var names = new LinkedHashSet<>(List.of("Sluice"));
    points.forEach(point -> map(point.get("peers")).keySet().forEach(n -> names.add((String) n)));
    var lines = new ArrayList<Panels.Line>();
    for (var name : names) {
      var ran = points.stream().filter(point -> Double.isFinite(millis(point, name))).toList();
      if (!ran.isEmpty()) {
        lines.add(
            new Panels.Line(
                name,
                new Growth(
                    axis,
                    ran.stream().mapToDouble(point -> value(point, "at")).toArray(),
                    ran.stream().mapToDouble(point -> value(point, "gflop")).toArray(),
                    ran.stream().mapToDouble(point -> millis(point, name)).toArray(),
                    name.equals("Sluice") ? megabytes(ran) : null)));
      }
    }
    return lines;
  }

  private static double[] megabytes(List<Map<?, ?>> points) {
    return points.stream().mapToDouble(point -> value(point, "activation_bytes") / 1e6).toArray();
  }

  private static double millis(Map<?, ?> point, String name) {
    return name.equals("Sluice")
        ? value(point, "sluice_ms")
        : value(map(map(point.get("peers")).get(name)), "ms");
  }

  private void startUp() {
    if (!(results.get("startup") instanceof Map<?, ?> part)) {
      return;
    }
    heading("From the start of a process to its first LSTM result");
    var rows = new ArrayList<List<String>>();
    part.forEach(
        (name, one) -> rows.add(List.of((String) name, number(map(one).get("median_ms")))));
    table(List.of("", "ms"), rows);
  }

  private void memory() {
    if (results.get("memory") == null) {
      return;
    }
    heading("Memory");
    var rows = new ArrayList<List<String>>();
    for (var problem : list(results.get("memory"))) {
      problem.forEach(
          (name, side) -> {
            if (side instanceof Map<?, ?> one) {
              rows.add(
                  List.of(
                      problem.get("problem").toString(),
                      name.toString(),
                      megabytes(one.get("resident_bytes")),
                      megabytes(one.get("most_resident_bytes")),
                      megabytes(one.get("kept_bytes")),
                      megabytes(one.get("round_bytes")),
                      Objects.toString(one.get("heap_bytes"), "")));
            }
          });
    }
    table(
        List.of(
            "",
            "",
            "resident MB",
            "at most MB",
            "kept for backward MB",
            "round MB",
            "heap bytes a round"),
        rows);
  }

  private static String megabytes(Object bytes) {
    return bytes == null ? "" : number(((Number) bytes).doubleValue() / 1e6);
  }

  /** A list of objects as a table of some of their members, or of all. */
  private void table(String part, String title, String... wanted) {
    var value = results.get(part);
    if (value == null) {
      return;
    }
    heading(title);
    var objects = list(value instanceof Map<?, ?> map ? map.get("races") : value);
    var head =
        wanted.length > 0
            ? List.of(wanted)
            : objects.getFirst().keySet().stream().map(Object::toString).toList();
    table(
        head,
        objects.stream().map(o -> head.stream().map(n -> number(o.get(n))).toList()).toList());
  }

  private void heading(String title) {
    text.append("\n## ").append(title).append("\n\n");
  }

  private void picture(Path picture) {
    var name = picture.getFileName().toString();
    text.append("\n![")
        .append(name.replaceAll("\\.\\w+$", ""))
        .append("](")
        .append(name)
        .append(")\n");
  }

  private void table(List<String> head, List<? extends List<String>> rows) {
    text.append(line(head)).append(line(head.stream().map(h -> "---").toList()));
    rows.forEach(row -> text.append(line(row)));
  }

  private static String line(List<String> cells) {
    return cells.stream().collect(Collectors.joining(" | ", "| ", " |\n"));
  }

  private static String ratio(Map<?, ?> one) {
    return "%.2f (%.2f to %.2f)".formatted(one.get("ratio"), one.get("low"), one.get("high"));
  }

  private static String number(Object value) {
    return switch (value) {
      case null -> "";
      case Double d ->
          "%.3g".formatted(d).contains("e")
              ? "%.0f".formatted(d)
              : d < 100 ? "%.2f".formatted(d) : "%.0f".formatted(d);
      case Map<?, ?> map ->
          map.values().stream().map(Object::toString).collect(Collectors.joining(" "));
      default -> value.toString();
    };
  }

  private static double value(Map<?, ?> map, String name) {
    return map.get(name) instanceof Number n ? n.doubleValue() : Double.NaN;
  }

  private static Map<?, ?> map(Object value) {
    return value == null ? Map.of() : (Map<?, ?>) value;
  }

  private static List<Map<?, ?>> list(Object value) {
    var all = new ArrayList<Map<?, ?>>();
    ((List<?>) value).forEach(one -> all.add((Map<?, ?>) one));
    return all;
  }
}
