package dev.sluice.cuda;

import dev.sluice.Tensor;
import dev.sluice.spi.RnnSpec;
import dev.sluice.spi.Sequence;
import java.util.Arrays;
import java.util.List;

/**
 * Where the tensors of a sequence lie on a device; 0 for none.
 *
 * @param x [T, N, C], or [R, C] where sequences are packed
 * @param lengths [N] int32
 * @param initial h and, for an LSTM, c
 * @param y [T, N, D P], or [R, D P]
 * @param last as initial
 * @param ends the lengths on the host, or null
 */
record RnnPlaces(long x, long lengths, long[] initial, long y, long[] last, int[] ends) {
  static RnnPlaces of(CudaStream stream, RnnSpec spec, Sequence tensors, int[] ends) {
    int states = spec.kind().states();
    return new RnnPlaces(
        stream.address(tensors.x()),
        stream.address(tensors.lengths()),
        states(stream, tensors.initial(), states),
        stream.address(tensors.y()),
        states(stream, tensors.last(), states),
        ends);
  }

  private static long[] states(CudaStream stream, List<Tensor> tensors, int count) {
    return tensors == null ? new long[count] : stream.addresses(tensors);
  }

  /** Whether a sequence is empty, which cuDNN refuses. */
  boolean empty() {
    return ends != null && Arrays.stream(ends).anyMatch(end -> end == 0);
  }

  /** The lengths that cuDNN is told. */
  int[] told() {
    return ends == null ? null : Arrays.stream(ends).map(end -> Math.max(1, end)).toArray();
  }

  /** Those on the device, for cuDNN to compare; 0 where it is told others. */
  long compared() {
    return empty() ? 0 : lengths;
  }
}
