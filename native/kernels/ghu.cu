// The gates of the gradient highway unit (PredRNN++) for one step.
//
//   [p u] = a + b, z' = s(u) tanh(p) + (1 - s(u)) z
//
// a and b [rows, 2, K] are the sums from the input and from the state; a is overwritten with the
// activations, in backward both with the gradients of the sums. Launch: elements of [rows, K].
#ifndef KERNEL
#define HALVES
#include "prelude.cuh"
#define FILE "ghu.cu"
#include "types.cuh"
#else

KERNEL(ghu)(T* a, const T* b, const T* before, T* z, int rows, int length) {
  FOR_EACH(e, (Count)rows * length) {
    Count row = e / length;
    Count at = 2 * row * length + (e - row * length);
    V p = hyperbolic(get(a, at) + get(b, at));
    V u = sigmoid(get(a, at + length) + get(b, at + length));
    put(a, at, p);
    put(a, at + length, u);
    put(z, e, u * p + (1 - u) * get(before, e));
  }
}

// dz: the gradient of z_t; owed: that of z_{t-1}, added to, or null.
KERNEL(ghu_backward)(T* a, T* b, const T* before, const T* dz, T* owed, int rows, int length) {
  FOR_EACH(e, (Count)rows * length) {
    Count row = e / length;
    Count at = 2 * row * length + (e - row * length);
    V p = get(a, at);
    V u = get(a, at + length);
    V d = get(dz, e);
    V dp = d * u * (1 - p * p);
    V du = d * (p - get(before, e)) * u * (1 - u);
    put(a, at, dp);
    put(b, at, dp);
    put(a, at + length, du);
    put(b, at + length, du);
    if (owed) {
      add(owed, e, d * (1 - u));
    }
  }
}

#endif
