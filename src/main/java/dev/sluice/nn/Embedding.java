package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.weights.Init;
import dev.sluice.weights.Weights;
import java.util.Arrays;
import java.util.List;

/**
 * tokens: [...] to y: [..., C]: the row of a table for each token. Parameter: {@code weight [V,
 * C]}, drawn from N(0, 1) as in PyTorch; Keras draws from {@code Init.uniform(0.05)}. A token that
 * comes several times gets the sum of its gradients, added in the order of the tokens, so that
 * equal runs give equal bits.
 */
public final class Embedding implements Layer {
  private final int vocabulary;
  private final int width;
  private final DType type;
  private final Parameter weight;

  /**
   * A float32 table.
   *
   * @param vocabulary V
   * @param width C
   * @param weights where its numbers come from
   * @param arena where they live
   */
  public Embedding(int vocabulary, int width, Weights weights, DeviceArena arena) {
    this(vocabulary, width, DType.FLOAT32, Init.normal(1), weights, arena);
  }

  /**
   * A table of another type or beginning.
   *
   * @param vocabulary V
   * @param width C
   * @param type of its numbers
   * @param init how they begin
   * @param weights where they come from
   * @param arena where they live
   */
  public Embedding(
      int vocabulary, int width, DType type, Init init, Weights weights, DeviceArena arena) {
    if (vocabulary < 1 || width < 1) {
      throw new IllegalArgumentException(
          "embedding: expected sizes >= 1, got V " + vocabulary + ", C " + width);
    }
    this.vocabulary = vocabulary;
    this.width = width;
    this.type = type;
    weight = Parameter.take(weights, "weight", Shape.of(vocabulary, width), init, type, arena);
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(weight);
  }

  /**
   * Looks tokens up.
   *
   * @param pass holds what is computed
   * @param shape of the tokens, [T, N] say
   * @param tokens 0 to V - 1, row-major
   * @return y [..., C]
   * @throws IllegalArgumentException naming the first token outside of the vocabulary
   */
  public Tensor forward(Pass pass, Shape shape, int... tokens) {
    requireInside(shape, tokens);
    var ids = pass.ints(tokens);
    var dims = shape.dims();
    var wider = Arrays.copyOf(dims, dims.length + 1);
    wider[dims.length] = width;
    var y = pass.watch(pass.empty(type, Shape.of(wider)));
    var backend = pass.device().backend();
    backend.kernel("embedding").run(pass.stream(), new double[0], ids, weight.value(), y);
    pass.record(
        () -> {
          var dy = pass.arrived(y);
          if (dy != null) {
            backend
                .kernel("embedding_backward")
                .run(pass.stream(), new double[0], ids, dy, weight.gradient());
          }
        });
    return y;
  }

  private void requireInside(Shape shape, int[] tokens) {
    if (tokens.length != shape.elements()) {
      throw new IllegalArgumentException(
          "embedding: tokens: expected "
              + shape.elements()
              + " for "
              + shape
              + ", got "
              + tokens.length);
    }
    for (int i = 0; i < tokens.length; i++) {
      if (tokens[i] < 0 || tokens[i] >= vocabulary) {
        throw new IllegalArgumentException(
            "embedding: tokens: expected 0 to %d, the vocabulary, got %d at %s"
                .formatted(vocabulary - 1, tokens[i], Shapes.position(shape, i)));
      }
    }
  }
}
