package dev.sluice.cli;

import dev.sluice.Shape;
import dev.sluice.weights.Safetensors;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Lists the parameters of a trained model. */
@Command(
    name = "summary",
    mixinStandardHelpOptions = true,
    header = "Lists a trained model's parameters: names, shapes, counts.",
    footer = {"", "Example:", "  ./sluice summary --model out/moving-digits"})
final class SummaryCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      required = true,
      description = "Folder with config.json and model.safetensors, as train writes it.")
  Path model;

  SummaryCommand() {}

  @Override
  public Integer call() {
    ForecastConfig.read(model);
    var file = Safetensors.open(model.resolve(ForecastConfig.WEIGHTS));
    long total = 0;
    for (String name : file.names()) {
      Shape shape = file.shape(name);
      print("%-24s %-20s %,12d", name, shape, shape.elements());
      total += shape.elements();
    }
    print("%-24s %-20s %,12d", "all", "", total);
    return 0;
  }

  private void print(String format, Object... values) {
    spec.commandLine().getOut().println(String.format(Locale.ROOT, format, values));
  }
}
