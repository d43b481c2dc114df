// Optimisers' steps on parameters w with their gradients, all of a model in one launch. Launch:
// chunks of a table (tables.cuh). Scalars such as 1 - b2 arrive as such: in float their difference
// would lose four digits. Gradients are taken times *factor, 1 where it is null, and become zero;
// where it is NaN nothing happens.
#ifndef KERNEL
#include "prelude.cuh"
#include "tables.cuh"

// verdict = factor, norm, loss, the first step that was not finite: what the CPU engine's
// step_factor writes. The sum is narrow or wide. Launch: one block.
template <class T>
DEVICE void step_factor(const float* narrow, const double* wide, const T* loss, double* verdict,
                        double max, double scale, double step) {
  if (blockIdx.x > 0 || threadIdx.x > 0 || verdict[3] != 0) {
    return;
  }
  double norm = scale * root(wide ? wide[0] : double(narrow[0]));
  double value = scale * double(get(loss, 0));
  bool finite = norm - norm == 0 && value - value == 0;
  double least = max / (norm + 1e-6);
  double none = __longlong_as_double(0x7ff8000000000000LL);
  verdict[0] = finite ? scale * (least < 1 ? least : 1) : none;
  verdict[1] = norm;
  verdict[2] = value;
  verdict[3] = finite ? 0 : step;
}

// The same of gradients that hold scale[0] times what they should; scale = itself, steps since it
// changed, steps skipped. Launch: one block.
template <class T>
DEVICE void scaled_step_factor(const float* narrow, const double* wide, const T* loss,
                               double* verdict, double* scale, T* seed, double max, double step,
                               double interval, double largest) {
  if (blockIdx.x > 0 || threadIdx.x > 0 || verdict[3] != 0) {
    return;
  }
  double norm = root(wide ? wide[0] : double(narrow[0])) / scale[0];
  double value = double(get(loss, 0));
  verdict[2] = value;
  if (norm - norm == 0 && value - value == 0) {
    double least = max / (norm + 1e-6);
    verdict[0] = (least < 1 ? least : 1) / scale[0];
    verdict[1] = norm;
    scale[1] += 1;
    if (scale[1] >= interval && scale[0] < largest) {
      scale[0] *= 2;
      scale[1] = 0;
    }
  } else {
    verdict[0] = __longlong_as_double(0x7ff8000000000000LL);
    if (value - value != 0 || scale[0] <= 1) {
      verdict[1] = norm;
      verdict[3] = step;
    } else {
      scale[0] /= 2;
      scale[1] = 0;
      scale[2] += 1;
    }
  }
  seed[0] = T(scale[0]);
}

DEVICE bool no_step(const double* factor) { return factor && factor[0] != factor[0]; }

// An element of the gradient, which becomes zero, rounded as if it had been scaled in memory.
template <class T, class V>
DEVICE V spent(T* gradient, Count e, const double* factor) {
  V g = factor ? product(V(factor[0]), gradient[e]) : V(gradient[e]);
  gradient[e] = 0;
  return g;
}

#define FILE "optimisers.cu"
#include "types.cuh"
#else

KERNEL(step_factor)(const float* narrow, const double* wide, const T* loss, double* verdict,
                    double max, double scale, double step) {
  step_factor(narrow, wide, loss, verdict, max, scale, step);
}

KERNEL(scaled_step_factor)(const float* narrow, const double* wide, const T* loss, double* verdict,
                           double* scale, T* seed, double max, double step, double interval,
                           double largest) {
  scaled_step_factor(narrow, wide, loss, verdict, scale, seed, max, step, interval, largest);
}

// b = g at the first step, then momentum b + kept g; w -= rate b, or rate (g + momentum b).
// buffer may be null.
KERNEL(sgd)(const Row* table, int rows, Count chunks, const double* factor, double rate, double l2,
            double momentum, double kept, int nesterov, int first) {
  if (no_step(factor)) {
    return;
  }
  FOR_EACH_CHUNK(chunk, chunks) {
    Chunk part(table, rows, chunk);
    T* w = part.at<T>(0);
    T* gradient = part.at<T>(1);
    T* buffer = part.at<T>(2);
    FOR_EACH_OF(e, part) {
      V g = spent<T, V>(gradient, e, factor) + V(l2) * w[e];
      V d = g;
      if (buffer) {
        d = first ? g : V(momentum) * buffer[e] + V(kept) * g;
        buffer[e] = d;
        d = nesterov ? g + V(momentum) * d : d;
      }
      w[e] -= V(rate) * d;
    }
  }
}

// w *= kept, m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w -= rate m / (sqrt(v) / root +
// epsilon); with `largest` (AMSGrad) its running maximum takes v's place.
KERNEL(adam)(const Row* table, int rows, Count chunks, const double* factor, double rate,
             double b1, double rest1, double b2, double rest2, double correction, double epsilon,
             double l2, double kept) {
  if (no_step(factor)) {
    return;
  }
  FOR_EACH_CHUNK(chunk, chunks) {
    Chunk part(table, rows, chunk);
    T* w = part.at<T>(0);
    T* gradient = part.at<T>(1);
    T* first = part.at<T>(2);
    T* second = part.at<T>(3);
    T* largest = part.at<T>(4);
    FOR_EACH_OF(e, part) {
      V before = product(V(kept), w[e]);
      V g = spent<T, V>(gradient, e, factor) + V(l2) * before;
      V m = V(b1) * first[e] + V(rest1) * g;
      V v = V(b2) * second[e] + V(rest2) * g * g;
      first[e] = m;
      second[e] = v;
      if (largest) {
        v = greater(v, largest[e]);
        largest[e] = v;
      }
      w[e] = before - V(rate) * m / (root(v) / V(correction) + V(epsilon));
    }
  }
}

// v = decay v + rest g^2, the squared mean taken off where there is one; b = momentum b + g /
// (sqrt(v) + epsilon), or g / sqrt(v + epsilon); w -= rate b. mean and buffer may be null.
KERNEL(rmsprop)(const Row* table, int rows, Count chunks, const double* factor, double rate,
                double decay, double rest, double epsilon, int inside, double l2,
                double momentum) {
  if (no_step(factor)) {
    return;
  }
  FOR_EACH_CHUNK(chunk, chunks) {
    Chunk part(table, rows, chunk);
    T* w = part.at<T>(0);
    T* gradient = part.at<T>(1);
    T* square = part.at<T>(2);
    T* mean = part.at<T>(3);
    T* buffer = part.at<T>(4);
    FOR_EACH_OF(e, part) {
      T taken = spent<T, V>(gradient, e, factor);
      V g = taken + V(l2) * w[e];
      double before = square[e];
      V v = V(decay) * square[e] + V(rest) * g * g;
      square[e] = v;
      if (mean) {
        // In double, since most of the two cancels.
        double exact = taken + l2 * w[e];
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
}

#endif
