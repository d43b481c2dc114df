package dev.sluice.nn;

import dev.sluice.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A sequence, in segments that are computed again on the way back where the pass says so. With
 * segments of one step a cell keeps its output and its states, and computes its gates again.
 */
final class Segments {
  private Segments() {}

  /** Some steps of a sequence. */
  @FunctionalInterface
  interface Steps {
    /**
     * Runs them.
     *
     * @param pass holds what is computed
     * @param from the number of the first
     * @param read [S, ...] each, what they read; shorter or null where there is less
     * @param before the last step of what is kept first, then the states; null for what is not
     *     there at first
     * @param kept [S, ...] each, to be written
     * @param after where the states after lie already, when the steps are run again: they may be
     *     written there, with the same bits; else null
     * @return the states after
     */
    List<Tensor> of(
        Pass pass,
        int from,
        List<Tensor> read,
        List<Tensor> before,
        List<Tensor> kept,
        List<Tensor> after);
  }

  /**
   * Runs a sequence.
   *
   * @param steps T
   * @param read [T, ...] each, or shorter
   * @param initial what the first step finds before
   * @param kept [T, ...] each, watched
   * @return the states after the last step
   */
  static List<Tensor> run(
      Pass pass,
      int steps,
      List<Tensor> read,
      List<Tensor> initial,
      List<Tensor> kept,
      Steps work) {
    int each = pass.segment(steps);
    if (each >= steps) {
      return work.of(pass, 0, read, initial, kept, null);
    }
    var before = initial;
    for (int from = 0; from < steps; from += each) {
      int first = from;
      int to = Math.min(steps, from + each);
      var seen = slices(read, from, to);
      var found = before;
      var written = slices(kept, from, to);
      var lent = Stream.concat(seen.stream(), found.stream()).filter(Objects::nonNull).toList();
      var after =
          Recomputation.of(
              pass,
              lent,
              written,
              (inner, made) -> work.of(inner, first, seen, found, written, made));
      before = new ArrayList<>(List.of(kept.getFirst().at(to - 1L)));
      before.addAll(after);
    }
    return before.subList(1, before.size());
  }

  private static List<Tensor> slices(List<Tensor> all, long from, long to) {
    var slices = new ArrayList<Tensor>();
    for (var tensor : all) {
      long end = tensor == null ? 0 : Math.min(to, tensor.shape().dim(0));
      slices.add(from < end ? tensor.slice(from, end) : null);
    }
    return slices;
  }
}
