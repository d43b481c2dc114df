package dev.sluice.cuda;

import java.util.Arrays;

/**
 * A kernel with its arguments.
 *
 * @param values each argument's bits, in the low bytes
 */
record Launch(Launcher launcher, KernelModule.Function kernel, Grid grid, long[] values)
    implements Task {
  @Override
  public void enqueue() {
    launcher.enqueue(this);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Launch l
        && launcher == l.launcher
        && kernel == l.kernel
        && grid.equals(l.grid)
        && Arrays.equals(values, l.values);
  }

  @Override
  public int hashCode() {
    return 31 * kernel.handle().hashCode() + Arrays.hashCode(values);
  }
}
