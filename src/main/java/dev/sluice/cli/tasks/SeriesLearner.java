package dev.sluice.cli.tasks;

import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.data.Batches;
import dev.sluice.data.SeriesWindows;
import dev.sluice.data.Split;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Sequential;
import dev.sluice.train.Loss;
import dev.sluice.weights.Weights;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** A network that learns to forecast a series. */
final class SeriesLearner extends EpochLearner<Sequential> {
  private static final int BATCH = 256;

  private final SeriesStudy study;
  private final SeriesWindows windows;

  SeriesLearner(SeriesStudy study, DeviceArena arena) {
    super(
        study.stack().build(Weights.random(study.recipe().seed()), arena),
        study,
        study.order(),
        arena);
    this.study = study;
    this.windows = study.windows();
  }

  @Override
  Tensor loss(Pass pass, int[] picks) {
    var y = new float[picks.length];
    var outputs = outputs(pass, Split.TRAIN, picks, y);
    return Loss.mse().of(pass, outputs, pass.tensor(Shape.of(picks.length, 1), y));
  }

  /** [N, 1]: what the model makes of windows, whose targets are put into y. */
  private Tensor outputs(Pass pass, Split split, int[] picks, float[] y) {
    var x = new float[windows.seen() * picks.length];
    windows.batch(split, picks, x, y);
    return model.forward(pass, pass.tensor(Shape.of(windows.seen(), picks.length, 1), x));
  }

  @Override
  public double validate() {
    return study.holdout().loss(device, BATCH, this::loss);
  }

  @Override
  public Optional<Judgement> judge(BooleanSupplier stop) {
    int count = windows.count(Split.TEST);
    var outputs = new float[count];
    for (int[] picks : Batches.inOrder(count, BATCH)) {
      if (stop.getAsBoolean()) {
        return Optional.empty();
      }
      try (var pass = Pass.inference(device)) {
        float[] some = outputs(pass, Split.TEST, picks, new float[picks.length]).floats();
        System.arraycopy(some, 0, outputs, picks[0], some.length);
      }
    }
    var forecasts = windows.forecasts(Split.TEST, outputs);
    return Optional.of(
        new SeriesJudgement(
            windows, study.baselines(), forecasts, windows.mse(Split.TEST, outputs)));
  }
}
