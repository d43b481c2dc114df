// C += A B for row-major matrices, blocked so that tests of whole networks stay short.
#pragma once
#include <algorithm>
#include <cstddef>

namespace sluice {

namespace detail {

/** W elements that the compiler keeps in registers. */
template <int W, class T>
struct Lanes {
  typedef T Vector __attribute__((vector_size(W * sizeof(T)), aligned(alignof(T)), may_alias));
};

/** R rows and W columns of C. */
template <int R, int W, class T>
void wide(size_t k, const T* a, size_t lda, size_t step, const T* b, size_t ldb, T* c, size_t ldc) {
  using Vector = typename Lanes<W, T>::Vector;
  Vector sum[R] = {};
  for (size_t p = 0; p < k; p++) {
    const Vector right = *reinterpret_cast<const Vector*>(b + p * ldb);
    for (int i = 0; i < R; i++) sum[i] += a[i * lda + p * step] * right;
  }
  for (int i = 0; i < R; i++) *reinterpret_cast<Vector*>(c + i * ldc) += sum[i];
}

template <int R, class T>
void rows(size_t n, size_t k, const T* a, size_t lda, size_t step, const T* b, size_t ldb, T* c,
          size_t ldc) {
  size_t j = 0;
  for (; j + 16 <= n; j += 16) wide<R, 16>(k, a, lda, step, b + j, ldb, c + j, ldc);
  for (; j + 4 <= n; j += 4) wide<R, 4>(k, a, lda, step, b + j, ldb, c + j, ldc);
  for (; j < n; j++) {
    T sum[R] = {};
    for (size_t p = 0; p < k; p++) {
      for (int i = 0; i < R; i++) sum[i] += a[i * lda + p * step] * b[p * ldb + j];
    }
    for (int i = 0; i < R; i++) c[i * ldc + j] += sum[i];
  }
}

}  // namespace detail

/** C [m, n] += A [m, k] B [k, n]; lda, ldb, ldc are the distances of rows, step that of A's
 * columns. */
template <class T>
void multiply_add(size_t m, size_t n, size_t k, const T* a, size_t lda, size_t step, const T* b,
                  size_t ldb, T* c, size_t ldc) {
  size_t i = 0;
  for (; i + 4 <= m; i += 4) {
    detail::rows<4>(n, k, a + i * lda, lda, step, b, ldb, c + i * ldc, ldc);
  }
  for (; i < m; i++) detail::rows<1>(n, k, a + i * lda, lda, step, b, ldb, c + i * ldc, ldc);
}

}  // namespace sluice
