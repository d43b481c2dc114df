package dev.sluice.cli.tasks;

import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Tensor;
import dev.sluice.nn.Layer;
import dev.sluice.nn.Pass;
import dev.sluice.train.Trainer;

/** A network that sees every training example once an epoch, and validates after each. */
abstract class EpochLearner<M extends Layer> implements Learner {
  final Device device;
  final M model;
  private final Trainer trainer;
  private final Epochs epochs;

  EpochLearner(M model, Study study, Epochs epochs, DeviceArena arena) {
    this.device = arena.device();
    this.model = model;
    this.trainer = study.recipe().trainer(model, study.steps(), arena);
    this.epochs = epochs;
  }

  /** [1]: the loss of some training examples. */
  abstract Tensor loss(Pass pass, int[] picks);

  @Override
  public final Layer model() {
    return model;
  }

  @Override
  public final Trainer trainer() {
    return trainer;
  }

  @Override
  public final Tensor loss(Pass pass, long step) {
    return loss(pass, epochs.at(step));
  }

  @Override
  public final long validateEvery() {
    return epochs.steps();
  }
}
