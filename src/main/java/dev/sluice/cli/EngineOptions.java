package dev.sluice.cli;

import dev.sluice.ConvolutionMode;
import dev.sluice.Device;
import dev.sluice.MathMode;
import dev.sluice.spi.Engine;
import picocli.CommandLine.Option;

/** Which engine a command runs on, and with how many threads. */
final class EngineOptions {
  @Option(
      names = "--engine",
      paramLabel = "NAME",
      defaultValue = "auto",
      description =
          "auto, cpu, cuda, or cuda:1 or cuda:GPU-... for one of several devices; default:"
              + " ${DEFAULT-VALUE}, the fastest that opens.")
  String engine;

  @Option(
      names = "--math",
      paramLabel = "MODE",
      defaultValue = "EXACT",
      description =
          "What the factors of products may be rounded to: exact (nothing); bfloat16, on CPUs with"
              + " AMX too; with the cuda engine tf32, or float16, whose losses are"
              + " scaled in training; default: exact.")
  MathMode math;

  @Option(
      names = "--convolution",
      paramLabel = "MODE",
      defaultValue = "FAST",
      description =
          "What convolutions may be computed by on the CPU: fast (whatever a timing finds fastest);"
              + " strict (about as accurate as direct ones: Winograd with small tiles, or direct);"
              + " direct; default: fast, the only one of the cuda engine.")
  ConvolutionMode convolution;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Threads of the CPU engine; default: the machine's physical cores. OMP_PROC_BIND=true or"
              + " OMP_PLACES in the environment binds them to cores, and with them whoever calls.")
  int threads;

  EngineOptions() {}

  Device open() {
    return Device.open(
        Device.Options.defaults()
            .engine(engine)
            .threads(threads)
            .math(math)
            .convolution(convolution));
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
