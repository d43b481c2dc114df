package dev.sluice.cli;

import dev.sluice.Device;
import dev.sluice.cli.RunFolder.Content;
import dev.sluice.cli.pictures.Clip;
import dev.sluice.cli.pictures.FrameSheet;
import dev.sluice.cli.pictures.PredictionGif;
import dev.sluice.cli.pictures.TrainingReport;
import dev.sluice.data.Split;
import dev.sluice.train.Checkpoint;
import dev.sluice.train.ForecastScores;
import dev.sluice.weights.Json;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains a forecaster on moving digits, judges it, and draws what it foresees. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    header = "Trains a network to foresee frames of moving handwritten digits.",
    description =
        "The network is a ConvLSTM encoder-forecaster. Without options it learns from 10,000"
            + " sequences of 10 frames seen and 10 foreseen, about three minutes on two fast"
            + " cores.",
    footer = {
      "",
      "Writes model.safetensors, config.json, metrics.json, metrics.jsonl (a line a report),",
      "prediction.gif, prediction.png and report.html. Ctrl-C saves; --resume goes on, bit for bit",
      "as if nothing had happened.",
      "",
      "Examples:",
      "  ./sluice train",
      "  ./sluice train --sequences 800 --out out/quick         a glance in 15 seconds",
      "  ./sluice train --hidden 64,64 --sequences 40000 --seed 2 --out out/large",
      "  ./sluice train --resume out/large"
    })
final class TrainCommand implements Callable<Integer> {
  private static final Path DEFAULT_OUT = Path.of("out", "moving-digits");
  private static final int DRAWN = 3;
  private static final int SCALE = 3;
  // Options that do not change what is learned, and so may change when a run goes on.
  private static final Set<String> WITH_RESUME =
      Set.of("--resume", "--checkpoint-every", "--debug", "--engine", "--threads");

