// An Elman step, h = tanh(a + b) or max(a + b, 0), for rows [rows, L]; rows past their length keep
// their state, write zero to y and owe nothing. Launch: elements of [rows, L].
#ifndef KERNEL
#define HALVES
#include "prelude.cuh"
#define FILE "elman.cu"
#include "types.cuh"
#else

// bias [L] and lengths [rows] may be null; h_t goes to after and to y, whose rows are y_stride
// apart.
KERNEL(elman_forward)(const T* sum, const T* bias, const T* before, T* after, T* y, Count y_stride,
                      const int* lengths, int step, int rows, int length, int relu) {
  FOR_EACH(e, (Count)rows * length) {
    Count row = e / length;
    int j = int(e - row * length);
    if (ended(lengths, row, step)) {
      after[e] = before[e];
      put(y, row * y_stride + j, 0);
      continue;
    }
    V a = get(sum, e) + get_or_zero(bias, j);
    V value = relu ? (a < 0 ? V(0) : a) : hyperbolic(a);
    put(after, e, value);
    put(y, row * y_stride + j, value);
  }
}

// sum is overwritten with its gradient; dh: the gradient of h_t in (dy, unless null, is added),
// zero out, but kept by rows that have ended.
KERNEL(elman_backward)(T* sum, const T* after, const T* dy, Count y_stride, T* dh,
                       const int* lengths, int step, int rows, int length, int relu) {
  FOR_EACH(e, (Count)rows * length) {
    Count row = e / length;
    int j = int(e - row * length);
    if (ended(lengths, row, step)) {
      put(sum, e, 0);
      continue;
    }
    V h = get(after, e);
    V d = get(dh, e) + (dy ? get(dy, row * y_stride + j) : V(0));
    put(sum, e, relu ? (h > 0 ? d : V(0)) : d * (1 - h * h));
    put(dh, e, 0);
  }
}

#endif
