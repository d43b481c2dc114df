package dev.sluice.cli;

import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.cli.tasks.LayerStack;
import dev.sluice.cli.tasks.ModelFolder;
import dev.sluice.cli.tasks.Tasks;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows a model's layers or parameters, and counts. */
@Command(
    name = "summary",
    mixinStandardHelpOptions = true,
    header = "Shows the layers or parameters of a model, and their counts, as Keras does.",
    description = {
      "A trained model is named by its folder; layers are typed one after the other:",
      "  input:C  input:T,C  input:any,C   the shape of a sample, first where it is not words",
      "  embedding:V,C                     V words, C numbers for each",
      "  rnn:H  lstm:H  gru:H              recurrent layers of H units; gru-before:H has the reset",
      "                                    before; behind them ,sequences ,bidirectional",
      "                                    ,two-biases",
      "  dense:K  dense:K,relu             K units; dropout:P; flatten; each:dense:K at every step"
    },
    footer = {
      "",
      "Examples:",
      "  ./sluice summary --model out/moving-digits",
      "  ./sluice summary embedding:2800,32 rnn:16 dense:256,relu dense:1,sigmoid",
      "  ./sluice summary input:any,32 gru-before:32"
    })
final class SummaryCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Folder with config.json and model.safetensors, as train writes it.")
  Path model;

  @Parameters(paramLabel = "LAYER", arity = "0..*", description = "Layers, the first one first.")
  List<String> layers = List.of();

  SummaryCommand() {}

  @Override
  public Integer call() {
    if (layers.isEmpty() == (model == null)) {
      throw new IllegalArgumentException(
          "expected either --model or layers, got " + (model == null ? "neither" : "both"));
    }
    try (var device = Device.open(Device.Options.defaults().engine("cpu"));
        var arena = device.arena("the model")) {
      spec.commandLine().getOut().println(table(arena));
    }
    return 0;
  }

  private String table(DeviceArena arena) {
    if (model == null) {
      return new LayerStack(layers).build(arena).summary();
    }
    var config = ModelFolder.config(model);
    return Tasks.of(config.object(ModelFolder.TRAINING)).summary(model, arena);
  }
}
