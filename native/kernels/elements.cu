// Kernels that look at one element at a time. Launch: elements.
#ifndef KERNEL
#define HALVES
#include "prelude.cuh"
#define FILE "elements.cu"
#include "types.cuh"

extern "C" __global__ void __launch_bounds__(256) fill_s32(int* x, Count n, int value) {
  FOR_EACH(e, n) { x[e] = value; }
}

#else

// x = value.
KERNEL(fill)(T* x, Count n, double value) {
  FOR_EACH(e, n) { put(x, e, V(value)); }
}

// to += from.
KERNEL(add)(const T* from, T* to, Count n) {
  FOR_EACH(e, n) { add(to, e, get(from, e)); }
}

// x *= factor.
KERNEL(scale)(T* x, Count n, double factor) {
  FOR_EACH(e, n) { put(x, e, get(x, e) * V(factor)); }
}

// b [columns], y [..., columns]: y += b.
KERNEL(add_bias)(const T* b, T* y, Count n, int columns) {
  FOR_EACH(e, n) { add(y, e, get(b, e % columns)); }
}

// x = min(max(x, -bound), bound).
KERNEL(clamp)(T* x, Count n, double bound) {
  FOR_EACH(e, n) { put(x, e, bounded(get(x, e), V(bound))); }
}

#ifdef HALF
// to = from, rounded to the nearest; infinite beyond T's range.
KERNEL(narrow)(const float* from, T* to, Count n) {
  FOR_EACH(e, n) { put(to, e, from[e]); }
}

// to = from, or to += from.
KERNEL(widen)(const T* from, float* to, Count n, int adding) {
  FOR_EACH(e, n) { to[e] = adding ? to[e] + get(from, e) : get(from, e); }
}
#endif

#endif
