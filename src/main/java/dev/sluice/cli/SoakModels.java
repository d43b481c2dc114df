package dev.sluice.cli;

import dev.sluice.Device;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.nn.ConvLstm;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Rnn;
import dev.sluice.train.Adam;
import dev.sluice.train.Loss;
import dev.sluice.weights.Weights;
import java.util.Arrays;

/** A tiny LSTM and a tiny ConvLSTM, used in turn. */
final class SoakModels implements AutoCloseable {
  private static final int STEPS = 2;
  private static final int BATCH = 2;
  private static final int FRAME = 4;
  private static final int WIDTH = 4;
  private static final int LENGTHS = 64;
  private static final int BATCHES = 16;
  private static final int SCATTER = 389;

  private final Device device;
  private final DeviceArena arena;
  private final Rnn lstm;
  private final ConvLstm frames;
  private Adam lstmSteps;
  private Adam frameSteps;

  SoakModels(Device device) {
    this.device = device;
    this.arena = device.arena("the models");
    this.lstm = Rnn.lstm(WIDTH, WIDTH).build(Weights.random(1), arena);
    this.frames = new ConvLstm(new ConvLstm.Config(1, 2, 3), Weights.random(2), arena);
  }

  Device infer(int number) {
    return infer(number, STEPS, BATCH);
  }

  /** All of 64 lengths and 16 batches, small and large ones mixed, before any comes again. */
  Device inferAnotherShape(int number) {
    int shape = number / 2 * SCATTER % (LENGTHS * BATCHES);
    return infer(number, 1 + shape % LENGTHS, 1 + shape / LENGTHS);
  }

  private Device infer(int number, int steps, int batch) {
    try (var pass = Pass.inference(device)) {
      output(pass, number, steps, batch).floats();
    }
    return device;
  }

  Device train(int number) {
    if (lstmSteps == null) {
      lstmSteps = new Adam(lstm.parameters(), 1e-3, arena);
      frameSteps = new Adam(frames.parameters(), 1e-3, arena);
    }
    try (var pass = Pass.training(device)) {
      var y = output(pass, number, STEPS, BATCH);
      var loss = Loss.mse().of(pass, y, pass.tensor(y.shape(), new float[elements(y)]));
      pass.backward(loss);
      (number % 2 == 0 ? lstmSteps : frameSteps).step();
      loss.floats();
    }
    return device;
  }

  private static int elements(Tensor tensor) {
    return Math.toIntExact(tensor.shape().elements());
  }

  private Tensor output(Pass pass, int number, int steps, int batch) {
    if (number % 2 == 0) {
      var x = pass.tensor(Shape.of(steps, batch, WIDTH), ones(steps * batch * WIDTH));
      return lstm.forward(pass, x).y();
    }
    var shape = Shape.of(steps, batch, FRAME, FRAME, 1);
    var x = pass.tensor(shape, ones(steps * batch * FRAME * FRAME));
    return frames.forward(pass, x, null).y();
  }

  private static float[] ones(int count) {
    var all = new float[count];
    Arrays.fill(all, 1);
    return all;
  }

  @Override
  public void close() {
    arena.close();
  }
}
