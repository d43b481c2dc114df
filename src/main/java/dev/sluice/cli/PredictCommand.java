package dev.sluice.cli;

import dev.sluice.cli.tasks.ModelFolder;
import dev.sluice.cli.tasks.Question;
import dev.sluice.cli.tasks.Tasks;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Lets a trained model predict. */
@Command(
    name = "predict",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    header = "Lets a trained model predict: frames, classes, values.",
    description = {
      "A model of frames takes a video from a .npy file, or its test part, and writes"
          + " prediction.npy [N, A, C, H, W], prediction.gif and prediction.png.",
      "A model of texts prints each text's label and the probabilities. A model of a series"
          + " foresees what comes after the end of a CSV file, or of its own data. A classifier of"
          + " sequences tells the classes of its test part, or of a file."
    },
    footer = {
      "",
      "Examples:",
      "  ./sluice predict --model out/moving-digits                    test digits, truth beside",
      "  ./sluice predict --model out/moving-digits --index 40 --ahead 20",
      "  ./sluice predict --model out/moving-digits --input clips.npy --out out/clips",
      "  ./sluice predict --model out/reviews \"what a film\" \"never again\"",
      "  ./sluice predict --model out/co2 --ahead 24"
    })
final class PredictCommand implements Callable<Integer> {
  // Options that say where and how, and not what.
  private static final Set<String> ALWAYS = Set.of("--model", "--engine", "--threads", "--debug");

  @Spec CommandSpec spec;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      required = true,
      description = "Folder with config.json and model.safetensors, as train writes it.")
  Path model;

  @Option(
      names = "--input",
      paramLabel = "FILE",
      description =
          "Frames seen, a .npy of [N, T, C, H, W], pixels 0 to 1; digits, a .npy of [N, 28, 28]; a"
              + " CSV file of a series; texts, a line each. Default: the test part.")
  Path input;

  @Option(
      names = "--column",
      paramLabel = "NAME",
      description = "Of a CSV file; default: as in training.")
  String column;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Where to write, replacing what is there; default: predicted, in --model.")
  Path out;

  @Option(
      names = "--ahead",
      paramLabel = "T",
      description = "Frames or values to foresee; default: as many frames as in training.")
  Integer ahead;

  @Option(
      names = "--index",
      paramLabel = "I",
      description = "First sequence to show, of the file or of the test part; default: 0.")
  Long index;

  @Parameters(paramLabel = "TEXT", arity = "0..*", description = "Texts to classify.")
  List<String> texts = List.of();

  @Mixin EngineOptions engine;

  PredictCommand() {}

  @Override
  public Integer call() {
    var config = ModelFolder.config(model);
    var question =
        new Question(
            model,
            config,
            input,
            column,
            out,
            ahead,
            index,
            List.copyOf(texts),
            engine::open,
            spec.commandLine().getOut());
    var task = Tasks.of(question.settings());
    var wrong = new TreeSet<String>();
    for (var option : spec.commandLine().getParseResult().matchedOptions()) {
      wrong.add(option.longestName());
    }
    if (!texts.isEmpty()) {
      wrong.add("TEXT");
    }
    wrong.removeAll(ALWAYS);
    wrong.removeAll(task.questions());
    if (!wrong.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: a model of %s does not take it; it takes %s"
              .formatted(
                  String.join(", ", wrong),
                  task.name(),
                  String.join(", ", new TreeSet<>(task.questions()))));
    }
    task.predict(question);
    return 0;
  }
}
