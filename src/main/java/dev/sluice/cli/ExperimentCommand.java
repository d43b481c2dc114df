package dev.sluice.cli;

import dev.sluice.Device;
import dev.sluice.cli.experiments.Clock;
import dev.sluice.cli.experiments.Document;
import dev.sluice.cli.experiments.Experiment;
import dev.sluice.cli.experiments.Lab;
import dev.sluice.weights.AtomicFile;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code sluice experiment}: puts a claim of the tutorials to the test and reports. */
@Command(
    name = "experiment",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    header = "Puts what tutorials say of recurrent networks to the test, and writes a report.",
    description = {
      "NAME is one of",
      "  gradients     how gradients die or explode over time in RNN, IRNN, LSTM, GRU",
      "  peephole      ConvLSTM with and without the cell in its gates",
      "  gru-vs-lstm   parameters, time and accuracy on digits read row by row",
      "  adding        which networks add two numbers that are 100 steps and more apart",
      "  sampling      PredRNN with and without scheduled sampling",
      "  models        ConvLSTM, ConvGRU and PredRNN at equal sequences and at equal time",
      "Each trains on this machine, once a seed."
    },
    footer = {
      "",
      "Writes NAME.md with its pictures NAME-*.png, and NAME.html, which stands alone. All are",
      "written at the end: Ctrl-C leaves the folder as it was.",
      "",
      "Examples:",
      "  ./sluice experiment adding --quick            a glance, well under two minutes",
      "  ./sluice experiment gradients                 the whole, some minutes",
      "  ./sluice experiment peephole --seeds 7,8,9,10 --out out/mine"
    })
final class ExperimentCommand implements Callable<Integer> {
  private static final long MOST_BYTES = 16 << 20;

  @Spec private CommandSpec spec;

  @Parameters(arity = "0..1", paramLabel = "NAME", description = "The experiment.")
  private String name;

  @Option(
      names = "--seeds",
      split = ",",
      paramLabel = "LIST",
      defaultValue = "0,1,2",
      description = "One training a seed; default: ${DEFAULT-VALUE}.")
  private List<Long> seeds;

  @Option(
      names = "--quick",
      description = "Smaller networks, fewer steps: whether it works, not what it finds.")
  private boolean quick;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Where the report goes; default: out/experiments/NAME.")
  private Path out;

  @Mixin private EngineOptions engine;

  ExperimentCommand() {}

  @Override
  public Integer call() {
    if (name == null) {
      throw new ParameterException(
          spec.commandLine(),
          "expected an experiment: "
              + Experiment.ALL.stream().map(Experiment::name).collect(Collectors.joining(", ")));
    }
    // The JVM ends as soon as the interrupt is closed: nothing is printed after that.
    try (var interrupt = new Interrupt()) {
      return run(Experiment.named(name), interrupt);
    }
  }

  private int run(Experiment experiment, BooleanSupplier stop) {
    var print = spec.commandLine().getOut();
    try (var device = engine.open();
        var folder =
            RunFolder.open(out == null ? Path.of("out", "experiments", name) : out, MOST_BYTES)) {
      var lab = new Lab(device, seeds, quick, new Bars(print), stop);
      print.printf("%s: %s%n", experiment.name(), experiment.question());
      write(folder, experiment, device, lab);
      print.printf(
          "%s.md, its pictures and %1$s.html are in %s%n", experiment.name(), folder.path());
      return 0;
    } catch (Lab.Stopped e) {
      print.println("stopped; nothing was written");
      return 130;
    }
  }

  private void write(RunFolder folder, Experiment experiment, Device device, Lab lab) {
    var clock = Clock.now();
    var document = experiment.run(lab);
    finish(document, device, clock);
    document.pictures().forEach((file, png) -> AtomicFile.write(folder.file(file + ".png"), png));
    folder.write(name + ".html", document.html());
    folder.write(name + ".md", document.markdown());
  }

  private void finish(Document document, Device device, Clock clock) {
    document
        .section("The same again")
        .command(command())
        .paragraph(
            "It took "
                + Progress.time(clock.wallSeconds())
                + " minutes, "
                + Progress.time(clock.processorSeconds())
                + " of processor time. The same command on the same engine with the same number of"
                + " threads gives the same figures but for times.")
        .section("Machine")
        .facts(machine(device));
  }

  private String command() {
    return "./sluice experiment "
        + name
        + (quick ? " --quick" : "")
        + " --seeds "
        + seeds.stream().map(String::valueOf).collect(Collectors.joining(","))
        + (engine.engine.equals("auto") ? "" : " --engine " + engine.engine)
        + (engine.threads > 0 ? " --threads " + engine.threads : "");
  }

  private Map<String, Object> machine(Device device) {
    var facts = new LinkedHashMap<String, Object>();
    facts.put("engine", device.engine());
    facts.put("threads", engine.threadsOf(device));
    var all = Machine.facts();
    for (String fact : List.of("sluice", "java", "os", "cpu", "processors", "memory")) {
      facts.put(fact, all.get(fact));
    }
    return facts;
  }

  /** A line and a bar for every training. */
  private record Bars(PrintWriter out) implements Lab.Monitor {
    @Override
    public Lab.Bar begin(String what, long steps, int batch) {
      out.println(what);
      var progress = new Progress(out, 0, steps, batch);
      return new Lab.Bar() {
        @Override
        public void step(long step, double loss) {
          progress.step(step, loss);
        }

        @Override
        public void end() {
          progress.end();
        }
      };
    }
  }
}
