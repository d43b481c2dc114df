package dev.sluice.train;

import dev.sluice.Device;
import dev.sluice.Tensor;
import dev.sluice.nn.Layer;
import dev.sluice.nn.Parameter;
import dev.sluice.nn.Pass;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Takes training steps: forward, backward, clipping, the optimiser, at the rate of a schedule. The
 * same steps from the same parameters on the same engine and number of threads give the same bits,
 * also across {@link #save} and {@link #restore}. For one thread.
 *
 * <pre>{@code
 * var adam = new Adam(model.parameters(), 6e-3, arena);
 * var trainer = new Trainer(device, model, adam, Schedule.cosine(6e-3, 1250).warmUp(30), 1);
 * while (trainer.steps() < 1250) {
 *   digits.batch(trainer.steps() * 8, 8, frames, 0);
 *   trainer.step(
 *       pass -> {
 *         var clip = pass.tensor(Shape.of(20, 8, 64, 64, 1), frames);
 *         var predicted = model.forward(pass, clip.slice(0, 10), 10);
 *         return Loss.mse().of(pass, predicted, clip.slice(10, 20));
 *       });
 * }
 * }</pre>
 */
public final class Trainer {
  private final Device device;
  private final Layer model;
  private final List<Parameter> parameters;
  private final Optimiser optimiser;
  private final Schedule schedule;
  private final double clip;
  private final int segment;
  private final Verdict verdict;
  private Verdict.Finding finding = new Verdict.Finding(1, 0, 0, 0);
  private boolean looked = true;
  private boolean cutShort;

  /**
   * A trainer before its first step.
   *
   * @param device where the model lives
   * @param model to be trained
   * @param optimiser of the model's parameters
   * @param schedule the rate of each step
   * @param clip the Euclidean norm that all gradients together do not exceed, infinite for no limit
   */
  public Trainer(Device device, Layer model, Optimiser optimiser, Schedule schedule, double clip) {
    this(device, model, optimiser, schedule, clip, 0);
  }

  /**
   * A trainer that may compute activations again rather than keep them.
   *
   * @param device where the model lives
   * @param model to be trained
   * @param optimiser of the model's parameters
   * @param schedule the rate of each step
   * @param clip the Euclidean norm that all gradients together do not exceed, infinite for no limit
   * @param segment steps of a sequence that are computed again at once, 0 to keep all; see {@link
   *     Pass#recomputing}
   */
  public Trainer(
      Device device,
      Layer model,
      Optimiser optimiser,
      Schedule schedule,
      double clip,
      int segment) {
    this(device, model, optimiser, schedule, clip, segment, LossScale.of(device));
  }

  /**
   * A trainer with a scale of its own.
   *
   * @param device where the model lives
   * @param model to be trained
   * @param optimiser of the model's parameters
   * @param schedule the rate of each step
   * @param clip the Euclidean norm that all gradients together do not exceed, infinite for no limit
   * @param segment steps of a sequence that are computed again at once, 0 to keep all
   * @param scale what gradients are multiplied by on their way back
   */
  public Trainer(
      Device device,
      Layer model,
      Optimiser optimiser,
      Schedule schedule,
      double clip,
      int segment,
      LossScale scale) {
    if (!(clip > 0)) {
      throw new IllegalArgumentException("trainer: expected a clipping norm > 0, got " + clip);
    }
    this.device = device;
    this.model = model;
    this.parameters = model.parameters();
    this.optimiser = optimiser;
    this.schedule = schedule;
    this.clip = clip;
    this.segment = segment;
    this.verdict = new Verdict(parameters, scale);
  }

  /**
   * Takes a step and waits for it.
   *
   * @param loss makes [1], the loss of a batch, in the pass that it is given
   * @return the loss before the step
   * @throws ArithmeticException if the loss or a gradient is not finite; the parameters then stay
   *     as they were
   */
  public double step(Function<Pass, Tensor> loss) {
    advance(loss);
    return loss();
  }

  /**
   * Takes a step and does not wait for it: no number comes to the host. From a step on whose loss
   * or gradient is not finite parameters stay as they were, until {@link #loss} or {@link
   * #gradientNorm} says so.
   *
   * @param loss makes [1], the loss of a batch, in the pass that it is given
   */
  public void advance(Function<Pass, Tensor> loss) {
    if (cutShort || verdict.scales()) {
      // What threw before the optimiser's step left a part of its gradients, a skipped step all.
      Gradients.zero(parameters);
    }
    cutShort = true;
    try (var pass = Pass.recomputing(device, optimiser.steps(), segment)) {
      var made =
          pass.together(
              () -> {
                var value = loss.apply(pass);
                goBack(pass, value);
                return value;
              });
      verdict.judge(made, clip, optimiser.steps() + 1);
    }
    looked = false;
    optimise();
    cutShort = false;
  }

  private void goBack(Pass pass, Tensor loss) {
    if (verdict.scales()) {
      pass.backward(loss, verdict.seed());
    } else {
      pass.backward(loss);
    }
  }

  private void optimise() {
    if (optimiser instanceof ParameterSteps steps) {
      steps.rate(schedule.rate(steps.steps()));
      steps.step(verdict.factor());
      return;
    }
    look();
    optimiser.rate(schedule.rate(optimiser.steps()));
    if (Double.isNaN(finding.factor())) {
      optimiser.steps(optimiser.steps() + 1);
      return;
    }
    Gradients.scale(parameters, finding.factor());
    optimiser.step();
  }

  private void look() {
    if (looked) {
      return;
    }
    finding = verdict.look();
    looked = true;
    if (finding.broken() > 0) {
      verdict.forgive();
      cutShort = true;
      optimiser.steps(finding.broken() - 1);
      throw diverged();
    }
  }

  private ArithmeticException diverged() {
    var first = Gradients.firstNonFinite(parameters).map(where -> " (" + where + ")").orElse("");
    return new ArithmeticException(
        "training step %d: expected a finite loss and gradient, got a loss of %s and a gradient of"
                .formatted(finding.broken(), (float) finding.loss())
            + " norm %s%s; a lower learning rate or a smaller clipping norm may help"
                .formatted((float) finding.norm(), first));
  }

  /** {@return how many steps were taken, those before a restored checkpoint included} */
  public long steps() {
    return optimiser.steps();
  }

  /** {@return the learning rate of the last step} */
  public double rate() {
    return optimiser.rate();
  }

  /**
   * {@return the loss before the last step, 0 before the first; waits for the step}
   *
   * @throws ArithmeticException if the loss or a gradient was not finite in any step since this was
   *     last asked; {@link #steps} then counts those before it
   */
  public double loss() {
    look();
    return finding.loss();
  }

  /**
   * {@return the norm of the last step's gradients before clipping; waits for the step}
   *
   * @throws ArithmeticException as {@link #loss}
   */
  public double gradientNorm() {
    look();
    return finding.norm();
  }

  /** {@return what gradients are multiplied by on their way back in the next step; waits} */
  public double lossScale() {
    return verdict.scale()[0];
  }

  /** {@return how many steps were skipped since their scaled gradients were not finite; waits} */
  public long skipped() {
    return (long) verdict.scale()[2];
  }

  /**
   * Writes a checkpoint, whole or not at all, in place of the folder's last.
   *
   * @param folder that is there
   * @param progress what else is needed to go on, as JSON values: the data's position, settings
   */
  public void save(Path folder, Map<String, ?> progress) {
    look();
    Checkpoint.save(folder, model, optimiser, verdict.scales() ? verdict.scale() : null, progress);
  }

  /**
   * Goes on from a checkpoint.
   *
   * @param checkpoint of the same model and optimiser
   */
  public void restore(Checkpoint checkpoint) {
    checkpoint.restore(model, optimiser);
    checkpoint.lossScale().filter(scale -> verdict.scales()).ifPresent(verdict::scale);
  }
}
