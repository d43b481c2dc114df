package dev.sluice.train;

import dev.sluice.DType;
import dev.sluice.FormatException;
import dev.sluice.Tensor;
import dev.sluice.nn.Layer;
import dev.sluice.weights.AtomicFile;
import dev.sluice.weights.HostTensor;
import dev.sluice.weights.Init;
import dev.sluice.weights.Json;
import dev.sluice.weights.Safetensors;
import dev.sluice.weights.Sha256;
import dev.sluice.weights.Weights;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Where training stands: {@value #MANIFEST} in a folder names a safetensors file with parameters
 * and optimiser state and its SHA-256, and holds the step and whatever the run itself has to know.
 *
 * <p>Two tensor files take turns, and the manifest is replaced last: at any moment, also when the
 * process is killed or the machine loses power, the manifest names a complete file.
 */
public final class Checkpoint {
  /** The name of the manifest in its folder. */
  public static final String MANIFEST = "checkpoint.json";

  private static final String[] TENSORS = {"checkpoint-a.safetensors", "checkpoint-b.safetensors"};
  private static final long FORMAT = 1;

  private final Path manifest;
  private final Map<?, ?> fields;

  private Checkpoint(Path manifest, Map<?, ?> fields) {
    this.manifest = manifest;
    this.fields = fields;
  }

  /**
   * {@return whether a folder holds a checkpoint}
   *
   * @param folder that need not be there
   */
  public static boolean isIn(Path folder) {
    return Files.exists(folder.resolve(MANIFEST));
  }

  /**
   * {@return the folder's checkpoint; its tensors are read by {@link #restore}}
   *
   * @param folder of it
   * @throws FormatException if the manifest is not one
   * @throws UncheckedIOException if it is missing or cannot be read
   */
  public static Checkpoint open(Path folder) {
    var manifest = folder.resolve(MANIFEST);
    if (!(Json.read(manifest) instanceof Map<?, ?> fields)
        || !Objects.equals(fields.get("format"), FORMAT)) {
      throw new FormatException(manifest, "expected a checkpoint of format " + FORMAT);
    }
    var checkpoint = new Checkpoint(manifest, fields);
    checkpoint.step();
    checkpoint.progress();
    checkpoint.tensors();
    return checkpoint;
  }

  /** {@return how many steps were taken} */
  public long step() {
    return field("step", Long.class);
  }

  /** {@return what the run itself saved} */
  public Map<?, ?> progress() {
    return field("progress", Map.class);
  }

  /** The scale, the steps since it changed and those skipped, where there is one. */
  Optional<double[]> lossScale() {
    if (!fields.containsKey("loss_scale")) {
      return Optional.empty();
    }
    List<?> numbers = field("loss_scale", List.class);
    if (numbers.size() != 3 || !numbers.stream().allMatch(Number.class::isInstance)) {
      throw new FormatException(
          manifest, "expected \"loss_scale\" to be three numbers, got " + numbers);
    }
    return Optional.of(numbers.stream().mapToDouble(n -> ((Number) n).doubleValue()).toArray());
  }

  private Path tensors() {
    var name = field("tensors", String.class);
    if (!name.equals(TENSORS[0]) && !name.equals(TENSORS[1])) {
      throw new FormatException(
          manifest, "expected tensors in " + String.join(" or ", TENSORS) + ", got " + name);
    }
    return manifest.resolveSibling(name);
  }

  private <T> T field(String name, Class<T> type) {
    Object value = fields.get(name);
    if (!type.isInstance(value)) {
      throw new FormatException(
          manifest, "expected \"" + name + "\" to be a " + type.getSimpleName() + ", got " + value);
    }
    return type.cast(value);
  }

  static void save(
      Path folder, Layer model, Optimiser optimiser, double[] scale, Map<String, ?> progress) {
    var all = new LinkedHashMap<String, HostTensor>();
    model.parameters().forEach(p -> put(all, "model." + p.name(), p.value()));
    optimiser.state().forEach((name, tensor) -> put(all, "optimiser." + name, tensor));
    var manifest = folder.resolve(MANIFEST);
    var last = isIn(folder) ? open(folder).tensors() : null;
    var tensors = folder.resolve(TENSORS[0]);
    if (tensors.equals(last)) {
      tensors = folder.resolve(TENSORS[1]);
    }
    Safetensors.write(tensors, all, Map.of("step", String.valueOf(optimiser.steps())));
    var fields = new LinkedHashMap<String, Object>();
    fields.put("format", FORMAT);
    fields.put("step", optimiser.steps());
    fields.put("optimiser", optimiser.getClass().getSimpleName().toLowerCase(Locale.ROOT));
    fields.put("rate", optimiser.rate());
    if (scale != null) {
      fields.put("loss_scale", Arrays.stream(scale).boxed().toList());
    }
    fields.put("tensors", tensors.getFileName().toString());
    fields.put("sha256", sha256(tensors));
    fields.put("progress", progress);
    AtomicFile.write(manifest, Json.writePretty(fields));
  }

  /**
   * Puts parameters, optimiser state and step back.
   *
   * @param model of the same architecture
   * @param optimiser of the same kind
   * @throws FormatException if the tensor file is damaged, or of another model or optimiser
   */
  void restore(Layer model, Optimiser optimiser) {
    var file = tensors();
    var expected = field("sha256", String.class);
    if (!sha256(file).equals(expected)) {
      throw new FormatException(
          file, "expected the SHA-256 " + expected + ", got another: damaged");
    }
    var weights = Weights.open(file);
    for (var parameter : model.parameters()) {
      fill(weights.at("model"), parameter.name(), parameter.value());
      parameter.changed();
    }
    optimiser.state().forEach((name, tensor) -> fill(weights.at("optimiser"), name, tensor));
    weights.requireAllUsed();
    optimiser.steps(step());
  }

  private static void fill(Weights weights, String name, Tensor tensor) {
    if (tensor.type() == DType.FLOAT64) {
      tensor.set(weights.takeDoubles(name, tensor.shape(), Init.zeros()));
    } else {
      tensor.set(weights.take(name, tensor.shape(), Init.zeros()));
    }
  }

  /**
   * Writes a model's parameters under their own names, whole or not at all.
   *
   * @param file a safetensors file, written or replaced
   * @param model whose parameters
   * @param metadata strings for the file's header; may be empty
   */
  public static void writeModel(Path file, Layer model, Map<String, String> metadata) {
    var all = new LinkedHashMap<String, HostTensor>();
    model.parameters().forEach(p -> put(all, p.name(), p.value()));
    Safetensors.write(file, all, metadata);
  }

  private static void put(Map<String, HostTensor> all, String name, Tensor tensor) {
    Object values = tensor.type() == DType.FLOAT64 ? tensor.doubles() : tensor.floats();
    if (all.put(name, new HostTensor(tensor.shape(), values)) != null) {
      throw new IllegalArgumentException(
          "checkpoint: expected parameters of different names, got " + name + " twice");
    }
  }

  private static String sha256(Path file) {
    try {
      return Sha256.of(file);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }
}
