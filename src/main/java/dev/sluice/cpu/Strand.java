package dev.sluice.cpu;

import dev.sluice.spi.RnnSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One layer in one direction, over all rows of the batch or a {@link Cut.Share} of them: a
 * recurrence over T steps. States lie as [T + 1, N, width]; forward, step t leads from entry t to t
 * + 1, and in the reverse direction from t + 1 to t. In inference two entries are enough, used in
 * turns.
 *
 * <p>Where the batch is not cut, input products are one product over all T N rows; so are their
 * gradients always. What is serial is done here.
 */
abstract class Strand {
  /** Elements of a state, whose four gates fill half of the first cache. */
  private static final int BLOCK = 1024;

  final CpuStream stream;
  final RnnSpec spec;
  final RnnSpec.Run run;
  final Reals reals;
  final Multiply multiply;
  final boolean reverse;
  final Weights weights;
  final int batch;
  private final Steps steps;
  private final int first;

  /** A bit for each product: where its weights were left. */
  private int back;

  /** The tensors of one strand, or their gradients; null where the spec has none. */
  record Weights(
      MemorySegment input,
      MemorySegment recurrent,
      MemorySegment inputBias,
      MemorySegment recurrentBias,
      MemorySegment projection,
      MemorySegment peephole) {}

  /**
   * What the steps multiply with and add.
   *
   * @param share the rows
   * @param input product of a step or of all; null in backward
   * @param cut whether it is of a step, of some, or of all
   * @param products of the network's kind, those of backward after those of forward
   * @param packed the weights of the input product, then those of the others
   * @param bias the biases as the gates add them
   */
  record Steps(
      Cut.Share share,
      StepProduct input,
      Cut cut,
      StepProduct[] products,
      MemorySegment[] packed,
      MemorySegment bias) {}

  Strand(
      CpuStream stream,
      RnnSpec spec,
      RnnSpec.Run run,
      boolean reverse,
      Weights weights,
      Steps steps) {
    this.stream = stream;
    this.spec = spec;
    this.run = run;
    this.reals = Reals.of(spec.type());
    this.multiply = Multiply.of(reals);
    this.reverse = reverse;
    this.weights = weights;
    this.steps = steps;
    this.first = steps.share.first();
    this.batch = steps.share.count();
  }

  /**
   * {@return what does all steps, as often as it is run, and makes no objects}
   *
   * @param x [T, N, C], read where the input products are the steps' own
   * @param initial the states before, [N, width] each, null for zeros
   * @param lengths [N] int32 or null
   * @param y the first row of this direction's part of [T, N, D P]
   * @param last where the states after go, [N, width] each
   */
  abstract Runnable forward(
      MemorySegment x,
      MemorySegment[] initial,
      MemorySegment lengths,
      MemorySegment y,
      MemorySegment[] last);

  /**
   * All steps back; afterwards {@link #sums} holds the gradients of the sums of these rows.
   *
   * @param lengths as in forward
   * @param dy the gradient of y, or null
   * @param last the gradients of the states after, overwritten with those before
   * @param gradients of the weights; projection and peephole are added to here
   */
  abstract void backward(
      MemorySegment lengths, MemorySegment dy, MemorySegment[] last, Weights gradients);

  /** Adds the gradients of the recurrent weights, after {@link #backward} of all rows. */
  abstract void recurrentGradients(Weights gradients);

  /** [T, N, G H]: sums of the input product in, activations after forward. */
  abstract MemorySegment sums();

  /**
   * Runs one of the kind's products of step t, unless all rows have ended.
   *
   * @param fromAt where it begins, in elements
   * @param toAt likewise
   */
  final void product(
      int which,
      int t,
      MemorySegment ends,
      MemorySegment from,
      long fromAt,
      MemorySegment to,
      long toAt) {
    if (allEnded(ends, t)) {
      return;
    }
    boolean end = (back >> which & 1) != 0;
    steps.products[which].run(stream, steps.packed[1 + which], from, fromAt, to, toAt, end);
    back ^= 1 << which;
  }

  /**
   * The input products of all steps at once, where they are not done on the way.
   *
   * @param x [T, N, C]
   */
  final void input(MemorySegment x) {
    if (!steps.cut.apart()) {
      steps.input.run(stream, steps.packed[0], x, 0, sums(), 0, false);
    }
  }

  /** At the first of some steps does the input products of all of them. */
  final void input(MemorySegment x, MemorySegment ends, int order) {
    int chunk = steps.cut.chunked(run) ? steps.cut.sums(run) : Cut.CHUNK;
    if (!steps.cut.apart() || order % chunk != 0) {
      return;
    }
    int width = Math.toIntExact(x.byteSize() / bytes((long) rows()));
    int end = Math.min(order + chunk, run.steps());
    if (steps.cut.chunked(run)) {
      inputAsOne(x, width, ends, order, end);
      return;
    }
    for (int next = order; next < end; next++) {
      int t = step(next);
      if (!allEnded(ends, t)) {
        long to = sumAt(t, spec.kind().gates() * spec.hidden());
        steps.input.run(stream, steps.packed[0], x, entryAt(t, width), sums(), to, false);
      }
    }
  }

  /** The rows of these steps are laid together first; where there are fewer, some are stale. */
  private void inputAsOne(MemorySegment x, int width, MemorySegment ends, int order, int end) {
    int chunk = steps.cut.sums(run);
    long one = bytes((long) batch * width);
    var rows = stream.stepScratch(chunk * one);
    boolean any = false;
    for (int next = order; next < end; next++) {
      int t = step(next);
      if (!allEnded(ends, t)) {
        any = true;
        MemorySegment.copy(x, bytes(entryAt(t, width)), rows, t % chunk * one, one);
      }
    }
    if (any) {
      long to = sums().byteSize() / bytes(run.batch()) * first;
      steps.input.run(stream, steps.packed[0], rows, 0, sums(), to, false);
    }
  }

