package dev.sluice.cuda;

import dev.sluice.spi.RnnSpec;
import java.util.Arrays;

/** How large the tensors of a sequence are. */
record RnnSizes(RnnSpec spec, RnnSpec.Run run) {
  /** The width of y: D P. */
  int outputs() {
    return spec.directions() * spec.output();
  }

  /** The width of a state: P of h, H of c. */
  int width(int state) {
    return state == 0 ? spec.output() : spec.hidden();
  }

  int strands() {
    return spec.layers() * spec.directions();
  }

  /** Of [T, N, width], or of [R, width]. */
  long elements(int[] ends, int width) {
    long rows = run.packed() ? Arrays.stream(ends).sum() : (long) run.steps() * run.batch();
    return rows * width;
  }

  long bytes(long elements) {
    return elements * spec.type().bytes();
  }

  /** Of [T, N, width], the most that there can be. */
  long sequenceBytes(int width) {
    return bytes((long) run.steps() * run.batch() * width);
  }

  /** Whether sequences may have rows past their ends. */
  boolean padded() {
    return run.lengths() && !run.packed();
  }

  /** Of a state of one layer in one direction, [N, width]. */
  long strandBytes(int width) {
    return bytes((long) run.batch() * width);
  }

  /** Of a state of all, [L D, N, width]. */
  long stateBytes(int state) {
    return strands() * strandBytes(width(state));
  }

  /** What takes each state of each layer and direction, with its place among those of all. */
  interface Strand {
    void at(int state, int width, long offset);
  }

  void eachStrand(Strand strand) {
    for (int state = 0; state < spec.kind().states(); state++) {
      for (int i = 0; i < strands(); i++) {
        strand.at(state, width(state), i * strandBytes(width(state)));
      }
    }
  }
}
