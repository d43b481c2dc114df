package dev.sluice.cli;

import dev.sluice.Device;
import dev.sluice.cli.tasks.Study;
import java.util.Locale;

/**
 * What a run takes.
 *
 * @param size of its network
 */
record Room(Study.Size size) {
  /** Refuses a network that is too large for this machine's memory. */
  void requireMemory(Device device) {
    // Weights, gradients and Adam's two moments; activations come on top.
    double bytes = 4 * 4 * size.numbers();
    long available = Machine.availableBytes();
    if (device.engine().equals("cpu") && bytes > available) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: expected a model that trains in the %,d MiB of memory available, got %s, which"
                  + " takes at least %,.0f MiB",
              size.options(),
              available >> 20,
              size.values(),
              bytes / (1 << 20)));
    }
  }

  /** Two checkpoints, the model, the best one, pictures, and the report, which holds them again. */
  long bytesOnDisk() {
    return (long) ((16 << 20) + 4 * 8 * size.numbers());
  }
}
