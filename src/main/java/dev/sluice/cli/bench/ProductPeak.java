package dev.sluice.cli.bench;

import dev.sluice.DType;
import dev.sluice.Device;
import dev.sluice.Shape;
import dev.sluice.nn.Pass;
import dev.sluice.spi.Product;

/** How fast this machine multiplies large square matrices: what a cell could reach at best. */
final class ProductPeak {
  private static final int ROUNDS = 10;

  private ProductPeak() {}

  /** GFLOP/s of the fastest of a few products; takes a fraction of a second. */
  static double measure(Device device, DType type) {
    int size = type == DType.FLOAT32 ? 1024 : 128;
    var shape = Shape.of(size, size);
    var product = new Product(size, size, size, false, true, 0);
    try (var pass = Pass.inference(device)) {
      var a = pass.zeros(type, shape);
      var b = pass.zeros(type, shape);
      var c = pass.zeros(type, shape);
      Runnable run =
          () -> {
            device.backend().multiply(pass.stream(), product, a, b, c);
            pass.stream().synchronize();
          };
      return 2.0 * size * size * size / Timing.of(run, 2, ROUNDS).millis(0) / 1e6;
    }
  }
}
