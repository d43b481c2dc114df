package dev.sluice.data;

import dev.sluice.Shape;
import java.util.Objects;

/**
 * An array of floats with its shape, as a .npy file holds it.
 *
 * @param shape of the array
 * @param values row-major; not copied
 */
public record NpyArray(Shape shape, float[] values) {
  /** Checks that there is one value an element. */
  public NpyArray {
    Objects.requireNonNull(shape, "shape");
    if (shape.elements() != values.length) {
      throw new IllegalArgumentException(
          "NpyArray: expected %d values for %s, got %d"
              .formatted(shape.elements(), shape, values.length));
    }
  }
}