  /** Elements of the sums before those of step t; width from one row to the next. */
  final long sumAt(int t, int width) {
    int kept = kept(sums(), t, width);
    return steps.cut.chunked(run)
        ? ((long) first * steps.cut.sums(run) + (long) kept * batch) * width
        : entryAt(kept, width);
  }

  /** Which of the [N, width] that are kept is that of step t. */
  final int kept(MemorySegment all, int t, int width) {
    return (int) (t % (all.byteSize() / bytes((long) run.batch() * width)));
  }

  final MemorySegment bias() {
    return steps.bias;
  }

  /** Adds the gradients of the biases, after {@link #backward}. */
  void biasGradients(Weights gradients) {
    int columns = spec.kind().gates() * spec.hidden();
    Loops.addColumns(
        stream.team(),
        reals,
        sums(),
        rows(),
        columns,
        columns,
        gradients.inputBias(),
        gradients.recurrentBias());
  }

  final int rows() {
    return run.steps() * run.batch();
  }

  final long bytes(long elements) {
    return elements * reals.bytes();
  }

  final int step(int order) {
    return reverse ? run.steps() - 1 - order : order;
  }

  /** Row t of [T, N, D P], from this direction's first column on. */
  final MemorySegment output(MemorySegment y, int t) {
    return y == null ? null : y.asSlice(bytes(outputAt(t)));
  }

  /** Elements of [T, N, D P] before row t. */
  final long outputAt(int t) {
    return entryAt(t, spec.directions() * spec.output());
  }

  /** The rows of a [N, width] state that are worked on. */
  final MemorySegment own(MemorySegment state, int width) {
    return state == null ? null : entry(state, 0, width);
  }

  /** The lengths of the rows that are worked on. */
  final MemorySegment ownLengths(MemorySegment lengths) {
    return lengths == null ? null : lengths.asSlice(4L * first, 4L * batch);
  }

  /** Entry of a [T + 1, N, width] state before step t. */
  final MemorySegment before(MemorySegment states, int t, int width) {
    return state(states, reverse ? t + 1 : t, width);
  }

  /** Entry of a [T + 1, N, width] state after step t. */
  final MemorySegment after(MemorySegment states, int t, int width) {
    return state(states, reverse ? t : t + 1, width);
  }

  private MemorySegment state(MemorySegment states, int index, int width) {
    return entry(states, run.training() ? index : index % 2, width);
  }

  /** Elements of a [T + 1, N, width] state before {@link #before}. */
  final long beforeAt(int t, int width) {
    int index = reverse ? t + 1 : t;
    return entryAt(run.training() ? index : index % 2, width);
  }

  /** Elements of a [T + 1, N, width] state before {@link #after}. */
  final long afterAt(int t, int width) {
    int index = reverse ? t : t + 1;
    return entryAt(run.training() ? index : index % 2, width);
  }

  /** All T entries before their steps, [T, N, width]. */
  final MemorySegment allBefore(MemorySegment states, int width) {
    long one = bytes((long) run.batch() * width);
    return states.asSlice(reverse ? one : 0, one * run.steps());
  }

  /** The rows worked on of one of many [N, width]. */
  final MemorySegment entry(MemorySegment all, int index, int width) {
    return all.asSlice(bytes(entryAt(index, width)), bytes((long) batch * width));
  }

  /** Elements of many [N, width] before the rows worked on of one. */
  final long entryAt(int index, int width) {
    return ((long) index * run.batch() + first) * width;
  }

  /** Fills the state before the first step, zeros for null. */
  final void start(MemorySegment from, MemorySegment states, int width) {
    long at = beforeAt(step(0), width);
    if (from == null) {
      reals.zero(states, at, batch * width);
    } else {
      reals.copy(from, entryAt(0, width), states, at, batch * width);
    }
  }

  /** Hands the state after the last step out. */
  final void end(MemorySegment states, MemorySegment to, int width) {
    long at = afterAt(step(run.steps() - 1), width);
    reals.copy(states, at, to, entryAt(0, width), batch * width);
  }

  /**
   * Sets to zero what has all but vanished on the way back: from 2^-126 on an operation takes a
   * hundred times as long. Every few steps are enough.
   */
  final void flush(int order, MemorySegment gradient) {
    if (order % 4 == 0 && VectorApi.PRESENT && reals == Reals.FLOATS) {
      long at = gradient.address();
      Lanes.flush(at, at + 4L * Lanes.whole(0, (int) (gradient.byteSize() / 4)));
    }
  }

  private boolean allEnded(MemorySegment ends, int t) {
    if (ends == null) {
      return false;
    }
    int row = 0;
    while (row < batch && ended(ends, row, t)) {
      row++;
    }
    return row == batch;
  }

  /**
   * {@return the end of the rows that go on from one that does, at most as many as stay in the
   * first cache from one loop over them to the next; the next row after one that has ended}
   */
  static int together(MemorySegment lengths, int step, int row, int end, int width) {
    int most = ended(lengths, row, step) ? 1 : Math.max(1, BLOCK / width);
    int last = Math.min(end, row + most);
    int next = lengths == null ? last : row + 1;
    while (next < last && !ended(lengths, next, step)) {
      next++;
    }
    return next;
  }

  static boolean ended(MemorySegment lengths, int row, int step) {
    return lengths != null && step >= lengths.getAtIndex(ValueLayout.JAVA_INT, row);
  }
}
