package dev.sluice.nn;

import dev.sluice.Shape;
import dev.sluice.Tensor;
import java.util.Arrays;

/**
 * Sequences of their own lengths without padding, as PyTorch's PackedSequence: step by step the
 * rows of those that still go on, the longest sequence first, equal ones as they come.
 *
 * <pre>{@code
 * var packed = PackedSequence.of(pass, x, new int[] {3, 50, 17}); // x: [50, 3, 8]
 * var out = gru.forward(pass, packed, null);
 * var y = out.y().padded(pass); // [50, 3, 64], zero past each sequence's end
 * }</pre>
 *
 * @param rows [R, C], R the sum of the lengths
 * @param lengths of the N sequences in their own order, 0 or more
 */
public record PackedSequence(Tensor rows, int[] lengths) {
  /** Checks the sizes. */
  public PackedSequence {
    lengths = lengths.clone();
    long sum = 0;
    for (int length : lengths) {
      if (length < 0) {
        throw new IllegalArgumentException(
            "packed sequence: expected lengths >= 0, got " + Arrays.toString(lengths));
      }
      sum += length;
    }
    if (sum == 0 || rows.shape().rank() != 2 || rows.shape().dim(0) != sum) {
      throw new IllegalArgumentException(
          "packed sequence: expected [%d, C], a row for each step of lengths %s, at least one, got %s"
              .formatted(sum, Arrays.toString(lengths), rows.shape()));
    }
  }

  /** {@return the lengths of the N sequences, a copy} */
  @Override
  public int[] lengths() {
    return lengths.clone();
  }

  PackedOrder order() {
    return new PackedOrder(lengths);
  }

  /**
   * {@return sequences packed}
   *
   * @param pass holds them
   * @param x [T, N, C], of any values past the ends
   * @param lengths of the N sequences, 0 to T, in any order
   */
  public static PackedSequence of(Pass pass, Tensor x, int[] lengths) {
    Shapes.check("pack: x", x, x.type(), "T, N, C", Shapes.ANY, Shapes.ANY, Shapes.ANY);
    int steps = x.shape().size(0);
    int batch = x.shape().size(1);
    Rnn.requireLengths("pack", lengths, steps, batch);
    var rows = x.reshape(Shape.of((long) steps * batch, x.shape().dim(2)));
    return new PackedSequence(
        Gathered.rows(pass, rows, new PackedOrder(lengths).padded()), lengths);
  }

  /**
   * {@return [T, N, C]: T the longest length, zero past each sequence's end}
   *
   * @param pass holds it
   */
  public Tensor padded(Pass pass) {
    var order = order();
    int count = order.steps() * lengths.length;
    var all = Gathered.rows(pass, rows, PackedOrder.inverse(order.padded(), count));
    return all.reshape(Shape.of(order.steps(), lengths.length, rows.shape().dim(1)));
  }
}
