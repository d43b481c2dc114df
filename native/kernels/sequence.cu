// What recurrent networks need around their cells where sequences end at their own lengths, and
// around an LSTM's projection. Launch: elements.
#ifndef KERNEL
#define HALVES
#include "prelude.cuh"
#define FILE "sequence.cu"
#include "types.cuh"
#else

// out [steps, batch, width] = x, zero past the ends: whatever stands there has no part in W_ih.
KERNEL(mask_rows)(const T* x, T* out, const int* lengths, int steps, int batch, int width) {
  FOR_EACH(e, (Count)steps * batch * width) {
    Count row = e / width;
    int step = int(row / batch);
    put(out, e, ended(lengths, row % batch, step) ? V(0) : get(x, e));
  }
}

// y [n, width] = the rows of x by their numbers, zero for a negative one; or added to y.
KERNEL(gather_rows)(const T* x, const int* rows, T* y, Count n, int width, int adding) {
  FOR_EACH(e, n * width) {
    Count i = e / width;
    V value = rows[i] < 0 ? V(0) : get(x, (Count)rows[i] * width + (e - i * width));
    put(y, e, adding ? get(y, e) + value : value);
  }
}

// after [rows, width] holds W_hr m: y = after, rows y_stride apart; rows that have ended take their
// state from before and write zero to y.
KERNEL(project_forward)(T* after, const T* before, T* y, Count y_stride, const int* lengths,
                        int step, int rows, int width) {
  FOR_EACH(e, (Count)rows * width) {
    Count row = e / width;
    int j = int(e - row * width);
    bool live = !ended(lengths, row, step);
    if (!live) {
      after[e] = before[e];
    }
    put(y, row * y_stride + j, live ? get(after, e) : V(0));
  }
}

// live [rows, width] = dh + dy, and dh = 0, for rows that go on; live = 0 for those that have
// ended.
KERNEL(project_backward)(T* dh, const T* dy, Count y_stride, T* live, const int* lengths, int step,
                         int rows, int width) {
  FOR_EACH(e, (Count)rows * width) {
    Count row = e / width;
    int j = int(e - row * width);
    if (ended(lengths, row, step)) {
      put(live, e, 0);
      continue;
    }
    put(live, e, get(dh, e) + (dy ? get(dy, row * y_stride + j) : V(0)));
    put(dh, e, 0);
  }
}

#endif
