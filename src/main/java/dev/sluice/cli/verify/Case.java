package dev.sluice.cli.verify;

import dev.sluice.FormatException;
import dev.sluice.Shape;
import dev.sluice.weights.HostTensor;
import dev.sluice.weights.Safetensors;
import dev.sluice.weights.Weights;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** A case of the manifest and its file; remembers which tensors were asked for. */
final class Case {
  private final Config entry;
  private final Safetensors file;
  private final Set<String> used = new HashSet<>();

  /**
   * Opens a case's file.
   *
   * @param entry the case in the manifest
   * @param folder of the suite
   * @throws FormatException if the file is malformed, or its tensors are not the manifest's
   */
  Case(Config entry, Path folder) {
    this.entry = entry;
    var path = folder.resolve(entry.text("file", "")).normalize();
    if (!entry.has("file") || !path.startsWith(folder.normalize())) {
      throw new FormatException(
          entry.path() + ": expected a file of the suite's folder, got " + entry.text("file", ""));
    }
    this.file = Safetensors.open(path);
    entry.object("tensors").keys().forEach(this::requireListed);
  }

  private void requireListed(String name) {
    var listed = entry.object("tensors").object(name).list("shape");
    if (!file.has(name)) {
      throw new FormatException(file.file(), name + ": expected as in the manifest, got no tensor");
    }
    var dims = file.shape(name).dims();
    if (!listed.equals(LongStream.of(dims).boxed().toList())) {
      throw new FormatException(
          file.file(), name + ": expected shape " + listed + ", got " + file.shape(name));
    }
  }

  Config config() {
    return entry.object("config");
  }

  Config expected() {
    return entry.object("expected");
  }

  /** The sort of loss, or an empty string where there is none. */
  String lossKind() {
    return entry.text("loss_kind", "");
  }

  boolean hasLoss() {
    return entry.has("loss");
  }

  boolean hasGradients() {
    return hasLoss()
        || Stream.of("lossw.", "grad.").anyMatch(prefix -> !names(prefix).isEmpty())
        || names("exp.").stream().anyMatch(name -> name.endsWith(".grad"));
  }

  double loss() {
    return entry.number("loss", Double.NaN);
  }

  /** Names of all tensors that begin so. */
  List<String> names(String prefix) {
    return file.names().stream().filter(name -> name.startsWith(prefix)).toList();
  }

  /** Names of the tensors that begin so and were not asked for. */
  List<String> unused(String prefix) {
    return names(prefix).stream().filter(name -> !used.contains(name)).sorted().toList();
  }

  boolean has(String name) {
    return file.has(name);
  }

  Shape shape(String name) {
    requireThere(name);
    return file.shape(name);
  }

  double[] values(String name) {
    requireThere(name);
    used.add(name);
    var values = file.doubles(name);
    if (DoubleStream.of(values).anyMatch(v -> !Double.isFinite(v))) {
      throw new FormatException(file.file(), name + ": expected finite numbers, got others");
    }
    return values;
  }

  int[] ints(String name) {
    requireThere(name);
    used.add(name);
    return file.ints(name);
  }

  private void requireThere(String name) {
    if (!file.has(name)) {
      throw new FormatException(file.file(), name + ": expected a tensor, got none of that name");
    }
  }

  /**
   * The parameters, without their prefix.
   *
   * @param more parameters that the library has and the case does not
   */
  Weights weights(Map<String, HostTensor> more) {
    var all = new HashMap<String, HostTensor>(more);
    for (var name : names("w.")) {
      all.put(name.substring(2), new HostTensor(file.shape(name), values(name)));
    }
    return Weights.of(all);
  }
}
