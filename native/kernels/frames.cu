// Kernels that move elements and leave them as they are. Launch: elements of y, or rows times
// width.
#ifndef KERNEL
#define HALVES
#include "prelude.cuh"
#define FILE "frames.cu"
#include "types.cuh"
#else

// y (+)= x with its axes in another order; y's axes innermost first: size of axis i, and how far
// apart its neighbours are in x. rank <= 6; the rest of the sizes and strides is not looked at.
KERNEL(permute)(const T* x, T* y, Count n, int adding, int rank, Count size0, Count stride0,
                Count size1, Count stride1, Count size2, Count stride2, Count size3,
                Count stride3, Count size4, Count stride4, Count stride5) {
  FOR_EACH(e, n) {
    Count rest = e / size0;
    Count at = (e - rest * size0) * stride0;
#define AXIS(i)                                 \
  if (rank > i) {                               \
    Count outer = rest / size##i;               \
    at += (rest - outer * size##i) * stride##i; \
    rest = outer;                               \
  }
    AXIS(1)
    AXIS(2)
    AXIS(3)
    AXIS(4)
#undef AXIS
    if (rank > 5) {
      at += rest * stride5;
    }
    V value = get(x, at);
    put(y, e, adding ? get(y, e) + value : value);
  }
}

// x [rows, a], y [rows, b]: width columns of y, from `to` on, (+)= those of x from `from` on.
KERNEL(columns)(const T* x, T* y, Count rows, int width, Count a, Count from, Count b, Count to,
                int adding) {
  FOR_EACH(e, rows * width) {
    Count row = e / width;
    Count j = e - row * width;
    V value = get(x, row * a + from + j);
    Count at = row * b + to + j;
    put(y, at, adding ? get(y, at) + value : value);
  }
}

#endif
