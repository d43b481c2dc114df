package dev.sluice.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.cli.tasks.Task;
import dev.sluice.cli.tasks.Tasks;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Option;

class TaskOptionsTest {
  private static Stream<Task> tasks() {
    return Stream.concat(Tasks.SETS.stream(), Tasks.FILES.stream());
  }

  private static Stream<Map.Entry<String, Object>> settings() {
    return tasks()
        .flatMap(task -> task.models().stream().map(task::defaults))
        .flatMap(defaults -> defaults.entrySet().stream());
  }

  @Test
  void everySettingHasAnOptionAndEveryOptionATask() {
    var settings = settings().map(e -> TaskOptions.option(e.getKey())).collect(Collectors.toSet());
    var options =
        Arrays.stream(TaskOptions.class.getDeclaredFields())
            .map(field -> field.getAnnotation(Option.class))
            .flatMap(option -> Arrays.stream(option.names()))
            .collect(Collectors.toCollection(TreeSet::new));
    options.removeAll(Set.of("--data", "--model"));
    assertEquals(new TreeSet<>(settings), options);
  }

  /** What the user types has the type of the default, whichever task it is for. */
  @Test
  void whatIsTypedHasTheTypeOfTheDefault() {
    tasks()
        .forEach(
            task ->
                task.models()
                    .forEach(
                        model ->
                            task.defaults(model)
                                .forEach((name, value) -> assertType(task, model, name, value))));
  }

  private static void assertType(Task task, String model, String name, Object byDefault) {
    if (byDefault == null) {
      return;
    }
    String typed = byDefault.toString().replaceAll("[\\[\\] ]", "");
    String option = TaskOptions.option(name) + (byDefault instanceof Boolean ? "" : "=" + typed);
    var command = new TrainCommand();
    var given = new CommandLine(command).parseArgs("--model=" + model, option);
    Object value = command.options.settings(task, given).get(name);
    assertEquals(byDefault instanceof Boolean ? true : byDefault, value, task.name() + option);
  }

  /** The command that a report shows gives the settings that it was made from. */
  @Test
  void theSameAgain() {
    var typed =
        List.of(
            "--data=vowels", "--model=gru", "--hidden=8,4", "--bidirectional=false", "--seed=7");
    var settings = settings(typed.toArray(String[]::new));
    var command = new SameAgain(settings).command();
    assertTrue(command.startsWith("./sluice train --data vowels --model gru "), command);
    var words = command.substring("./sluice train ".length()).split(" ");
    assertEquals(settings, settings(words));
    assertEquals("./sluice train", new SameAgain(settings(new String[0])).command());
    assertEquals("'a b'", SameAgain.quoted("a b"));
    assertEquals("'it'\\''s'", SameAgain.quoted("it's"));
  }

  private static Map<String, Object> settings(String... args) {
    var command = new TrainCommand();
    var given = new CommandLine(command).parseArgs(args);
    return command.options.settings(Tasks.of(command.options.data), given);
  }
}
