// The gates of GRU and ConvGRU for one step, in two phases, since with the reset before the product
// the candidate waits for r h.
//
//   r = s(a_r), z = s(a_z); reset after: n = tanh(a_n + r q), q = W_hn h + b_hn; reset before:
//   n = tanh(a_n), a_n with W_hn (r h); h' = (1 - z) n + z h, or with update (1 - z) h + z n
//
// rz [rows, 2, L], rows rz_stride apart, n [rows, L], rows n_stride apart: sums in, activations
// out, gradients of the sums in backward. q [rows, L]: with the reset after q, in backward its
// gradient; with the reset before r h. bias [4, L] of r, z, n and q, or null. Rows past their
// length (lengths [rows] or null) keep their state, write zero to y and owe nothing. Launch:
// elements of [rows, L].
#ifndef KERNEL
#define HALVES
#include "prelude.cuh"
#define FILE "gru.cu"
#include "types.cuh"
#else

// Activates r and z; with the reset before leaves r h in q.
KERNEL(gru_reset)(T* rz, Count rz_stride, T* q, const T* bias, const V* before, int rows,
                  int length, int after) {
  FOR_EACH(e, (Count)rows * length) {
    Count row = e / length;
    int j = int(e - row * length);
    T* a = rz + row * rz_stride + j;
    V r = sigmoid(get(a, 0) + get_or_zero(bias, j));
    V z = sigmoid(get(a, length) + get_or_zero(bias, length + j));
    put(a, 0, r);
    put(a, length, z);
    if (!after) {
      put(q, e, r * before[e]);
    }
  }
}

// The candidate and the new state, which goes to h and, unless null, to y.
KERNEL(gru_blend)(const T* rz, Count rz_stride, T* n, Count n_stride, T* q, const T* bias,
                  const V* before, V* h, T* y, Count y_stride, const int* lengths, int step,
                  int rows, int length, int after, int update) {
  FOR_EACH(e, (Count)rows * length) {
    Count row = e / length;
    int j = int(e - row * length);
    V past = before[e];
    V value = past;
    bool live = !ended(lengths, row, step);
    if (live) {
      const T* a = rz + row * rz_stride + j;
      V sum = get(n, row * n_stride + j) + get_or_zero(bias, 2 * (Count)length + j);
      if (after) {
        V product = get(q, e) + get_or_zero(bias, 3 * (Count)length + j);
        put(q, e, product);
        sum += get(a, 0) * product;
      }
      V candidate = hyperbolic(sum);
      V keep = update ? 1 - get(a, length) : get(a, length);
      value = (1 - keep) * candidate + keep * past;
      put(n, row * n_stride + j, candidate);
    }
    h[e] = value;
    if (y) {
      put(y, row * y_stride + j, live ? value : V(0));
    }
  }
}

// dh: the gradient of h_t in (dy, unless null, is added), what goes straight to h_{t-1} out. n and
// z become gradients of their sums, with the reset after r and q too.
KERNEL(gru_blend_backward)(T* rz, Count rz_stride, T* n, Count n_stride, T* q, const V* before,
                           const T* dy, Count y_stride, V* dh, const int* lengths, int step,
                           int rows, int length, int after, int update) {
  FOR_EACH(e, (Count)rows * length) {
    Count row = e / length;
    int j = int(e - row * length);
    T* a = rz + row * rz_stride + j;
    if (ended(lengths, row, step)) {
      put(a, 0, 0);
      put(a, length, 0);
      put(n, row * n_stride + j, 0);
      if (after) {
        put(q, e, 0);
      }
      continue;
    }
    V z = get(a, length);
    V candidate = get(n, row * n_stride + j);
    V d = dh[e] + (dy ? get(dy, row * y_stride + j) : V(0));
    V keep = update ? 1 - z : z;
    V dkeep = d * (before[e] - candidate);
    V dan = d * (1 - keep) * (1 - candidate * candidate);
    put(n, row * n_stride + j, dan);
    put(a, length, (update ? -dkeep : dkeep) * z * (1 - z));
    dh[e] = d * keep;
    if (after) {
      V r = get(a, 0);
      V product = get(q, e);
      put(q, e, dan * r);
      put(a, 0, dan * product * r * (1 - r));
    }
  }
}

// Reset before only: back through r h, whose gradient is drh [rows, L]; dh is added to.
KERNEL(gru_reset_backward)(T* rz, Count rz_stride, const V* before, const T* drh, V* dh,
                           const int* lengths, int step, int rows, int length) {
  FOR_EACH(e, (Count)rows * length) {
    Count row = e / length;
    if (ended(lengths, row, step)) {
      continue;
    }
    T* a = rz + row * rz_stride + (e - row * length);
    V r = get(a, 0);
    V d = get(drh, e);
    put(a, 0, d * before[e] * r * (1 - r));
    dh[e] += d * r;
  }
}

#endif
