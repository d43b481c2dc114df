package dev.sluice.cli;

import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.MathMode;
import dev.sluice.cli.bench.HeapCounter;
import dev.sluice.cli.tasks.Fields;
import dev.sluice.cli.tasks.Learner;
import dev.sluice.cli.tasks.Study;
import dev.sluice.train.Checkpoint;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** Takes the steps of a study from where its folder stands to the end, or until told to stop. */
final class TrainingRun {
  // The last steps, of which the median one is reported: a compilation may fall into any.
  private static final int HEAP_STEPS = 201;

  private final Study study;
  private final Map<String, Object> settings;
  private final RunFolder folder;
  private final Device device;
  private final int threads;
  private final long checkpointEvery;
  private final PrintWriter out;
  private final Learner learner;
  private final BestModel best;
  private final long reportEvery;
  private final HeapCounter heap = HeapCounter.open();

  private double lossSum;
  private long lossCount;
  private double seconds;
  private long historyBytes;
  private final long[] heapBytes = new long[HEAP_STEPS];
  private long heapSteps;
  private long activationBytes;

  /**
   * A run before its first step.
   *
   * @param settings of the study, for the record
   * @param arena where the model and the optimiser's state live
   * @param threads of the engine, for the record
   * @param checkpointEvery steps between two checkpoints
   */
  TrainingRun(
      Study study,
      Map<String, Object> settings,
      RunFolder folder,
      DeviceArena arena,
      int threads,
      long checkpointEvery,
      PrintWriter out) {
    this.study = study;
    this.settings = settings;
    this.folder = folder;
    this.device = arena.device();
    this.threads = threads;
    this.checkpointEvery = checkpointEvery;
    this.out = out;
    this.learner = study.learner(arena);
    this.best = new BestModel(folder.file(RunFolder.BEST), study.recipe().patience());
    this.reportEvery = Math.clamp(study.steps() / 50, 1, 100);
  }

  Learner learner() {
    return learner;
  }

  long step() {
    return learner.trainer().steps();
  }

  private boolean validates() {
    return study.recipe().validate() > 0;
  }

  /** Goes on where the folder's checkpoint stands. */
  void restore(Checkpoint checkpoint) {
    learner.trainer().restore(checkpoint);
    var progress = new Fields(folder.file(Checkpoint.MANIFEST), checkpoint.progress());
    lossSum = progress.number("loss_sum");
    lossCount = progress.whole("loss_count");
    seconds = progress.number("seconds");
    historyBytes = progress.whole("history_bytes");
    if (validates()) {
      best.restore(progress);
    }
  }

  /** Takes the steps that are left; whether the run came to its end. */
  boolean train(BooleanSupplier stop) {
    var progress = new Progress(out, step(), study.steps(), study.recipe().batch());
    double before = seconds;
    long began = System.nanoTime();
    try (var history = new History(folder.file(RunFolder.HISTORY), historyBytes)) {
      if (step() == 0) {
        save(history);
      }
      while (!ended() && !stop.getAsBoolean()) {
        double value = takeStep();
        lossSum += value;
        lossCount++;
        seconds = before + (System.nanoTime() - began) / 1e9;
        if (step() % reportEvery == 0 || step() == study.steps()) {
          report(history);
        }
        boolean better = validates() && validationIsDue() && validate(history);
        if (better || step() % checkpointEvery == 0) {
          save(history);
        }
        progress.step(step(), value);
      }
      save(history);
    } finally {
      progress.end();
    }
    return ended();
  }

  private boolean ended() {
    return step() >= study.steps() || best.outOfPatience();
  }

  private boolean validationIsDue() {
    return step() % learner.validateEvery() == 0 || step() == study.steps();
  }

  private double takeStep() {
    long before = heap.allocated();
    long used = device.memory().used();
    device.resetHighWater();
    long step = step();
    double value = learner.trainer().step(pass -> learner.loss(pass, step));
    heapBytes[(int) (heapSteps++ % HEAP_STEPS)] = heap.allocated() - before;
    activationBytes = Math.max(activationBytes, device.memory().highWater() - used);
    return value;
  }

  /** Whether the model is the best so far. */
  private boolean validate(History history) {
    double value = learner.validate();
    var line = new LinkedHashMap<String, Object>();
    line.put("step", step());
    line.put("sequences", sequences());
    line.put("validation_loss", value);
    history.add(line);
    return best.offer(learner.model(), step(), value);
  }

  /** Puts the best weights into the model; without validation the last ones stay. */
  void takeBest() {
    if (validates()) {
      best.load(learner.model());
    }
  }

  private void report(History history) {
    var line = new LinkedHashMap<String, Object>();
    line.put("step", step());
    line.put("sequences", sequences());
    line.put("loss", lossSum / lossCount);
    line.put("gradient_norm", learner.trainer().gradientNorm());
    line.put("rate", learner.trainer().rate());
    line.put("seconds", round(seconds));
    line.put("sequences_per_second", round(sequencesPerSecond()));
    history.add(line);
    lossSum = 0;
    lossCount = 0;
  }

  private static double round(double x) {
    return Math.round(x * 1000) / 1000.0;
  }

  private void save(History history) {
    var progress = new LinkedHashMap<String, Object>();
    progress.put("settings", settings);
    progress.put("data_sha256", study.fingerprint());
    progress.put("engine", device.engine());
    progress.put("math", device.math().name());
    progress.put("convolution", device.convolution().name());
    progress.put("threads", threads);
    progress.put("checkpoint_every", checkpointEvery);
    progress.put("seed", study.recipe().seed());
    progress.put("next_sequence", sequences());
    progress.put("loss_sum", lossSum);
    progress.put("loss_count", lossCount);
    progress.put("seconds", seconds);
    progress.put("history_bytes", history.force());
    if (validates()) {
      progress.putAll(best.toMap());
    }
    learner.trainer().save(folder.path(), progress);
  }

  private long sequences() {
    return study.sequences(step());
  }

  double seconds() {
    return seconds;
  }

  double sequencesPerSecond() {
    return seconds == 0 ? 0 : sequences() / seconds;
  }

  /** Java heap that a step allocates, the median of the last ones; -1 where nobody counts. */
  long heapBytesPerStep() {
    int n = (int) Math.min(heapSteps, HEAP_STEPS);
    if (n == 0 || !heap.counts()) {
      return -1;
    }
    var last = Arrays.copyOf(heapBytes, n);
    Arrays.sort(last);
    return last[n / 2];
  }

  /** The most device memory that a step held besides weights and the optimiser's state. */
  long activationBytes() {
    return activationBytes;
  }

  /** The facts of the run for metrics.json. */
  Map<String, Object> facts() {
    var map = new LinkedHashMap<String, Object>();
    map.put("sequences", sequences());
    map.put("sequences_per_second", round(sequencesPerSecond()));
    map.put("seconds", round(seconds));
    map.put("engine", device.engine());
    map.put("device", device.title());
    map.put("threads", threads);
    map.put("seed", study.recipe().seed());
    map.put("steps", step());
    map.put("parameters", learner.model().parameterCount());
    if (device.math() == MathMode.FLOAT16) {
      map.put("loss_scale", learner.trainer().lossScale());
      map.put("skipped_steps", learner.trainer().skipped());
    }
    map.put("heap_bytes_per_step", heapBytesPerStep());
    map.put("activation_bytes", activationBytes);
    if (validates()) {
      map.putAll(best.toMap());
    }
    return map;
  }
}
