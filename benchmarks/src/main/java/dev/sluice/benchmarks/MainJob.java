package dev.sluice.benchmarks;

import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.data.MovingDigits;
import dev.sluice.data.Split;
import dev.sluice.nn.EncoderForecaster;
import dev.sluice.train.Adam;
import dev.sluice.train.Loss;
import dev.sluice.train.Schedule;
import dev.sluice.train.Trainer;
import dev.sluice.weights.HostTensor;
import dev.sluice.weights.Weights;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The training of {@code ./sluice train}, whole steps: a ConvLSTM encoder-forecaster and moving
 * digits, forward, backward, clipping, Adam. Sluice draws its clips anew for each step, as that
 * command does; peers have theirs ready.
 */
final class MainJob implements AutoCloseable {
  static final String TITLE = "./sluice train, a step of 8 clips";

  /** Steps whose losses are compared. */
  private static final int COMPARED = 5;

  private static final int FRAMES = 20;
  private static final int SEEN = 10;
  private static final int BATCH = 8;
  private static final int PATCH = 4;
  private static final int SIDE = 64;
  private static final double RATE = 6e-3;
  private static final double CLIP = 1;
  private static final Shape SHAPE = Shape.of(FRAMES, BATCH, SIDE, SIDE, 1); // [T, N, H, W, C]

  private final MovingDigits digits = new MovingDigits(Split.TRAIN, 1, FRAMES, SIDE, 2);
  private final float[] frames = new float[(int) SHAPE.elements()];
  private final Map<String, HostTensor> first = new LinkedHashMap<>();
  private final DeviceArena arena;
  private final EncoderForecaster model;
  private final Trainer trainer;

  private MainJob(Device device) {
    arena = device.arena("the main job");
    var config = new EncoderForecaster.Config(1, List.of(32), 3, PATCH, null, true);
    model = new EncoderForecaster(config, Weights.random(1), arena);
    var adam = new Adam(model.parameters(), RATE, arena);
    trainer = new Trainer(device, model, adam, Schedule.constant(RATE), CLIP);
    remember();
  }

  static Race race(Device device, List<Peer> peers, int turns, long warmUpMillis)
      throws IOException, InterruptedException {
    try (var job = new MainJob(device);
        var given = Given.of("training", true, job.first)) {
      return new Race(TITLE, given, job::step, peers, turns, warmUpMillis);
    }
  }

  /** The first weights and clips [5, T, N, H, W] and the losses of them. */
  private void remember() {
    for (var p : model.parameters()) {
      first.put("model." + p.name(), new HostTensor(p.value().shape(), p.value().floats()));
    }
    var clips = new float[COMPARED * frames.length];
    var losses = new float[COMPARED];
    for (int step = 0; step < COMPARED; step++) {
      losses[step] = (float) step();
      System.arraycopy(frames, 0, clips, step * frames.length, frames.length);
    }
    first.put("clips", new HostTensor(Shape.of(COMPARED, FRAMES, BATCH, SIDE, SIDE), clips));
    first.put("y", new HostTensor(Shape.of(COMPARED), losses));
    Map.of("seen", SEEN, "patch", PATCH, "rate", RATE, "clip", CLIP)
        .forEach(
            (name, value) ->
                first.put(name, new HostTensor(Shape.of(1), new float[] {value.floatValue()})));
  }

  private double step() {
    digits.batch(trainer.steps() * BATCH, BATCH, frames, 0);
    return trainer.step(pass -> model.loss(pass, pass.tensor(SHAPE, frames), SEEN, Loss.mse()::of));
  }

  @Override
  public void close() {
    arena.close();
  }
}
