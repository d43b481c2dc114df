package dev.sluice.cli.tasks;

import dev.sluice.DeviceArena;
import dev.sluice.Tensor;
import dev.sluice.data.Batches;
import dev.sluice.data.Split;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Sequential;
import dev.sluice.train.SoftmaxCrossEntropy;
import dev.sluice.weights.Weights;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** A network that learns to tell classes apart. */
final class ClassifierLearner extends EpochLearner<Sequential> {
  private static final int BATCH = 128;

  private final ClassifierStudy study;
  private final Labelled data;

  ClassifierLearner(ClassifierStudy study, DeviceArena arena) {
    super(
        study.stack().build(Weights.random(study.recipe().seed()), arena),
        study,
        study.order(),
        arena);
    this.study = study;
    this.data = study.data();
  }

  @Override
  Tensor loss(Pass pass, int[] picks) {
    int[] labels = Arrays.stream(picks).map(pick -> data.label(Split.TRAIN, pick)).toArray();
    var logits = data.inputs(Split.TRAIN, picks).through(model, pass);
    return SoftmaxCrossEntropy.mean().of(pass, logits, labels);
  }

  @Override
  public double validate() {
    return study.holdout().loss(device, BATCH, this::loss);
  }

  @Override
  public Optional<Judgement> judge(BooleanSupplier stop) {
    int count = data.count(Split.TEST);
    var probabilities = new float[count][];
    for (int[] picks : Batches.inOrder(count, BATCH)) {
      if (stop.getAsBoolean()) {
        return Optional.empty();
      }
      try (var pass = Pass.inference(device)) {
        var rows = Probabilities.of(data.inputs(Split.TEST, picks).through(model, pass));
        System.arraycopy(rows, 0, probabilities, picks[0], rows.length);
      }
    }
    int[] truth = new int[count];
    Arrays.setAll(truth, i -> data.label(Split.TEST, i));
    return Optional.of(
        new ClassJudgement(study.title(), data, data.baselines(), truth, probabilities));
  }
}
