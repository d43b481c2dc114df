package dev.sluice.cli.tasks;

import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.data.Split;
import dev.sluice.data.WindWindows;
import dev.sluice.data.Winds;
import dev.sluice.nn.Pass;
import dev.sluice.train.Loss;
import dev.sluice.weights.Weights;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Months foretold from those before; the last training months are what validation holds out, so
 * that no month is learned from a later one.
 *
 * @param net to be trained
 * @param epochs over the training months
 * @param recipe how it learns
 */
record WindsStudy(WindsTask.Net net, int epochs, Recipe recipe) implements Study {
  @Override
  public long steps() {
    return epochs * order().steps();
  }

  @Override
  public Size size() {
    return new Size(
        "--hidden, --kernel", "%s and %d".formatted(net.hidden(), net.kernel()), net.numbers());
  }

  @Override
  public Map<String, Object> config() {
    return net.toMap();
  }

  @Override
  public Learner learner(DeviceArena arena) {
    return new WindsLearner(this, arena);
  }

  private int[] months() {
    return net.windows().months(Split.TRAIN);
  }

  private int kept() {
    int all = months().length;
    int held = (int) Math.ceil(all * recipe.validate());
    return Math.max(1, all - held);
  }

  private Epochs order() {
    return new Epochs(Arrays.copyOf(months(), kept()), recipe.batch(), recipe.seed());
  }

  private int[] held() {
    return Arrays.copyOfRange(months(), kept(), months().length);
  }

  /** A network that learns the winds. */
  private static final class WindsLearner extends EpochLearner<WindNet> {
    private final WindWindows windows;
    private final int[] held;

    WindsLearner(WindsStudy study, DeviceArena arena) {
      super(
          study.net.build(Weights.random(study.recipe.seed()), arena), study, study.order(), arena);
      windows = study.net.windows();
      held = study.held();
    }

    @Override
    Tensor loss(Pass pass, int[] months) {
      var shape = Shape.of(months.length, Winds.HEIGHT, windows.width(), Winds.COMPONENTS);
      var target = pass.tensor(shape, windows.targets(months));
      return Loss.mse().of(pass, foretold(model, windows, pass, months), target);
    }

    @Override
    public double validate() {
      try (var pass = Pass.inference(device)) {
        return loss(pass, held).floats()[0];
      }
    }

    @Override
    public Optional<Judgement> judge(BooleanSupplier stop) {
      return WindsJudgement.of(windows, month -> foretell(model, windows, device, month), stop);
    }
  }

  /** [N, 73, W, 2] as the network says it. */
  private static Tensor foretold(WindNet model, WindWindows windows, Pass pass, int... months) {
    var shape =
        Shape.of(windows.seen(), months.length, Winds.HEIGHT, windows.width(), windows.channels());
    return model.forward(pass, pass.tensor(shape, windows.inputs(months)));
  }

  /** {@return [73, 144, 2]: the winds of a month in m/s, foretold by the network} */
  static float[] foretell(WindNet model, WindWindows windows, Device device, int month) {
    try (var pass = Pass.inference(device)) {
      return windows.forecast(month, foretold(model, windows, pass, month).floats());
    }
  }
}
