package dev.sluice.cuda;

import dev.sluice.Tensor;
import dev.sluice.spi.Sequence;
import java.util.Arrays;
import java.util.List;

/** Where the tensors of one trip lie, in a fixed order: equal if all lie where they lay. */
final class Addresses {
  private final CudaStream stream;
  private long[] all = new long[16];
  private int count;

  private Addresses(CudaStream stream) {
    this.stream = stream;
  }

  static Addresses of(CudaStream stream, Tensor... tensors) {
    return new Addresses(stream).add(Arrays.asList(tensors));
  }

  /** A list that is null counts as none. */
  Addresses add(List<Tensor> tensors) {
    add(tensors == null ? -1 : tensors.size());
    for (var tensor : tensors == null ? List.<Tensor>of() : tensors) {
      add(stream.address(tensor));
    }
    return this;
  }

  Addresses add(Sequence sequence) {
    add(stream.address(sequence.x()));
    add(stream.address(sequence.lengths()));
    add(stream.address(sequence.y()));
    return add(sequence.initial()).add(sequence.last());
  }

  private void add(long address) {
    if (count == all.length) {
      all = Arrays.copyOf(all, 2 * count);
    }
    all[count++] = address;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Addresses a && Arrays.equals(all, 0, count, a.all, 0, a.count);
  }

  @Override
  public int hashCode() {
    int hash = 1;
    for (int i = 0; i < count; i++) {
      hash = 31 * hash + Long.hashCode(all[i]);
    }
    return hash;
  }
}
