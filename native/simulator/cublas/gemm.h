// One product or a batch of them, as it is enqueued: all that its execution needs.
#pragma once
#include <cstddef>
#include <cstdint>

#include "../element.h"

namespace sluice::cublas {

/** A matrix, or as many as the batch has: at a stride, or one for each pointer in device memory. */
struct Matrix {
  const void* base;
  Element type;
  size_t rows, columns, ld;
  int64_t stride = 0;
  bool pointers = false;
};

/** alpha or beta: a value, or the device address of one. */
struct Scalar {
  double value;
  const void* device;
  Element type;
};

/** C = alpha op(A) op(B) + beta C, all matrices by columns. */
struct Gemm {
  const char* call;
  bool transpose_a, transpose_b;
  size_t m, n, k;
  Scalar alpha, beta;
  Matrix a, b, c;
  size_t batch;
  bool wide;
  Rounding rounding;
  void* workspace;
  size_t workspace_bytes;

  void run() const;
};

}  // namespace sluice::cublas
