package dev.sluice.benchmarks;

import dev.sluice.Device;
import dev.sluice.cli.bench.Bench;
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

  void round() {
    bench.round();
  }

  @Override
  public void close() {
    bench.close();
    device.close();
  }
}
