package dev.sluice.cli;

import dev.sluice.cli.experiments.Spread;
import dev.sluice.cli.tasks.Fields;
import dev.sluice.cli.tasks.ModelFolder;
import dev.sluice.cli.tasks.Task;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The scores of runs that differ in their seeds.
 *
 * @param seeds of the runs
 * @param scores one of each run, by name
 * @param baselines that do not depend on the seed, by name
 */
record SeedScores(Seeds seeds, Map<String, Spread> scores, Map<String, Object> baselines) {
  private static final String BASELINES = "baselines";

  static SeedScores read(Task task, Seeds seeds, Path folder) {
    List<Fields> all =
        seeds.values().stream()
            .map(seed -> ModelFolder.ofSeed(folder, seed).resolve(RunFolder.METRICS))
            .map(Fields::read)
            .toList();
    var scores = new LinkedHashMap<String, Spread>();
    for (String name : task.headline()) {
      scores.put(name, Spread.of(all, metrics -> metrics.number(name)));
    }
    var baselines = new LinkedHashMap<String, Object>();
    if (all.getFirst().members().containsKey(BASELINES)) {
      var first = all.getFirst().object(BASELINES);
      first.members().forEach((name, value) -> baselines.put((String) name, value));
    }
    return new SeedScores(seeds, scores, baselines);
  }

  List<String> header() {
    var header = new ArrayList<String>();
    header.add("");
    seeds.values().forEach(seed -> header.add("seed " + seed));
    header.addAll(List.of("mean", "deviation"));
    return header;
  }

  /** {@return a table of the scores, and below them the baselines} */
  List<List<String>> table() {
    var rows = new ArrayList<List<String>>();
    scores.forEach(
        (name, score) -> {
          var row = new ArrayList<String>();
          row.add(name);
          Arrays.stream(score.values()).forEach(value -> row.add(number(value)));
          row.add(number(score.mean()));
          row.add(number(score.deviation()));
          rows.add(row);
        });
    baselines.forEach(
        (name, value) -> {
          var row = new ArrayList<String>();
          row.add(name);
          seeds.values().forEach(_ -> row.add(""));
          row.add(number(((Number) value).doubleValue()));
          row.add("");
          rows.add(row);
        });
    return rows;
  }

  /** {@return the table with its header as lines of equal columns} */
  List<List<String>> rows() {
    var all = new ArrayList<List<String>>();
    all.add(header());
    all.addAll(table());
    return all.stream().map(row -> padded(row, all)).toList();
  }

  private static List<String> padded(List<String> row, List<List<String>> all) {
    var cells = new ArrayList<String>();
    for (int c = 0; c < row.size(); c++) {
      int column = c;
      int width = all.stream().mapToInt(r -> r.get(column).length()).max().orElse(0);
      cells.add(("%" + (c == 0 ? "-" : "") + Math.max(1, width) + "s").formatted(row.get(c)));
    }
    return cells;
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.5g", value);
  }

  /** {@return for metrics.json: each score's values, mean and deviation} */
  Map<String, Object> toMap() {
    var map = new LinkedHashMap<String, Object>();
    map.put("seeds", seeds.values());
    scores.forEach(
        (name, spread) -> {
          var score = new LinkedHashMap<String, Object>();
          score.put("mean", spread.mean());
          score.put("deviation", spread.deviation());
          score.put("values", Arrays.stream(spread.values()).boxed().toList());
          map.put(name, score);
        });
    if (!baselines.isEmpty()) {
      map.put(BASELINES, baselines);
    }
    return map;
  }
}
