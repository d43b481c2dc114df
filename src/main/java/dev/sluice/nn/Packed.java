package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Packing;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The packed copies of a layer's weights. In inference one for each layout that a plan asked for is
 * kept and packed again only when a weight was changed; a model that meets more shapes than that,
 * and every training pass, whose weights are new anyway, packs into the pass's own memory. So
 * memory stays bounded whatever shapes come. Thread-safe, so that one model serves many threads.
 */
final class Packed {
  private static final int KEPT = 16;

  private record Copy(Tensor tensor, long version) {}

  private record Key(Packed owner, Object layout) {}

  private final List<Parameter> parameters;
  private final List<Tensor> values;
  private final DeviceArena arena;
  private final Map<Object, Copy> copies = new HashMap<>();

  Packed(List<Parameter> parameters, DeviceArena arena) {
    this.parameters = List.copyOf(parameters);
    this.values = this.parameters.stream().map(Parameter::value).toList();
    this.arena = arena;
  }

  Tensor of(Packing plan, Pass pass) {
    if (arena.device() != pass.device()) {
      throw new IllegalArgumentException(
          "expected weights of the pass's device, %s, got weights of another, %s"
              .formatted(pass.device().title(), arena.device().title()));
    }
    var kept = pass.training() ? null : kept(plan, pass.stream());
    if (kept != null) {
      return kept;
    }
    return pass.once(
        new Key(this, plan.layout()),
        home -> packed(plan, home.stream(), home.empty(type(), shape(plan))));
  }

  /** The copy that is kept, or null where there are too many. */
  private synchronized Tensor kept(Packing plan, Stream stream) {
    var copy = copies.get(plan.layout());
    if (copy == null && copies.size() >= KEPT) {
      return null;
    }
    long version = parameters.stream().mapToLong(Parameter::version).sum();
    if (copy == null || copy.version != version) {
      var tensor = copy != null ? copy.tensor : arena.empty(type(), shape(plan));
      arena.device().streams().afterAll(stream);
      copy = new Copy(packed(plan, stream, tensor), version);
      stream.synchronize();
      copies.put(plan.layout(), copy);
    }
    return copy.tensor;
  }

  private Tensor packed(Packing plan, Stream stream, Tensor tensor) {
    stream.aside(() -> plan.pack(stream, values, tensor));
    return tensor;
  }

  private DType type() {
    return parameters.getFirst().value().type();
  }

  private Shape shape(Packing plan) {
    return Shape.of((plan.packedBytes() + type().bytes() - 1) / type().bytes());
  }
}
