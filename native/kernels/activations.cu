// Activations y = f(x), which may overwrite x, and dx += dy f'(x) as a function of y.
// Launch: elements; softmax: a warp a row.
#ifndef KERNEL
#include "prelude.cuh"
#define FILE "activations.cu"
#include "types.cuh"
#else

KERNEL(sigmoid)(const T* x, T* y, Count n) {
  FOR_EACH(e, n) { put(y, e, sigmoid(get(x, e))); }
}

KERNEL(sigmoid_backward)(const T* y, const T* dy, T* dx, Count n) {
  FOR_EACH(e, n) {
    V s = get(y, e);
    add(dx, e, get(dy, e) * s * (1 - s));
  }
}

KERNEL(tanh)(const T* x, T* y, Count n) {
  FOR_EACH(e, n) { put(y, e, hyperbolic(get(x, e))); }
}

KERNEL(tanh_backward)(const T* y, const T* dy, T* dx, Count n) {
  FOR_EACH(e, n) {
    V t = get(y, e);
    add(dx, e, get(dy, e) * (1 - t * t));
  }
}

KERNEL(relu)(const T* x, T* y, Count n) {
  FOR_EACH(e, n) {
    V v = get(x, e);
    put(y, e, v < 0 ? V(0) : v);
  }
}

KERNEL(relu_backward)(const T* y, const T* dy, T* dx, Count n) {
  FOR_EACH(e, n) { add(dx, e, get(dy, e) * (get(y, e) > 0 ? V(1) : V(0))); }
}

// min(max(slope x + centre, 0), 1).
KERNEL(hard_sigmoid)(const T* x, T* y, Count n, double slope, double centre) {
  FOR_EACH(e, n) {
    V v = V(slope) * get(x, e) + V(centre);
    put(y, e, v < 0 ? V(0) : v > 1 ? V(1) : v);
  }
}

KERNEL(hard_sigmoid_backward)(const T* y, const T* dy, T* dx, Count n, double slope) {
  FOR_EACH(e, n) {
    V v = get(y, e);
    add(dx, e, get(dy, e) * (v > 0 && v < 1 ? V(slope) : V(0)));
  }
}

// x, y [rows, classes]: y = e^x over its sum, the largest x taken out.
KERNEL(softmax)(const T* x, T* y, Count rows, int classes) {
  int lane = threadIdx.x % WARP;
  FOR_EACH_ROW(row, rows) {
    Count at = row * classes;
    V largest = -infinity();
    for (int k = lane; k < classes; k += WARP) {
      largest = greater(largest, get(x, at + k));
    }
    largest = warp_max(largest);
    double sum = 0;
    for (int k = lane; k < classes; k += WARP) {
      sum += exponential(get(x, at + k) - largest);
    }
    V whole = V(warp_sum(sum));
    for (int k = lane; k < classes; k += WARP) {
      put(y, at + k, exponential(get(x, at + k) - largest) / whole);
    }
  }
}

// dx += y (dy - the sum of y dy over the row).
KERNEL(softmax_backward)(const T* y, const T* dy, T* dx, Count rows, int classes) {
  int lane = threadIdx.x % WARP;
  FOR_EACH_ROW(row, rows) {
    Count at = row * classes;
    double sum = 0;
    for (int k = lane; k < classes; k += WARP) {
      sum += get(y, at + k) * get(dy, at + k);
    }
    V dot = V(warp_sum(sum));
    for (int k = lane; k < classes; k += WARP) {
      add(dx, at + k, get(y, at + k) * (get(dy, at + k) - dot));
    }
  }
}

#endif
