package dev.sluice.cuda;

import java.util.ArrayList;
import java.util.List;

/**
 * One native call that fails.
 *
 * @param call the C function
 * @param at which of its calls, 1 is the first
 * @param status what it returns
 * @param sticky whether the context is lost from then on
 */
record Fault(String call, int at, int status, boolean sticky) {
  private static final String ALLOCATES =
      ".*(Alloc|Create|Instantiate|LoadData|Execute|Gemm|RNN).*";

  /** What a call fails with. */
  enum Kind {
    /** CUDA_ERROR_UNKNOWN, CUBLAS_STATUS_INTERNAL_ERROR, CUDNN_STATUS_INTERNAL_ERROR. */
    ONCE,
    /** The libraries' statuses for want of memory. */
    MEMORY,
    /** CUDA_ERROR_ILLEGAL_ADDRESS. */
    ILLEGAL_ADDRESS,
    /** CUDA_ERROR_LAUNCH_FAILED. */
    LAUNCH_FAILED;

    boolean sticky() {
      return this == ILLEGAL_ADDRESS || this == LAUNCH_FAILED;
    }

    private int status(String call) {
      boolean cublas = call.startsWith("cublas");
      boolean cudnn = call.startsWith("cudnn");
      return switch (this) {
        case ONCE -> cublas ? 14 : cudnn ? 4000 : 999;
        case MEMORY -> cublas ? 3 : cudnn ? 4003 : 2;
        case ILLEGAL_ADDRESS -> 700;
        case LAUNCH_FAILED -> 719;
      };
    }
  }

  /**
   * {@return the first and the last call of each function, and every so many of the others}
   *
   * @param counts "name count" lines
   * @param most that there should be, about; all where there are no more
   */
  static List<Fault> of(Kind kind, String counts, int most) {
    var calls = counts.lines().map(line -> line.split(" ")).toList();
    int all = calls.stream().mapToInt(call -> Integer.parseInt(call[1])).sum();
    int stride = Math.max(1, (all + most - 1) / most);
    var faults = new ArrayList<Fault>();
    int index = 0;
    for (var call : calls) {
      if (kind == Kind.MEMORY && !call[0].matches(ALLOCATES)) {
        continue;
      }
      int count = Integer.parseInt(call[1]);
      for (int at = 1; at <= count; at++, index++) {
        if (at == 1 || at == count || index % stride == 0) {
          faults.add(new Fault(call[0], at, kind.status(call[0]), kind.sticky()));
        }
      }
    }
    return faults;
  }

  /** Whether the work may succeed all the same: with less memory, or if it only asked why. */
  boolean mayPass() {
    return call.equals("cuMemGetInfo_v2") || !sticky && status == Kind.MEMORY.status(call);
  }

  void inject() {
    if (sticky) {
      Simulator.injectSticky(call, at, status);
    } else {
      Simulator.inject(call, at, status);
    }
  }

  @Override
  public String toString() {
    return "%s, call %d, status %d%s".formatted(call, at, status, sticky ? " for good" : "");
  }
}
