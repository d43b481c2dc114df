package dev.sluice.cli.tasks;

import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.nn.Elementwise;
import dev.sluice.nn.FrameForecaster;
import dev.sluice.nn.Layer;
import dev.sluice.nn.Pass;
import dev.sluice.nn.SampledForecaster;
import dev.sluice.train.Loss;
import dev.sluice.train.Trainer;
import dev.sluice.weights.Weights;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** A forecaster of frames that learns from clips. */
final class FrameLearner implements Learner {
  private final FrameStudy study;
  private final Device device;
  private final FrameForecaster model;
  private final Trainer trainer;
  private final float[] frames;
  private final Shape shape;
  private final Loss loss;

  FrameLearner(FrameStudy study, DeviceArena arena) {
    this.study = study;
    this.device = arena.device();
    var config = study.model();
    var recipe = study.recipe();
    this.model = config.build(!study.logits(), Weights.random(recipe.seed()), arena);
    this.trainer = recipe.trainer(model, study.steps(), arena);
    int all = config.frames() + config.ahead();
    this.shape = Shape.of(all, recipe.batch(), config.height(), config.width(), config.channels());
    this.frames = new float[Math.toIntExact(shape.elements())];
    this.loss = study.lossFunction();
  }

  @Override
  public Layer model() {
    return model;
  }

  @Override
  public Trainer trainer() {
    return trainer;
  }

  @Override
  public Tensor loss(Pass pass, long step) {
    study.clips().train(step, frames, study.recipe().batch());
    var clip = pass.tensor(shape, frames);
    int seen = study.model().frames();
    if (!study.sampling()) {
      return model.loss(pass, clip, seen, loss::of);
    }
    var mask = SamplingMask.of(study, step);
    return ((SampledForecaster<?>) model).loss(pass, clip, seen, mask, loss::of);
  }

  /** A fiftieth of the run. */
  @Override
  public long validateEvery() {
    return Math.max(1, study.steps() / 50);
  }

  @Override
  public double validate() {
    double sum = 0;
    for (int i = 0; i < study.clips().held(); i++) {
      study.clips().held(i, frames, study.recipe().batch());
      try (var pass = Pass.inference(device)) {
        var clip = pass.tensor(shape, frames);
        sum += model.loss(pass, clip, study.model().frames(), loss::of).floats()[0];
      }
    }
    return sum / study.clips().held();
  }

  @Override
  public Optional<Judgement> judge(BooleanSupplier stop) {
    return new Evaluation(study.model(), study.clips(), device, this::forecast)
        .judgement(study.what() + " foreseen by " + study.model().model().title(), stop);
  }

  /** Makes [A, N, H, W, C] of [T, N, H, W, C], pixels whatever the loss. */
  private Tensor forecast(Pass pass, Tensor seen) {
    var y = model.forward(pass, seen, study.model().ahead());
    return study.logits() ? Elementwise.sigmoid(pass, y) : y;
  }
}
