package dev.sluice.cuda;

import java.util.Arrays;

/**
 * A kernel with its arguments.
 *
 * @param values each argument's bits, in the low bytes
 */
record Launch(CudaStream stream, KernelModule.Function kernel, Grid grid, long[] values)
    implements Task {
  @Override
  public void enqueue() {
    stream.enqueue(this);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Launch l
        && stream == l.stream
        && kernel == l.kernel
        && grid.equals(l.grid)
        && Arrays.equals(values, l.values);
  }

  @Override
  public int hashCode() {
    return 31 * kernel.handle().hashCode() + Arrays.hashCode(values);
  }
}
