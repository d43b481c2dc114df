package dev.sluice.cli;

import dev.sluice.ConvolutionMode;
import dev.sluice.Device;
import dev.sluice.MathMode;
import dev.sluice.cli.tasks.Fields;
import dev.sluice.cli.tasks.Task;
import dev.sluice.cli.tasks.Tasks;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** Trains a network on data, judges it beside its baselines, and shows what it found. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    header = "Trains a network, judges it beside its baselines, and shows what it found.",
    description =
        "Without options, a ConvLSTM encoder-forecaster learns to foresee frames of moving"
            + " handwritten digits from 10,000 sequences of 10 frames seen and 10 foreseen, about"
            + " three minutes on two fast cores.")
final class TrainCommand implements Callable<Integer> {
  // Options that do not change what is learned, and so may change when a run goes on.
  private static final Set<String> WITH_RESUME =
      Set.of("--resume", "--checkpoint-every", "--debug", "--engine", "--threads");

  private CommandSpec spec;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Where to write; default: out/ and the data's name, or -2, -3, ... behind it.")
  Path out;

  @Option(names = "--overwrite", description = "Replace the run in --out.")
  boolean overwrite;

  @Option(
      names = "--resume",
      paramLabel = "DIR",
      description = "Go on with the stopped run in DIR, with its settings.")
  Path resume;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      split = ",",
      description =
          "How many runs, of seeds 1, 2, ..., or a list of seeds: 0,1,2. Each has a folder below"
              + " --out; their mean and spread stand above.")
  List<Long> seeds;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "N",
      defaultValue = "200",
      description = "Steps between checkpoints; default: ${DEFAULT-VALUE}.")
  long checkpointEvery;

  @Mixin TaskOptions options;

  @Mixin EngineOptions engine;

  TrainCommand() {}

  @Spec
  void spec(CommandSpec value) {
    spec = value;
    spec.usageMessage().footer(TrainHelp.footer());
  }

  @Override
  public Integer call() {
    try (var interrupt = new Interrupt()) {
      return run(interrupt);
    }
  }

  private int run(BooleanSupplier stop) {
    if (checkpointEvery < 1) {
      throw new IllegalArgumentException(
          "--checkpoint-every: expected 1 or more steps, got " + checkpointEvery);
    }
    return resume == null ? begin(stop) : goOn(stop);
  }

  private int begin(BooleanSupplier stop) {
    var given = spec.commandLine().getParseResult();
    if (seeds != null && given.hasMatchedOption("--seed")) {
      throw new IllegalArgumentException("--seeds: expected no --seed beside it, got both");
    }
    var many = seeds == null ? null : Seeds.of(seeds);
    var task = Tasks.of(options.data);
    var settings = options.settings(task, given);
    var study = task.open(new Fields(Path.of("settings"), settings));
    var room = new Room(study.size());
    var target = new OutFolder(out, overwrite);
    var path = target.free(name(task), writer());
    try (var device = engine.open()) {
      room.requireMemory(device);
      long runs = many == null ? 1 : many.values().size();
      try (var folder = RunFolder.open(path, runs * room.bytesOnDisk())) {
        // Asked again, now that nobody else can change it.
        target.require(path);
        var training = training(device, stop);
        return many == null
            ? training.run(settings, study, folder, null)
            : new SeedsRun(task, settings, many, folder, training).begin(study.fingerprint());
      }
    }
  }

  private Training training(Device device, BooleanSupplier stop) {
    return new Training(device, engine.threadsOf(device), checkpointEvery, writer(), stop);
  }

  /** The data's name, or that of its file without what follows a dot. */
  private String name(Task task) {
    return Tasks.SETS.contains(task)
        ? task.name()
        : Path.of(options.data).getFileName().toString().replaceAll("(?<=.)\\..*", "");
  }

  private int goOn(BooleanSupplier stop) {
    var given = spec.commandLine().getParseResult();
    var wrong = new TreeSet<String>();
    for (var option : given.matchedOptions()) {
      wrong.add(option.longestName());
    }
    wrong.removeAll(WITH_RESUME);
    if (!wrong.isEmpty()) {
      throw new IllegalArgumentException(
          "--resume goes on with the settings in its folder; leave out "
              + String.join(", ", wrong));
    }
    Resumption.requireStopped(resume);
    try (var folder = RunFolder.open(resume, 0)) {
      var resumption = Resumption.of(folder);
      takeOver(resumption.progress(), given);
      var study = resumption.study();
      try (var device = engine.open()) {
        return resumption.run(study, training(device, stop));
      }
    }
  }

  /** Engine, threads and checkpoints are as they were, unless the user says otherwise now. */
  private void takeOver(Fields progress, ParseResult given) {
    if (!given.hasMatchedOption("--engine")) {
      engine.engine = progress.text("engine");
    }
    if (!given.hasMatchedOption("--threads")) {
      engine.threads = progress.small("threads");
    }
    if (progress.members().containsKey("math")) {
      engine.math = MathMode.valueOf(progress.text("math"));
    }
    if (progress.members().containsKey("convolution")) {
      engine.convolution = ConvolutionMode.valueOf(progress.text("convolution"));
    }
    if (!given.hasMatchedOption("--checkpoint-every")) {
      checkpointEvery = progress.whole("checkpoint_every");
    }
  }

  private PrintWriter writer() {
    return spec.commandLine().getOut();
  }
}
