package dev.sluice.weights;

import dev.sluice.Shape;
import java.lang.reflect.Array;
import java.nio.ByteBuffer;

/**
 * Numbers in Java's memory with their shape, to be written to a file or taken as weights.
 *
 * @param shape [...] row-major
 * @param data float[] (F32), double[] (F64), int[] (I32), long[] (I64) or byte[] (U8) of
 *     shape.elements(); shared, not copied
 */
public record HostTensor(Shape shape, Object data) {
  /** Checks that type and length of the data fit. */
  public HostTensor {
    int length = type(data) == null ? -1 : Array.getLength(data);
    if (length < 0) {
      throw new IllegalArgumentException(
          "HostTensor: expected float[], double[], int[], long[] or byte[], got "
              + (data == null ? "null" : data.getClass().getSimpleName()));
    }
    if (length != shape.elements()) {
      throw new IllegalArgumentException(
          "HostTensor " + shape + ": expected " + shape.elements() + " elements, got " + length);
    }
  }

  StoredType type() {
    return type(data);
  }

  private static StoredType type(Object data) {
    return switch (data) {
      case float[] _ -> StoredType.F32;
      case double[] _ -> StoredType.F64;
      case int[] _ -> StoredType.I32;
      case long[] _ -> StoredType.I64;
      case byte[] _ -> StoredType.U8;
      case null, default -> null;
    };
  }

  /** A new array of floating-point data as floats, rounded to nearest. */
  float[] floats() {
    if (data instanceof float[] floats) {
      return floats.clone();
    }
    double[] from = (double[]) data;
    var out = new float[from.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) from[i];
    }
    return out;
  }

  /** A new array of floating-point data as doubles. */
  double[] doubles() {
    if (data instanceof double[] doubles) {
      return doubles.clone();
    }
    float[] from = (float[]) data;
    var out = new double[from.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = from[i];
    }
    return out;
  }

  /** Puts elements into an empty buffer until it is full or they end; the next element's index. */
  int copy(int from, ByteBuffer out) {
    int n = Math.min(out.remaining() / type().bytes, Array.getLength(data) - from);
    switch (data) {
      case float[] f -> out.asFloatBuffer().put(f, from, n);
      case double[] d -> out.asDoubleBuffer().put(d, from, n);
      case int[] i -> out.asIntBuffer().put(i, from, n);
      case long[] l -> out.asLongBuffer().put(l, from, n);
      default -> out.duplicate().put((byte[]) data, from, n);
    }
    out.position(out.position() + n * type().bytes);
    return from + n;
  }
}
