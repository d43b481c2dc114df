package dev.sluice.cli;

import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.cli.bench.HeapCounter;
import dev.sluice.data.MovingDigits;
import dev.sluice.data.Split;
import dev.sluice.nn.Elementwise;
import dev.sluice.nn.EncoderForecaster;
import dev.sluice.nn.Pass;
import dev.sluice.train.Adam;
import dev.sluice.train.Checkpoint;
import dev.sluice.train.Loss;
import dev.sluice.train.Trainer;
import dev.sluice.weights.Weights;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** Trains a forecaster of frames from where its folder stands to the end, or until told to stop. */
final class ForecastRun {
  // The last steps, of which the median one is reported: a compilation may fall into any.
  private static final int HEAP_STEPS = 201;

  private final TrainSettings settings;
  private final RunFolder folder;
  private final Device device;
  private final int threads;
  private final long checkpointEvery;
  private final PrintWriter out;
  private final EncoderForecaster model;
  private final Trainer trainer;
  private final MovingDigits data;
  private final float[] frames;
  private final Shape shape;
  private final Loss loss;
  private final long reportEvery;
  private final HeapCounter heap = HeapCounter.open();

  private double lossSum;
  private long lossCount;
  private double seconds;
  private long historyBytes;
  private final long[] heapBytes = new long[HEAP_STEPS];
  private long heapSteps;

  /**
   * A run before its first step.
   *
   * @param arena where the model and the optimiser's state live
   * @param threads of the engine, for the record
   * @param checkpointEvery steps between two checkpoints
   */
  ForecastRun(
      TrainSettings settings,
      RunFolder folder,
      DeviceArena arena,
      int threads,
      long checkpointEvery,
      PrintWriter out) {
    this.settings = settings;
    this.folder = folder;
    this.device = arena.device();
    this.threads = threads;
    this.checkpointEvery = checkpointEvery;
    this.out = out;
    var config = settings.model();
    int all = config.frames() + config.ahead();
    this.model = config.build(!settings.logits(), Weights.random(settings.seed()), arena);
    var adam = new Adam(model.parameters(), settings.rate(), arena);
    this.trainer = new Trainer(device, model, adam, settings.rates(), settings.clipNorm());
    this.data = settings.data(Split.TRAIN);
    this.shape = Shape.of(all, settings.batch(), config.height(), config.width(), 1);
    this.frames = new float[Math.toIntExact(shape.elements())];
    this.loss = settings.lossFunction();
    this.reportEvery = Math.clamp(settings.steps() / 50, 1, 100);
  }

  EncoderForecaster model() {
    return model;
  }

  long step() {
    return trainer.steps();
  }

  /** Goes on where the folder's checkpoint stands. */
  void restore(Checkpoint checkpoint) {
    trainer.restore(checkpoint);
    var progress = new Fields(folder.file(Checkpoint.MANIFEST), checkpoint.progress());
    lossSum = progress.number("loss_sum");
    lossCount = progress.whole("loss_count");
    seconds = progress.number("seconds");
    historyBytes = progress.whole("history_bytes");
  }

  /** Takes the steps that are left; whether the run came to its end. */
  boolean train(BooleanSupplier stop) {
    long steps = settings.steps();
    var progress = new Progress(out, step(), steps, settings.batch());
    double before = seconds;
    long began = System.nanoTime();
    try (var history = new History(folder.file(RunFolder.HISTORY), historyBytes)) {
      if (step() == 0) {
        save(history);
      }
      while (step() < steps && !stop.getAsBoolean()) {
        double value = takeStep();
        lossSum += value;
        lossCount++;
        seconds = before + (System.nanoTime() - began) / 1e9;
        if (step() % reportEvery == 0 || step() == steps) {
          report(history);
        }
        if (step() % checkpointEvery == 0) {
          save(history);
        }
        progress.step(step(), value);
      }
      save(history);
    } finally {
      progress.end();
    }
    return step() == steps;
  }

  private double takeStep() {
    long before = heap.allocated();
    data.batch(trainer.steps() * settings.batch(), settings.batch(), frames, 0);
    double value = trainer.step(this::lossOf);
    heapBytes[(int) (heapSteps++ % HEAP_STEPS)] = heap.allocated() - before;
    return value;
  }

  private Tensor lossOf(Pass pass) {
    int seen = settings.model().frames();
    var clip = pass.tensor(shape, frames);
    var predicted = model.forward(pass, clip.slice(0, seen), settings.model().ahead());
    return loss.of(pass, predicted, clip.slice(seen, shape.dim(0)));
  }

  private void report(History history) {
    var line = new LinkedHashMap<String, Object>();
    line.put("step", step());
    line.put("sequences", step() * settings.batch());
    line.put("loss", lossSum / lossCount);
    line.put("gradient_norm", trainer.gradientNorm());
    line.put("rate", trainer.rate());
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
    progress.put("settings", settings.toMap());
    progress.put("engine", device.engine());
    progress.put("threads", threads);
    progress.put("checkpoint_every", checkpointEvery);
    progress.put("seed", settings.seed());
    progress.put("next_sequence", step() * settings.batch());
    progress.put("loss_sum", lossSum);
    progress.put("loss_count", lossCount);
    progress.put("seconds", seconds);
    progress.put("history_bytes", history.force());
    trainer.save(folder.path(), progress);
  }

  /** Makes [A, N, H, W, 1] of [T, N, H, W, 1], pixels whatever the loss. */
  Tensor forecast(Pass pass, Tensor seen) {
    var y = model.forward(pass, seen, settings.model().ahead());
    return settings.logits() ? Elementwise.sigmoid(pass, y) : y;
  }

  double seconds() {
    return seconds;
  }

  double sequencesPerSecond() {
    return seconds == 0 ? 0 : step() * settings.batch() / seconds;
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

  /** The facts of the run for metrics.json. */
  Map<String, Object> facts() {
    var map = new LinkedHashMap<String, Object>();
    map.put("sequences", step() * settings.batch());
    map.put("sequences_per_second", round(sequencesPerSecond()));
    map.put("seconds", round(seconds));
    map.put("engine", device.engine());
    map.put("threads", threads);
    map.put("seed", settings.seed());
    map.put("steps", step());
    map.put("parameters", model.parameterCount());
    map.put("heap_bytes_per_step", heapBytesPerStep());
    return map;
  }
}
