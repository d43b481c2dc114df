package dev.sluice.cli;

import dev.sluice.cli.tasks.Task;
import dev.sluice.cli.tasks.Tasks;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What stands below the options of train: every task with its models and its defaults. */
final class TrainHelp {
  private static final int WIDTH = 96;

  private TrainHelp() {}

  static String[] footer() {
    var common = common();
    var lines = new ArrayList<String>();
    lines.add("");
    lines.add("Data, models, the first by default, and the settings with their defaults; all have");
    lines.addAll(wrapped(text(common.stream())));
    Tasks.SETS.forEach(task -> add(lines, task, task.name(), common));
    Tasks.FILES.forEach(task -> add(lines, task, "FILE (" + task.name() + ")", common));
    lines.addAll(
        List.of(
            "",
            "Writes model.safetensors, config.json, metrics.json, metrics.jsonl (a line a report),",
            "pictures and report.html. Ctrl-C saves; --resume goes on, bit for bit as if nothing"
                + " had",
            "happened.",
            "",
            "Examples:",
            "  ./sluice train",
            "  ./sluice train --sequences 800 --out out/quick         a glance in 15 seconds",
            "  ./sluice train --hidden 64,64 --sequences 40000 --seed 2 --out out/large",
            "  ./sluice train --data vowels --model gru --seeds 3     mean and spread of 3 seeds",
            "  ./sluice train --data reviews.tsv --validate 0.1 --patience 3",
            "  ./sluice train --data sales.csv --column total --period 7 --ahead 2",
            "  ./sluice train --resume out/large"));
    return lines.toArray(String[]::new);
  }

  /** What is the same for every task and model. */
  private static Set<Map.Entry<String, Object>> common() {
    return Stream.concat(Tasks.SETS.stream(), Tasks.FILES.stream())
        .flatMap(task -> task.models().stream().map(task::defaults))
        .map(Map::entrySet)
        .reduce(
            (some, others) -> {
              var both = new LinkedHashSet<>(some);
              both.retainAll(others);
              return both;
            })
        .orElseThrow();
  }

  private static void add(
      List<String> lines, Task task, String name, Set<Map.Entry<String, Object>> common) {
    // Models with the same settings stand together.
    var groups = new LinkedHashMap<String, List<String>>();
    for (String model : task.models()) {
      var own = task.defaults(model).entrySet().stream().filter(e -> !common.contains(e));
      groups.computeIfAbsent(text(own), _ -> new ArrayList<>()).add(model);
    }
    lines.add("  " + name + (task.about().isEmpty() ? "" : ": " + task.about()));
    groups.forEach(
        (settings, models) -> lines.addAll(wrapped(String.join(" | ", models) + ": " + settings)));
  }

  private static String text(Stream<Map.Entry<String, Object>> settings) {
    return settings
        .map(e -> e.getKey().replace('_', '-') + " " + value(e.getValue()))
        .collect(Collectors.joining(", "));
  }

  private static String value(Object value) {
    return switch (value) {
      case null -> "(to be given)";
      case List<?> list -> list.stream().map(String::valueOf).collect(Collectors.joining(","));
      default -> value.toString().replaceFirst("\\.0$", "");
    };
  }

  private static List<String> wrapped(String text) {
    var lines = new ArrayList<String>();
    var line = new StringBuilder("   ");
    for (String word : text.split(" ")) {
      if (line.length() + 1 + word.length() > WIDTH) {
        lines.add(line.toString());
        line = new StringBuilder("     ");
      }
      line.append(' ').append(word);
    }
    lines.add(line.toString());
    return lines;
  }
}
