package dev.sluice.cli.tasks;

import dev.sluice.Shape;
import dev.sluice.weights.Safetensors;
import java.nio.file.Path;
import java.util.Locale;

/** The parameters of a model file: names, shapes, counts. */
final class ParameterTable {
  private ParameterTable() {}

  static String of(Path folder) {
    var file = Safetensors.open(folder.resolve(ModelFolder.WEIGHTS));
    var table = new StringBuilder();
    long total = 0;
    for (String name : file.names()) {
      Shape shape = file.shape(name);
      table.append(row(name, shape, shape.elements())).append('\n');
      total += shape.elements();
    }
    return table + row("all", "", total);
  }

  private static String row(String name, Object shape, long count) {
    return String.format(Locale.ROOT, "%-24s %-20s %,12d", name, shape, count);
  }
}
