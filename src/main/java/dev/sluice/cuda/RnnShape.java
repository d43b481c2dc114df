package dev.sluice.cuda;

import static dev.sluice.bindings.cudnn.Cudnn_h.*;

import dev.sluice.spi.RnnSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The descriptors of x: [T, N, C], y: [T, N, D P], both [R, ...] where packed, of h: [L D, N, P]
 * and c: [L D, N, H]. cuDNN keeps the sequences' lengths in those of x and y, so they are set again
 * when lengths change.
 */
final class RnnShape implements AutoCloseable {
  private final Cudnn cudnn;
  private final RnnSpec spec;
  private final RnnSpec.Run run;
  private final List<RnnDescriptor> all = new ArrayList<>();
  private int[] lengths;

  RnnShape(Cudnn cudnn, RnnSpec spec, RnnSpec.Run run) {
    this.cudnn = cudnn;
    this.spec = spec;
    this.run = run;
    try {
      all.add(RnnDescriptor.sequence(cudnn));
      all.add(RnnDescriptor.sequence(cudnn));
      addState(spec.output());
      if (spec.kind().states() > 1) {
        addState(spec.hidden());
      }
      var whole = new int[run.batch()];
      Arrays.fill(whole, run.steps());
      set(whole);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private void addState(int width) {
    var state = RnnDescriptor.tensor(cudnn);
    all.add(state);
    int strands = spec.layers() * spec.directions();
    try (var arena = Arena.ofConfined()) {
      var sizes = arena.allocateFrom(ValueLayout.JAVA_INT, strands, run.batch(), width);
      var strides = arena.allocateFrom(ValueLayout.JAVA_INT, run.batch() * width, width, 1);
      cudnn.check(
          "cudnnSetTensorNdDescriptor",
          () ->
              cudnnSetTensorNdDescriptor(
                  state.handle(), RnnNetwork.type(spec.type()), 3, sizes, strides));
    }
  }

  private void set(int[] wanted) {
    if (Arrays.equals(wanted, lengths)) {
      return;
    }
    lengths = null;
    try (var arena = Arena.ofConfined()) {
      var ends = arena.allocateFrom(ValueLayout.JAVA_INT, wanted);
      set(all.get(0), spec.input(), ends);
      set(all.get(1), spec.directions() * spec.output(), ends);
    }
    lengths = wanted;
  }

  /** Padding is left undefined. */
  private void set(RnnDescriptor sequence, int width, MemorySegment ends) {
    cudnn.check(
        "cudnnSetRNNDataDescriptor",
        () ->
            cudnnSetRNNDataDescriptor(
                sequence.handle(),
                RnnNetwork.type(spec.type()),
                layout(),
                run.steps(),
                run.batch(),
                width,
                ends,
                MemorySegment.NULL));
  }

  private int layout() {
    return run.packed()
        ? CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_PACKED()
        : CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_UNPACKED();
  }

  /**
   * Enqueues calls while the descriptors have these lengths.
   *
   * @param wanted 1 to T each; null for T
   */
  void with(int[] wanted, Runnable calls) {
    if (wanted == null) {
      calls.run();
      return;
    }
    synchronized (this) {
      set(wanted);
      calls.run();
    }
  }

  MemorySegment x() {
    return all.get(0).handle();
  }

  MemorySegment y() {
    return all.get(1).handle();
  }

  MemorySegment h() {
    return all.get(2).handle();
  }

  MemorySegment c() {
    return all.size() > 3 ? all.get(3).handle() : MemorySegment.NULL;
  }

  @Override
  public void close() {
    var cleanup = new Cleanup();
    all.forEach(descriptor -> cleanup.run(descriptor::close));
    all.clear();
    cleanup.done();
  }
}
