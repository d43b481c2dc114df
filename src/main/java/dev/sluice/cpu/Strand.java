package dev.sluice.cpu;

import dev.sluice.spi.RnnSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One layer in one direction: a recurrence over T steps. States lie as [T + 1, N, width]; forward,
 * step t leads from entry t to t + 1, and in the reverse direction from t + 1 to t.
 *
 * <p>Input products and their gradients are one product over all T N rows and are done by the
 * caller; what is serial is done here.
 */
abstract class Strand {
  final CpuStream stream;
  final RnnSpec spec;
  final RnnSpec.Run run;
  final Reals reals;
  final Multiply multiply;
  final boolean reverse;
  final Weights weights;
  private final Steps steps;

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
   * @param products of the network's kind, those of backward after those of forward
   * @param packed their weights
   * @param bias the biases as the gates add them
   */
  record Steps(StepProduct[] products, MemorySegment[] packed, MemorySegment bias) {}

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
  }

  /**
   * All steps.
   *
   * @param initial the states before, [N, width] each, null for zeros
   * @param lengths [N] int32 or null
   * @param y the first row of this direction's part of [T, N, D P]
   * @param last where the states after go, [N, width] each
   */
  abstract void forward(
      MemorySegment[] initial, MemorySegment lengths, MemorySegment y, MemorySegment[] last);

  /**
   * All steps back; afterwards {@link #sums} holds the gradients of the sums.
   *
   * @param lengths as in forward
   * @param dy the gradient of y, or null
   * @param last the gradients of the states after, overwritten with those before
   * @param gradients of the weights; recurrent, projection and peephole are added to here
   */
  abstract void backward(
      MemorySegment lengths, MemorySegment dy, MemorySegment[] last, Weights gradients);

  /** [T, N, G H]: sums of the input product in, activations after forward. */
  abstract MemorySegment sums();

  /** Runs one of the kind's products. */
  final void product(int which, MemorySegment from, MemorySegment to) {
    steps.products[which].run(stream, steps.packed[which], from, to);
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
    return y == null
        ? null
        : y.asSlice(bytes((long) t * run.batch() * spec.directions() * spec.output()));
  }

  /** Entry of a [T + 1, N, width] state before step t. */
  final MemorySegment before(MemorySegment states, int t, int width) {
    return entry(states, reverse ? t + 1 : t, width);
  }

  /** Entry of a [T + 1, N, width] state after step t. */
  final MemorySegment after(MemorySegment states, int t, int width) {
    return entry(states, reverse ? t : t + 1, width);
  }

  /** All T entries before their steps, [T, N, width]. */
  final MemorySegment allBefore(MemorySegment states, int width) {
    long one = bytes((long) run.batch() * width);
    return states.asSlice(reverse ? one : 0, one * run.steps());
  }

  final MemorySegment entry(MemorySegment states, int index, int width) {
    long one = bytes((long) run.batch() * width);
    return states.asSlice(index * one, one);
  }

  static void copyOrZero(MemorySegment from, MemorySegment to) {
    if (from == null) {
      to.fill((byte) 0);
    } else {
      to.copyFrom(from);
    }
  }

  static boolean ended(MemorySegment lengths, int row, int step) {
    return lengths != null && step >= lengths.getAtIndex(ValueLayout.JAVA_INT, row);
  }
}
