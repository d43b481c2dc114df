package dev.sluice.cli;

import dev.sluice.Device;
import dev.sluice.spi.Engine;
import picocli.CommandLine.Option;

/** Which engine a command runs on, and with how many threads. */
final class EngineOptions {
  @Option(
      names = "--engine",
      paramLabel = "NAME",
      defaultValue = "auto",
      description = "auto, cpu or cuda; default: ${DEFAULT-VALUE}, the fastest that opens.")
  String engine;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "Threads of the CPU engine; default: the machine's physical cores.")
  int threads;

  EngineOptions() {}

  Device open() {
    return Device.open(Device.Options.defaults().engine(engine).threads(threads));
  }

  /** The number of threads that a device opened so uses, 0 where the engine has none. */
  int threadsOf(Device device) {
    return threads > 0
        ? threads
        : Device.engines().stream()
            .filter(e -> e.name().equals(device.engine()))
            .map(Engine::report)
            .mapToInt(report -> Integer.parseInt(report.facts().getOrDefault("threads", "0")))
            .findFirst()
            .orElse(0);
  }
}
