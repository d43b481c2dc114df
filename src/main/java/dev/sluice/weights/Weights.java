package dev.sluice.weights;

import dev.sluice.FormatException;
import dev.sluice.Shape;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Where the parameters of a model get their first values: a file, a map, or a seed.
 *
 * <p>A Weights is a view on dotted names below a prefix; views made by {@link #at} share one source
 * and remember together what was taken. Nothing needs closing; threads may share it.
 *
 * <pre>{@code
 * var weights = Weights.open(Path.of("speech.safetensors"));
 * float[] w = weights.at("lstm").take("weight_ih_l0", Shape.of(4 * 256, 128), Init.zeros());
 * weights.requireAllUsed();
 * }</pre>
 */
public final class Weights {
  private final Source source;
  private final String prefix;

  /** Answers for full names. */
  private sealed interface Source {
    boolean has(String name);

    float[] floats(String name, Shape shape, Init init);

    double[] doubles(String name, Shape shape, Init init);

    /** Names below a prefix that were not taken, sorted. */
    List<String> unused(String prefix);

    String origin();
  }

  private Weights(Source source, String prefix) {
    this.source = source;
    this.prefix = prefix;
  }

  /**
   * {@return the weights in a safetensors file}
   *
   * @param safetensors the file; its header is checked now, tensors are read when taken
   * @throws FormatException if it is malformed
   * @throws java.io.UncheckedIOException if it is missing or cannot be read
   */
  public static Weights open(Path safetensors) {
    return of(Safetensors.open(safetensors));
  }

  /**
   * {@return the weights in an opened file}
   *
   * @param file read when tensors are taken
   */
  public static Weights of(Safetensors file) {
    Function<String, Found> find =
        name ->
            new Found(
                file.shape(name),
                StoredType.valueOf(file.dtype(name)),
                () -> file.floats(name),
                () -> file.doubles(name));
    return new Weights(new Stored(file.file().toString(), file.names(), find), "");
  }

  /**
   * {@return the weights in a map}
   *
   * @param tensors by full name; the map is copied, the arrays when taken
   */
  public static Weights of(Map<String, HostTensor> tensors) {
    var copy = Map.copyOf(tensors);
    Function<String, Found> find =
        name -> {
          HostTensor tensor = copy.get(name);
          return new Found(tensor.shape(), tensor.type(), tensor::floats, tensor::doubles);
        };
    return new Weights(new Stored("weights", copy.keySet(), find), "");
  }

  /**
   * {@return fresh weights} Each tensor depends on the seed, its full name, its shape and its Init
   * alone: not on the order of construction, nor on the machine.
   *
   * @param seed any number
   */
  public static Weights random(long seed) {
    return new Weights(new Random(seed), "");
  }

  /**
   * {@return a view on the names that begin with the prefix and a dot}
   *
   * @param prefix such as {@code encoder.0}; empty for this view itself
   */
  public Weights at(String prefix) {
    return prefix.isEmpty() ? this : new Weights(source, full(prefix) + '.');
  }

  /**
   * {@return whether a tensor of this name can be taken} Always so for random weights.
   *
   * @param name below this view's prefix
   */
  public boolean has(String name) {
    return source.has(full(name));
  }

  /**
   * {@return the first values of a parameter, row-major; the caller's own} F64 is rounded to
   * nearest, F16 and BF16 are exact.
   *
   * @param name below this view's prefix
   * @param shape that the parameter must have
   * @param init used by random weights only
   * @throws FormatException if a file or map has no such name, or has it with another shape or with
   *     integers
   */
  public float[] take(String name, Shape shape, Init init) {
    return source.floats(full(name), shape, Objects.requireNonNull(init, "init"));
  }

  /**
   * {@return the first values of a parameter in double precision} The numbers of {@link #take}
   * before they were rounded.
   *
   * @param name below this view's prefix
   * @param shape that the parameter must have
   * @param init used by random weights only
   * @throws FormatException as {@link #take}
   */
  public double[] takeDoubles(String name, Shape shape, Init init) {
    return source.doubles(full(name), shape, Objects.requireNonNull(init, "init"));
  }

  /**
   * Checks that every tensor below this view's prefix was taken (PyTorch's strict loading).
   *
   * @throws FormatException naming those that were not
   */
  public void requireAllUsed() {
    List<String> unused = source.unused(prefix);
    if (!unused.isEmpty()) {
      String more = unused.size() > 10 ? " and " + (unused.size() - 10) + " more" : "";
      throw new FormatException(
          unused.stream()
              .limit(10)
              .map(Text::quote)
              .collect(
                  Collectors.joining(
                      ", ",
                      source.origin() + ": expected every tensor to be used, left over: ",
                      more)));
    }
  }

  private String full(String name) {
    return prefix + name;
  }

  private record Random(long seed) implements Source {
    @Override
    public boolean has(String name) {
      return true;
    }

    @Override
    public float[] floats(String name, Shape shape, Init init) {
      return new HostTensor(shape, doubles(name, shape, init)).floats();
    }

    @Override
    public double[] doubles(String name, Shape shape, Init init) {
      return init.values(shape, new Draws(seed, name));
    }

    @Override
    public List<String> unused(String prefix) {
      return List.of();
    }

    @Override
    public String origin() {
      return "random(" + seed + ")";
    }
  }

  /** A tensor that is there, and how to read it. */
  private record Found(
      Shape shape, StoredType type, Supplier<float[]> floats, Supplier<double[]> doubles) {}

  private record Stored(
      String origin, Set<String> names, Function<String, Found> find, Set<String> taken)
      implements Source {
    Stored(String origin, Collection<String> names, Function<String, Found> find) {
      this(origin, Set.copyOf(names), find, ConcurrentHashMap.newKeySet());
    }

    @Override
    public boolean has(String name) {
      return names.contains(name);
    }

    @Override
    public float[] floats(String name, Shape shape, Init init) {
      float[] values = checked(name, shape).floats.get();
      taken.add(name);
      return values;
    }

    @Override
    public double[] doubles(String name, Shape shape, Init init) {
      double[] values = checked(name, shape).doubles.get();
      taken.add(name);
      return values;
    }

    private Found checked(String name, Shape shape) {
      if (!has(name)) {
        throw bad(name, shape, ", got no tensor of that name");
      }
      Found found = find.apply(name);
      if (!found.shape.equals(shape)) {
        throw bad(name, shape, ", got shape " + found.shape);
      }
      if (!found.type.floating()) {
        throw bad(name, shape, " of floating-point numbers, got " + found.type);
      }
      return found;
    }

    private FormatException bad(String name, Shape shape, String got) {
      return new FormatException(
          origin + ": tensor " + Text.quote(name) + ": expected shape " + shape + got);
    }

    @Override
    public List<String> unused(String prefix) {
      return names.stream()
          .filter(name -> name.startsWith(prefix) && !taken.contains(name))
          .sorted()
          .toList();
    }
  }
}
