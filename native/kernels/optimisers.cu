// Optimisers' steps on a parameter w with its gradient. Launch: elements. Scalars such as 1 - b2
// arrive as such: in float their difference would lose four digits.
#ifndef KERNEL
#include "prelude.cuh"
#define FILE "optimisers.cu"
#include "types.cuh"
#else

// b = g at the first step, then momentum b + kept g; w -= rate b, or rate (g + momentum b).
// buffer may be null.
KERNEL(sgd)(T* w, const T* gradient, T* buffer, Count n, double rate, double l2, double momentum,
            double kept, int nesterov, int first) {
  FOR_EACH(e, n) {
    V g = gradient[e] + V(l2) * w[e];
    V d = g;
    if (buffer) {
      d = first ? g : V(momentum) * buffer[e] + V(kept) * g;
      buffer[e] = d;
      d = nesterov ? g + V(momentum) * d : d;
    }
    w[e] -= V(rate) * d;
  }
}

// m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w -= rate m / (sqrt(v) / root + epsilon); with
// `largest` (AMSGrad) its running maximum takes v's place.
KERNEL(adam)(T* w, const T* gradient, T* first, T* second, T* largest, Count n, double rate,
             double b1, double rest1, double b2, double rest2, double correction, double epsilon,
             double l2) {
  FOR_EACH(e, n) {
    V g = gradient[e] + V(l2) * w[e];
    V m = V(b1) * first[e] + V(rest1) * g;
    V v = V(b2) * second[e] + V(rest2) * g * g;
    first[e] = m;
    second[e] = v;
    if (largest) {
      v = greater(v, largest[e]);
      largest[e] = v;
    }
    w[e] -= V(rate) * m / (root(v) / V(correction) + V(epsilon));
  }
}

// v = decay v + rest g^2, the squared mean taken off where there is one; b = momentum b + g /
// (sqrt(v) + epsilon), or g / sqrt(v + epsilon); w -= rate b. mean and buffer may be null.
KERNEL(rmsprop)(T* w, const T* gradient, T* square, T* mean, T* buffer, Count n, double rate,
                double decay, double rest, double epsilon, int inside, double l2,
                double momentum) {
  FOR_EACH(e, n) {
    V g = gradient[e] + V(l2) * w[e];
    double before = square[e];
    V v = V(decay) * square[e] + V(rest) * g * g;
    square[e] = v;
    if (mean) {
      // In double, since most of the two cancels.
      double exact = gradient[e] + l2 * w[e];
      double m = decay * mean[e] + rest * exact;
      double spread = decay * before + rest * exact * exact - m * m;
      mean[e] = T(m);
      v = V(greater(spread, 0.0));
    }
    V d = g / (inside ? root(v + V(epsilon)) : root(v) + V(epsilon));
    if (buffer) {
      d += V(momentum) * buffer[e];
      buffer[e] = d;
    }
    w[e] -= V(rate) * d;
  }
}

#endif
