package dev.sluice.cuda;

import static dev.sluice.cuda.Family.count;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Kernel;
import java.util.Map;

/** Dropout: dropout.cu. */
final class DropoutKernels {
  private DropoutKernels() {}

  static void register(Map<String, Kernel> all) {
    all.put("dropout", (stream, s, t) -> run(stream, s, t[0], t[1], false));
    all.put("dropout_backward", (stream, s, t) -> run(stream, s, t[0], t[1], true));
  }

  /** p, the seed's low word, its high word, the call's number. */
  private static void run(Stream stream, double[] s, Tensor x, Tensor y, boolean add) {
    double scale = s[0] < 1 ? 1 / (1 - s[0]) : 0;
    var family = Family.of(stream, "dropout", x);
    // Not a part of any graph, since the numbers are others in each pass.
    family.stream()
        .apart(
            () ->
                family.elements(
                    "dropout",
                    (count(x) + 3) / 4,
                    x,
                    y,
                    count(x),
                    (long) Math.ceil(s[0] * 0x1p32),
                    scale,
                    (int) (long) s[1],
                    (int) (long) s[2],
                    (long) s[3],
                    Family.flag(add)));
  }
}
