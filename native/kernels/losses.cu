// Losses, means over n elements of prediction p and target y: partials[block] = the sum of the
// block's elements, which finish_sum of sums.cu ends; and dp += slope * factor * dloss[0].
// Launch: elements; cross entropy: a warp a row.
#ifndef KERNEL
#include "prelude.cuh"
#define FILE "losses.cu"

template <class V>
DEVICE V mse_of(V p, V y, V) {
  return (p - y) * (p - y);
}

template <class V>
DEVICE V mse_slope(V p, V y, V) {
  return 2 * (p - y);
}

template <class V>
DEVICE V l1_of(V p, V y, V) {
  return magnitude(p - y);
}

template <class V>
DEVICE V l1_slope(V p, V y, V) {
  return sign(p - y);
}

// d^2 / (2 beta) below beta, |d| - beta / 2 above.
template <class V>
DEVICE V smooth_l1_of(V p, V y, V beta) {
  V d = magnitude(p - y);
  return d < beta ? d * d / (2 * beta) : d - beta / 2;
}

template <class V>
DEVICE V smooth_l1_slope(V p, V y, V beta) {
  V d = p - y;
  return magnitude(d) < beta ? d / beta : sign(d);
}

// max(x, 0) - x y + log(1 + e^-|x|).
template <class V>
DEVICE V bce_logits_of(V x, V y, V) {
  return (x < 0 ? V(0) : x) - x * y + logarithm1p(exponential(-magnitude(x)));
}

template <class V>
DEVICE V bce_logits_slope(V x, V y, V) {
  return sigmoid(x) - y;
}

// Logarithms no lower than -100, as in PyTorch, so that a sure mistake stays finite.
template <class V>
DEVICE V bce_of(V p, V y, V) {
  return -y * greater(logarithm(p), V(-100)) - (1 - y) * greater(logarithm1p(-p), V(-100));
}

template <class V>
DEVICE V bce_slope(V p, V y, V) {
  return (p - y) / greater(p * (1 - p), V(1e-12));
}

#include "types.cuh"
#else

#define LOSS(name)                                                                 \
  KERNEL(name)(const T* p, const T* y, Count n, double scalar, double* partials) { \
    __shared__ double parts[WARPS];                                                \
    double sum = 0;                                                                \
    FOR_EACH(e, n) { sum += name##_of(p[e], y[e], V(scalar)); }                    \
    sum = block_sum(sum, parts);                                                   \
    if (threadIdx.x == 0) {                                                        \
      partials[blockIdx.x] = sum;                                                  \
    }                                                                              \
  }                                                                                \
  KERNEL(name##_backward)(const T* p, const T* y, const T* dloss, T* dp, Count n,  \
                          double scalar, double factor) {                          \
    V scale = V(factor * dloss[0]);                                                \
    FOR_EACH(e, n) { dp[e] += scale * name##_slope(p[e], y[e], V(scalar)); }       \
  }

LOSS(mse)
LOSS(l1)
LOSS(smooth_l1)
LOSS(bce_logits)
LOSS(bce)
#undef LOSS

// logits [rows, classes], labels [rows]: -log softmax at the label, nothing for ignored rows.
KERNEL(softmax_ce)(const T* logits, const int* labels, Count rows, int classes, int ignored,
                   double* partials) {
  __shared__ double parts[WARPS];
  int lane = threadIdx.x % WARP;
  double total = 0;
  FOR_EACH_ROW(row, rows) {
    const T* x = logits + row * classes;
    V largest = -infinity();
    for (int k = lane; k < classes; k += WARP) {
      largest = greater(largest, x[k]);
    }
    largest = warp_max(largest);
    double sum = 0;
    for (int k = lane; k < classes; k += WARP) {
      sum += exponential(x[k] - largest);
    }
    sum = warp_sum(sum);
    if (lane == 0 && labels[row] != ignored) {
      total += double(largest) - double(x[labels[row]]) + log(sum);
    }
  }
  total = block_sum(total, parts);
  if (threadIdx.x == 0) {
    partials[blockIdx.x] = total;
  }
}

// dlogits += factor dloss (softmax - onehot), nothing for ignored rows.
KERNEL(softmax_ce_backward)(const T* logits, const int* labels, const T* dloss, T* dlogits,
                            Count rows, int classes, int ignored, double factor) {
  int lane = threadIdx.x % WARP;
  V scale = V(factor * dloss[0]);
  FOR_EACH_ROW(row, rows) {
    int label = labels[row];
    if (label == ignored) {
      continue;
    }
    const T* x = logits + row * classes;
    V largest = -infinity();
    for (int k = lane; k < classes; k += WARP) {
      largest = greater(largest, x[k]);
    }
    largest = warp_max(largest);
    double sum = 0;
    for (int k = lane; k < classes; k += WARP) {
      sum += exponential(x[k] - largest);
    }
    V whole = V(warp_sum(sum));
    for (int k = lane; k < classes; k += WARP) {
      V p = exponential(x[k] - largest) / whole;
      dlogits[row * classes + k] += scale * (k == label ? p - 1 : p);
    }
  }
}

#endif
