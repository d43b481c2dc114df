package dev.sluice.cli;

import dev.sluice.cli.tasks.Task;
import dev.sluice.data.Nearest;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;

/**
 * The options that decide what is learned. Which of them a task has, and what they are where nobody
 * gives them, {@link Task#defaults} says; here they have no default.
 */
final class TaskOptions {
  @Option(
      names = "--data",
      paramLabel = "NAME",
      defaultValue = "moving-digits",
      description = "A data set by name, or a file, see below; default: ${DEFAULT-VALUE}.")
  String data;

  @Option(
      names = "--model",
      paramLabel = "NAME",
      description = "The network, see below; default: the first that stands with the data.")
  String model;

  @Option(names = "--column", paramLabel = "NAME", description = "The column of a CSV file.")
  String column;

  @Option(
      names = "--sequences",
      paramLabel = "N",
      description = "Sequences to train on, each of them new.")
  Long sequences;

  @Option(names = "--examples", paramLabel = "N", description = "Examples to train on.")
  Integer examples;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      description = "How often each training example is seen.")
  Integer epochs;

  @Option(names = "--batch", paramLabel = "N", description = "Sequences a step.")
  Integer batch;

  @Option(
      names = "--hidden",
      paramLabel = "K",
      split = ",",
      description = "Channels or units of each layer, lowest first: 64,64.")
  List<Integer> hidden;

  @Option(
      names = "--bidirectional",
      paramLabel = "true|false",
      arity = "0..1",
      fallbackValue = "true",
      description = "Whether each layer reads both ways.")
  Boolean bidirectional;

  @Option(names = "--embedding", paramLabel = "C", description = "Numbers that stand for a word.")
  Integer embedding;

  @Option(
      names = "--dense",
      paramLabel = "K",
      description = "Units between the recurrent layers and the output, 0 for none.")
  Integer dense;

  @Option(
      names = "--dropout",
      paramLabel = "P",
      description = "Share of the last recurrent layer's outputs dropped in training.")
  Double dropout;

  @Option(
      names = "--init",
      paramLabel = "NAME",
      description = "How recurrent layers begin: keras, pytorch or irnn.")
  String init;

  @Option(
      names = "--kernel",
      paramLabel = "N",
      description = "Side of the convolutions' kernels, odd.")
  Integer kernel;

  @Option(
      names = "--patch",
      paramLabel = "N",
      description = "Side of the patches that frames are cut into.")
  Integer patch;

  @Option(names = "--peephole", description = "Let the gates see the cell.")
  Boolean peephole;

  @Option(
      names = "--sampling",
      paramLabel = "true|false",
      arity = "0..1",
      fallbackValue = "true",
      description = "Whether a PredRNN is shown true frames less and less often.")
  Boolean sampling;

  @Option(
      names = "--residual",
      paramLabel = "true|false",
      arity = "0..1",
      fallbackValue = "true",
      description = "Whether what a simple forecast leaves is learned.")
  Boolean residual;

  @Option(names = "--loss", paramLabel = "NAME", description = "mse or bce.")
  String loss;

  @Option(names = "--optimiser", paramLabel = "NAME", description = "adam or adamw.")
  String optimiser;

  @Option(names = "--rate", paramLabel = "X", description = "The learning rate at its highest.")
  Double rate;

  @Option(
      names = "--schedule",
      paramLabel = "NAME",
      description = "cosine, down to 0 over the run, or constant.")
  String schedule;

  @Option(names = "--warm-up", paramLabel = "N", description = "Steps over which the rate rises.")
  Integer warmUp;

  @Option(
      names = "--clip",
      paramLabel = "X",
      description = "Largest norm of all gradients together, 0 for none.")
  Double clip;

  @Option(names = "--frames", paramLabel = "T", description = "Frames seen.")
  Integer frames;

  @Option(
      names = "--recompute",
      paramLabel = "T|sqrt",
      description =
          "Steps of a sequence that are computed again at once on the way back, to need less"
              + " memory; sqrt for the root of their number, 1 for gates alone, 0 to keep all.")
  String recompute;

  @Option(names = "--window", paramLabel = "T", description = "Values of a series seen.")
  Integer window;

  @Option(
      names = "--ahead",
      paramLabel = "T",
      description = "Frames to foresee; how many steps ahead a series is forecast.")
  Integer ahead;

  @Option(
      names = "--differences",
      paramLabel = "true|false",
      arity = "0..1",
      fallbackValue = "true",
      description = "Whether a series' changes stand for its values, as they must where it grows.")
  Boolean differences;

  @Option(
      names = "--period",
      paramLabel = "T",
      description = "Season of a series in steps, for its baselines; 0 for none.")
  Integer period;

  @Option(
      names = "--words",
      paramLabel = "N",
      description = "Words of a text that are read, the first.")
  Integer words;

  @Option(names = "--digits", paramLabel = "N", description = "Digits in a sequence.")
  Integer digits;

  @Option(names = "--size", paramLabel = "N", description = "Height and width of a frame.")
  Integer size;

  @Option(
      names = "--validate",
      paramLabel = "SHARE",
      description =
          "Share of the training examples that is held out; the weights that do best on it are the"
              + " ones that are written.")
  Double validate;

  @Option(
      names = "--patience",
      paramLabel = "N",
      description = "End after as many validations without a better one, 0 for never.")
  Integer patience;

  @Option(
      names = "--test-sequences",
      paramLabel = "N",
      description = "Sequences of unseen digits to judge by.")
  Integer testSequences;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of the weights and the order of what is seen.")
  Long seed;

  TaskOptions() {}

  /**
   * {@return the task's settings, as given or as they are by default}
   *
   * @param task that {@link #data} names
   * @param given what the user typed
   */
  Map<String, Object> settings(Task task, ParseResult given) {
    String chosen = model == null ? task.models().getFirst() : model;
    if (!task.models().contains(chosen)) {
      throw new IllegalArgumentException(
          "--model: " + Nearest.expected(chosen, task.models()) + ", with --data " + data);
    }
    var settings = new LinkedHashMap<String, Object>();
    settings.put("task", task.name());
    settings.put("data", data);
    settings.put("model", chosen);
    var defaults = task.defaults(chosen);
    settings.putAll(defaults);
    for (var option : given.matchedOptions()) {
      if (option.userObject() instanceof Field field
          && field.getDeclaringClass() == TaskOptions.class) {
        String name = name(option);
        if (!settings.containsKey(name)) {
          throw new IllegalArgumentException(
              "%s: --data %s with --model %s has no such setting; it has %s"
                  .formatted(option.longestName(), data, chosen, options(defaults)));
        }
        settings.put(name, json(option.getValue()));
      }
    }
    return settings;
  }

  private static String name(OptionSpec option) {
    return option.longestName().substring(2).replace('-', '_');
  }

  static String option(String name) {
    return "--" + name.replace('_', '-');
  }

  private static String options(Map<String, Object> settings) {
    return settings.keySet().stream().map(TaskOptions::option).collect(Collectors.joining(", "));
  }

  private static Object json(Object value) {
    return switch (value) {
      case Integer whole -> whole.longValue();
      case List<?> list -> list.stream().map(TaskOptions::json).toList();
      case Path path -> path.toString();
      default -> value;
    };
  }
}