  @Spec CommandSpec spec;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description =
          "Where to write; default: out/moving-digits, or -2, -3, ... where that is taken.")
  Path out;

  @Option(names = "--overwrite", description = "Replace the run in --out.")
  boolean overwrite;

  @Option(
      names = "--resume",
      paramLabel = "DIR",
      description = "Go on with the stopped run in DIR, with its settings.")
  Path resume;

  @Option(
      names = "--sequences",
      paramLabel = "N",
      defaultValue = "10000",
      description = "Sequences to train on; default: ${DEFAULT-VALUE}.")
  long sequences;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "8",
      description = "Sequences a step; default: ${DEFAULT-VALUE}.")
  int batch;

  @Option(
      names = "--hidden",
      paramLabel = "K",
      split = ",",
      defaultValue = "32",
      description = "Channels of each layer, lowest first: 64,64; default: ${DEFAULT-VALUE}.")
  List<Integer> hidden;

  @Option(
      names = "--kernel",
      paramLabel = "N",
      defaultValue = "3",
      description = "Side of the convolutions' kernels, odd; default: ${DEFAULT-VALUE}.")
  int kernel;

  @Option(
      names = "--patch",
      paramLabel = "N",
      defaultValue = "4",
      description = "Side of the patches that frames are cut into; default: ${DEFAULT-VALUE}.")
  int patch;

  @Option(names = "--peephole", description = "Let the gates see the cell.")
  boolean peephole;

  @Option(
      names = "--loss",
      paramLabel = "NAME",
      defaultValue = "mse",
      description = "mse or bce; default: ${DEFAULT-VALUE}.")
  String loss;

  @Option(
      names = "--rate",
      paramLabel = "X",
      defaultValue = "0.006",
      description = "Adam's learning rate at its highest; default: ${DEFAULT-VALUE}.")
  double rate;

  @Option(
      names = "--schedule",
      paramLabel = "NAME",
      defaultValue = "cosine",
      description = "cosine, down to 0 over the run, or constant; default: ${DEFAULT-VALUE}.")
  String schedule;

  @Option(
      names = "--warm-up",
      paramLabel = "N",
      defaultValue = "30",
      description = "Steps over which the rate rises; default: ${DEFAULT-VALUE}.")
  int warmUp;

  @Option(
      names = "--clip",
      paramLabel = "X",
      defaultValue = "1",
      description =
          "Largest norm of all gradients together, 0 for none; default: ${DEFAULT-VALUE}.")
  double clip;

  @Option(
      names = "--frames",
      paramLabel = "T",
      defaultValue = "10",
      description = "Frames seen; default: ${DEFAULT-VALUE}.")
  int frames;

  @Option(
      names = "--ahead",
      paramLabel = "T",
      defaultValue = "10",
      description = "Frames to foresee; default: ${DEFAULT-VALUE}.")
  int ahead;

  @Option(
      names = "--digits",
      paramLabel = "N",
      defaultValue = "2",
      description = "Digits in a sequence; default: ${DEFAULT-VALUE}.")
  int digits;

  @Option(
      names = "--size",
      paramLabel = "N",
      defaultValue = "64",
      description = "Height and width of a frame in pixels; default: ${DEFAULT-VALUE}.")
  int size;

  @Option(
      names = "--test-sequences",
      paramLabel = "N",
      defaultValue = "512",
      description = "Sequences of unseen digits to judge by; default: ${DEFAULT-VALUE}.")
  int testSequences;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Of the weights and the training sequences; default: ${DEFAULT-VALUE}.")
  long seed;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "N",
      defaultValue = "200",
      description = "Steps between checkpoints; default: ${DEFAULT-VALUE}.")
  long checkpointEvery;

  @Mixin EngineOptions engine;

  TrainCommand() {}

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
    if (hidden.stream().anyMatch(k -> k < 1 || k >= 1 << 28)) {
      throw new IllegalArgumentException(
          "--hidden: expected layers of 1 or more and fewer than 2^28 channels, got "
              + joined(hidden));
    }
    var model = TrainSettings.model(size, frames, ahead, hidden, kernel, patch, peephole);
    var settings =
        new TrainSettings(
            digits,
            model,
            loss,
            rate,
            schedule,
            warmUp,
            clip,
            seed,
            sequences,
            batch,
            testSequences);
    settings.data(Split.TRAIN);
    var path = free();
    try (var device = engine.open()) {
      requireMemory(model, device);
      try (var folder = RunFolder.open(path, bytes(model))) {
        // Asked again, now that nobody else can change it.
        requireFree(path);
        return train(settings, folder, null, device, stop);
      }
    }
  }

  /** The folder to write to: the one that was asked for, or the first that is not taken. */
  private Path free() {
    if (out != null || overwrite) {
      var path = out == null ? DEFAULT_OUT : out;
      requireFree(path);
      return path;
    }
    var path = DEFAULT_OUT;
    for (int n = 2; RunFolder.content(path) != Content.NOTHING; n++) {
      if (RunFolder.content(path) == Content.STOPPED) {
        print("%s holds a run that was stopped: ./sluice train --resume %s goes on", path, path);
      }
      path = DEFAULT_OUT.resolveSibling(DEFAULT_OUT.getFileName() + "-" + n);
    }
    return path;
  }

  private void requireFree(Path path) {
    var content = RunFolder.content(path);
    if (content == Content.NOTHING || overwrite) {
      return;
    }
    boolean stopped = content == Content.STOPPED;
    throw new IllegalArgumentException(
        "%s holds a %s run; %s--overwrite replaces it, another --out keeps it"
            .formatted(
                path,
                stopped ? "stopped" : "finished",
                stopped ? "--resume " + path + " goes on with it, " : ""));
  }

  private static void requireMemory(ForecastConfig model, Device device) {
    // Weights, gradients and Adam's two moments; activations come on top.
    double bytes = 4 * 4 * model.kernelNumbers();
    long available = Machine.availableBytes();
    if (device.engine().equals("cpu") && bytes > available) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "--hidden, --kernel, --patch: expected a model that trains in the %,d MiB of memory"
                  + " available, got %s, %d and %d, which take at least %,.0f MiB",
              available >> 20,
              joined(model.hidden()),
              model.kernel(),
              model.patch(),
              bytes / (1 << 20)));
    }
  }

  private static String joined(List<Integer> channels) {
    return channels.stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  /** Two checkpoints, the model, pictures, and the report, which holds the pictures again. */
  private static long bytes(ForecastConfig model) {
    return (long) ((16 << 20) + 4 * 7 * model.kernelNumbers());
  }

  private int goOn(BooleanSupplier stop) {
    var wrong = new TreeSet<String>();
    for (var option : spec.commandLine().getParseResult().matchedOptions()) {
      wrong.add(option.longestName());
    }
    wrong.removeAll(WITH_RESUME);
    if (!wrong.isEmpty()) {
      throw new IllegalArgumentException(
          "--resume goes on with the settings in its folder; leave out "
              + String.join(", ", wrong));
    }
    switch (RunFolder.content(resume)) {
      case NOTHING ->
          throw new IllegalArgumentException(
              resume + ": expected a folder with a stopped run, but there is no checkpoint in it");
      case FINISHED ->
          throw new IllegalArgumentException(
              resume + " holds a finished run: nothing is left to do");
      case STOPPED -> {}
    }
    try (var folder = RunFolder.open(resume, 0)) {
      var checkpoint = Checkpoint.open(resume);
      var progress = new Fields(folder.file(Checkpoint.MANIFEST), checkpoint.progress());
      var given = spec.commandLine().getParseResult();
      if (!given.hasMatchedOption("--engine")) {
        engine.engine = progress.text("engine");
      }
      if (!given.hasMatchedOption("--threads")) {
        engine.threads = progress.small("threads");
      }
      if (!given.hasMatchedOption("--checkpoint-every")) {
        checkpointEvery = progress.whole("checkpoint_every");
      }
      var settings = TrainSettings.of(progress.object("settings"));
      try (var device = engine.open()) {
        return train(settings, folder, checkpoint, device, stop);
      }
    }
  }

  private int train(
      TrainSettings settings,
      RunFolder folder,
      Checkpoint checkpoint,
      Device device,
      BooleanSupplier stop) {
    try (var arena = device.arena("the model")) {
      int threads = engine.threadsOf(device);
      var run = new ForecastRun(settings, folder, arena, threads, checkpointEvery, writer());
      if (checkpoint == null) {
        folder.clear();
        folder.write(ForecastConfig.FILE, settings.model().json(settings.toMap()));
      } else {
        run.restore(checkpoint);
      }
      print(
          "%s: %,d parameters, %s engine, %d threads, seed %d, step %,d of %,d",
          folder.path(),
          run.model().parameterCount(),
          device.engine(),
          threads,
          settings.seed(),
          run.step(),
          settings.steps());
      return finish(settings, folder, run, new Evaluation(settings, device, run::forecast), stop);
    }
  }

  private int finish(
      TrainSettings settings,
      RunFolder folder,
      ForecastRun run,
      Evaluation evaluation,
      BooleanSupplier stop) {
    try {
      if (!run.train(stop)) {
        return stopped(folder, run);
      }
      Checkpoint.writeModel(
          folder.file(ForecastConfig.WEIGHTS), run.model(), Map.of("format", "pt"));
      print("judging on %,d sequences of unseen digits", settings.testSequences());
      var scores = evaluation.scores(stop);
      if (scores.isEmpty()) {
        return stopped(folder, run);
      }
      write(settings, folder, run, scores.get(), evaluation.clips(0, DRAWN));
      summary(folder, run, scores.get());
      return 0;
    } catch (ArithmeticException | UncheckedIOException e) {
      throw Checkpoint.isIn(folder.path()) ? saved(folder, e) : e;
    }
  }

  private int stopped(RunFolder folder, ForecastRun run) {
    print(
        "stopped and saved at step %,d; ./sluice train --resume %s goes on",
        run.step(), folder.path());
    return 130;
  }

  private static RuntimeException saved(RunFolder folder, RuntimeException e) {
    return new IllegalStateException(
        "%s; step %,d is saved, and ./sluice train --resume %s goes on from there"
            .formatted(e.getMessage(), Checkpoint.open(folder.path()).step(), folder.path()),
        e);
  }

  private void write(
      TrainSettings settings,
      RunFolder folder,
      ForecastRun run,
      ForecastScores scores,
      List<Clip> clips) {
    byte[] gif = PredictionGif.gif(clips, SCALE);
    byte[] png = FrameSheet.png(clips);
    folder.write("prediction.gif", gif);
    folder.write("prediction.png", png);
    var history = folder.file(RunFolder.HISTORY);
    var shown = new LinkedHashMap<String, String>();
    run.facts().forEach((name, value) -> shown.put(name.replace('_', ' '), String.valueOf(value)));
    settings
        .toMap()
        .forEach((name, value) -> shown.put(name.replace('_', ' '), String.valueOf(value)));
    var report =
        new TrainingReport(
            "Moving digits foreseen by a ConvLSTM",
            scores,
            History.column(history, "sequences"),
            History.column(history, "loss"),
            shown,
            command(settings, folder),
            gif,
            png);
    folder.write("report.html", report.html());
    // Last: its presence says that the run is finished.
    folder.write(RunFolder.METRICS, Json.writePretty(metrics(run, scores)));
  }

  private static Map<String, Object> metrics(ForecastRun run, ForecastScores scores) {
    var all = scores.toMap();
    all.remove("sequences");
    var conventions = all.remove("conventions");
    all.putAll(run.facts());
    all.put("test_sequences", scores.sequences());
    all.put("test_seed", TrainSettings.TEST_SEED);
    all.put("conventions", conventions);
    return all;
  }

  /** The command that does the same again: only what differs from the defaults is spelled out. */
  private String command(TrainSettings settings, RunFolder folder) {
    var text = new StringBuilder("./sluice train");
    settings
        .toMap()
        .forEach(
            (name, value) -> {
              var option = spec.findOption("--" + name.replace('_', '-'));
              String typed = value.toString().replaceAll("[\\[\\] ]", "");
              if (option == null || same(option.defaultValue(), typed)) {
                return;
              }
              text.append(' ').append(option.longestName());
              if (!(value instanceof Boolean)) {
                text.append(' ').append(typed);
              }
            });
    return text + " --out " + folder.path();
  }

  private static boolean same(String byDefault, String typed) {
    return typed.equals(byDefault)
        || byDefault == null && typed.equals("false")
        || byDefault != null && typed.equals(byDefault + ".0");
  }

  private void summary(RunFolder folder, ForecastRun run, ForecastScores scores) {
    int first = Math.min(3, scores.frames());
    print(
        "mse %.4f, %.3f of the mean image's over all frames and %.3f over frames 1 to %d;"
            + " correlation %.3f at frame %d (mean image %.3f, last frame %.3f)",
        scores.mse(),
        scores.overMeanImage(scores.frames()),
        scores.overMeanImage(first),
        first,
        scores.model().correlation()[first - 1],
        first,
        scores.meanImage().correlation()[first - 1],
        scores.lastFrame().correlation()[first - 1]);
    print(
        "trained on %,d sequences in %s, %.1f a second; %,d bytes of Java heap a step",
        run.facts().get("sequences"),
        Progress.time(run.seconds()),
        run.sequencesPerSecond(),
        run.heapBytesPerStep());
    print("%s shows it all", folder.file("report.html"));
  }

  private PrintWriter writer() {
    return spec.commandLine().getOut();
  }

  private void print(String format, Object... values) {
    writer().println(String.format(Locale.ROOT, format, values));
  }
}
