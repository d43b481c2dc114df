package dev.sluice.cli;

import dev.sluice.cli.tasks.Fields;
import dev.sluice.cli.tasks.Tasks;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * The command that trains with the same settings: only what differs from the defaults is spelled
 * out.
 *
 * @param settings of a study
 */
record SameAgain(Map<String, Object> settings) {
  String command() {
    var fields = new Fields(Path.of("settings"), settings);
    var task = Tasks.of(fields);
    var text = new StringBuilder("./sluice train");
    if (!task.name().equals("moving-digits")) {
      text.append(" --data ").append(quoted(fields.text("data")));
    }
    String model = fields.text("model");
    if (!model.equals(task.models().getFirst())) {
      text.append(" --model ").append(model);
    }
    task.defaults(model)
        .forEach(
            (name, value) -> {
              if (!Objects.equals(value, settings.get(name))) {
                text.append(' ').append(option(name, settings.get(name)));
              }
            });
    return text.toString();
  }

  private static String option(String name, Object value) {
    String option = TaskOptions.option(name);
    return switch (value) {
      case Boolean flag -> option + (flag ? "" : "=false");
      case List<?> list ->
          option + " " + list.stream().map(String::valueOf).collect(Collectors.joining(","));
      default -> option + " " + quoted(value);
    };
  }

  /** The value as one word of a shell. */
  static String quoted(Object value) {
    String text = value.toString();
    return text.matches("[\\w./,:+-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
  }
}
