package dev.sluice.benchmarks;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.cli.bench.Bench;
import dev.sluice.cli.bench.Cell;
import dev.sluice.cli.bench.Problem;

/** A problem that is open for a JMH trial; its threads come from a system property. */
final class Sequences implements AutoCloseable {
  static final String THREADS = "sluice.benchmarks.threads";

  private final Device device;
  private final Bench bench;

  Sequences(Problem problem) {
    device = device();
    bench = new Bench(problem, device);
  }

  static Device device() {
    return Device.open(
        Device.Options.defaults().engine("cpu").threads(Integer.getInteger(THREADS, 0)));
  }

  /** LSTM over T 100, N 32, C 256, H 256. */
  static Problem lstm(boolean training) {
    return vectors(training, 100, 32, 256, 256, 1, false);
  }

  /** ConvLSTM, 3x3, 16 to 64 channels, 16x16, T 10, N 8. */
  static Problem convLstm(boolean training) {
    return frames(training, 10, 8, 16, 64, 16, 3);
  }

  static Problem vectors(
      boolean training, int t, int n, int c, int h, int layers, boolean bothDirections) {
    return new Problem(
        Cell.LSTM,
        training,
        t,
        n,
        c,
        h,
        layers,
        bothDirections,
        false,
        false,
        0,
        0,
        0,
        DType.FLOAT32,
        0);
  }

  static Problem frames(boolean training, int t, int n, int c, int h, int side, int kernel) {
    return new Problem(
        Cell.CONVLSTM,
        training,
        t,
        n,
        c,
        h,
        1,
        false,
        false,
        false,
        side,
        side,
        kernel,
        DType.FLOAT32,
        0);
  }

  void round() {
    bench.round();
  }

  @Override
  public void close() {
    bench.close();
    device.close();
  }
}
