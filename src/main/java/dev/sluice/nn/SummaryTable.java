package dev.sluice.nn;

import dev.sluice.DType;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The table of Keras 2 of a model's blocks.
 *
 * @param model its name
 * @param rows one a block
 * @param type of the parameters
 */
record SummaryTable(String model, List<Row> rows, DType type) {
  /**
   * A block.
   *
   * @param layer its name and kind
   * @param output its shape
   * @param count of its parameters
   */
  record Row(String layer, String output, long count) {}

  @Override
  public String toString() {
    int first = Math.max(28, 2 + rows.stream().mapToInt(r -> r.layer.length()).max().orElse(0));
    int second = Math.max(26, 2 + rows.stream().mapToInt(r -> r.output.length()).max().orElse(0));
    var format = " %-" + first + "s%-" + second + "s%s";
    var thin = "_".repeat(first + second + 11);
    var thick = "=".repeat(first + second + 11);
    long total = rows.stream().mapToLong(Row::count).sum();
    var all = "%d (%s)".formatted(total, size(total * type.bytes()));
    var blocks =
        rows.stream()
            .map(row -> format.formatted(row.layer, row.output, row.count))
            .collect(Collectors.joining("\n\n"));
    return String.join(
        "\n",
        "Model: \"" + model + "\"",
        thin,
        format.formatted("Layer (type)", "Output Shape", "Param #"),
        thick,
        blocks,
        thick,
        "Total params: " + all,
        "Trainable params: " + all,
        "Non-trainable params: 0 (0.00 Byte)",
        thin);
  }

  private static String size(long bytes) {
    var units = List.of("Byte", "KB", "MB", "GB", "TB");
    double value = bytes;
    int unit = 0;
    while (value >= 1024 && unit < units.size() - 1) {
      value /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, "%.2f %s", value, units.get(unit));
  }
}
