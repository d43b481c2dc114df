package dev.sluice.nn;

import dev.sluice.Shape;
import java.util.Arrays;
import java.util.StringJoiner;

/**
 * The shape of a sample between two blocks of a {@link Sequential}.
 *
 * @param series whether it has steps; a batch then is [T, N, dims], otherwise [N, dims]
 * @param steps T, or {@link Sequential#ANY}
 * @param dims of a step, or of the sample
 */
record Form(boolean series, long steps, Shape dims) {
  /** A sample without steps. */
  static Form of(long... dims) {
    return new Form(false, Sequential.ANY, Shape.of(dims));
  }

  /** The same steps, of other sizes. */
  Form with(Shape other) {
    return new Form(series, steps, other);
  }

  /** The size of the innermost axis. */
  int width() {
    return dims.size(-1);
  }

  /** [T, N, dims], or [N, dims] without steps, T and N any. */
  long[] batch() {
    var sizes = dims.dims();
    int outer = series ? 2 : 1;
    var all = new long[outer + sizes.length];
    Arrays.fill(all, 0, outer, Shapes.ANY);
    if (series) {
      all[0] = steps;
    }
    System.arraycopy(sizes, 0, all, outer, sizes.length);
    return all;
  }

  /** The letters of {@link #batch}. */
  String names() {
    var names = series ? "T, N" : "N";
    return names + ", C".repeat(dims.rank());
  }

  /** As Keras prints it: (None, T, dims). */
  @Override
  public String toString() {
    var text = new StringJoiner(", ", "(", ")").add("None");
    if (series) {
      text.add(steps == Sequential.ANY ? "None" : String.valueOf(steps));
    }
    for (long size : dims.dims()) {
      text.add(String.valueOf(size));
    }
    return text.toString();
  }
}
