package dev.sluice.nn;

import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.spi.Packing;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The packed copies of a layer's weights, one for each layout that a plan asked for, packed again
 * only when a weight was changed. Thread-safe, so that one model serves many threads.
 */
final class Packed {
  private record Copy(Tensor tensor, long version) {}

  private final List<Parameter> parameters;
  private final DeviceArena arena;
  private final Map<Object, Copy> copies = new HashMap<>();

  Packed(List<Parameter> parameters, DeviceArena arena) {
    this.parameters = List.copyOf(parameters);
    this.arena = arena;
  }

  synchronized Tensor of(Packing plan, Stream stream) {
    long version = 0;
    for (var parameter : parameters) {
      version += parameter.version();
    }
    var copy = copies.get(plan.layout());
    if (copy == null || copy.version != version) {
      var tensor = copy != null ? copy.tensor : empty(plan.packedBytes());
      plan.pack(stream, parameters.stream().map(Parameter::value).toList(), tensor);
      stream.synchronize();
      copy = new Copy(tensor, version);
      copies.put(plan.layout(), copy);
    }
    return copy.tensor;
  }

  private Tensor empty(long bytes) {
    var type = parameters.getFirst().value().type();
    return arena.empty(type, Shape.of((bytes + type.bytes() - 1) / type.bytes()));
  }
}
