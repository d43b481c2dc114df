package dev.sluice.cuda;

import dev.sluice.Device;
import dev.sluice.FaultWork;
import java.nio.file.Path;

/**
 * Work that native calls fail in.
 *
 * @param name of it
 * @param opens whether it opens the device, if any, itself
 * @param work gives the same each time
 */
record FaultScenario(String name, boolean opens, Work work) {
  interface Work {
    float[] run(Device device, Path folder);
  }

  static FaultScenario of(FaultWork work) {
    return new FaultScenario(
        work.name(), work.opens(), (device, folder) -> work.run("cuda", device, folder));
  }

  /** What a process asks once, before it opens the first device. */
  static FaultScenario installation() {
    return new FaultScenario(
        "INSTALLATION", true, (device, folder) -> new float[] {Installation.look().devices()});
  }

  float[] run(Device device, Path folder) {
    return work.run(device, folder);
  }

  @Override
  public String toString() {
    return name;
  }
}
