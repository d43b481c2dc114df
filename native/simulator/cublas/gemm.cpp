#include "gemm.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "../device.h"
#include "../product.h"

namespace sluice::cublas {
namespace {

const char* offset(const void* base, int64_t elements, Element type) {
  return static_cast<const char*>(base) + elements * static_cast<int64_t>(bytes(type));
}

/** The device address of matrix i of the batch; null after a report. */
const void* address(const Matrix& matrix, size_t i, const char* call) {
  if (!matrix.pointers) {
    return offset(matrix.base, matrix.stride * static_cast<int64_t>(i), matrix.type);
  }
  const void* at = static_cast<const void* const*>(matrix.base) + i;
  auto* found = static_cast<const void**>(sluice_sim_memory(at, sizeof(void*), SLUICE_READ, call));
  return found == nullptr ? nullptr : *found;
}

/** The columns of a matrix on the host: asked for one by one where there are gaps between them. */
std::optional<std::vector<void*>> columns(const Matrix& matrix, const void* base, int mode,
                                          const char* call) {
  std::vector<void*> found(matrix.columns);
  const size_t column = matrix.rows * bytes(matrix.type);
  const bool whole = matrix.ld == matrix.rows;
  char* first = nullptr;
  if (whole && matrix.columns > 0) {
    first = static_cast<char*>(sluice_sim_memory(base, column * matrix.columns, mode, call));
    if (first == nullptr) return std::nullopt;
  }
  for (size_t j = 0; j < matrix.columns; j++) {
    found[j] =
        whole ? first + j * column
              : sluice_sim_memory(offset(base, static_cast<int64_t>(j * matrix.ld), matrix.type),
                                  column, mode, call);
    if (found[j] == nullptr) return std::nullopt;
  }
  return found;
}

/** A matrix by rows of `inner`: its columns as they are, or turned. */
template <class T>
std::optional<std::vector<T>> pack(const Matrix& matrix, const void* base, bool turn,
                                   Rounding rounding, const char* call) {
  auto from = columns(matrix, base, SLUICE_READ, call);
  if (!from) return std::nullopt;
  std::vector<T> packed(matrix.rows * matrix.columns);
  std::vector<T> column(matrix.rows);
  for (size_t j = 0; j < matrix.columns; j++) {
    T* to = turn ? column.data() : packed.data() + j * matrix.rows;
    widen(matrix.type, (*from)[j], matrix.rows, to);
    if (rounding != Rounding::none) {
      for (size_t i = 0; i < matrix.rows; i++) to[i] = round(rounding, static_cast<float>(to[i]));
    }
    if (turn) {
      for (size_t i = 0; i < matrix.rows; i++) packed[i * matrix.columns + j] = to[i];
    }
  }
  return packed;
}

std::optional<double> read(const Scalar& scalar, const char* call) {
  if (scalar.device == nullptr) return scalar.value;
  const void* at = sluice_sim_memory(scalar.device, bytes(scalar.type), SLUICE_READ, call);
  if (at == nullptr) return std::nullopt;
  return load<double>(scalar.type, at, 0);
}

bool overlap(const Matrix& one, const void* at, const Matrix& other, const void* there) {
  auto end = [](const Matrix& x, const void* base) {
    return offset(base, static_cast<int64_t>((x.columns - 1) * x.ld + x.rows), x.type);
  };
  return one.rows * one.columns > 0 && other.rows * other.columns > 0 && at < end(other, there)
         && there < end(one, at);
}

template <class T>
void multiply(const Gemm& g, size_t i, double alpha, double beta) {
  const void* at_a = g.k == 0 ? nullptr : address(g.a, i, g.call);
  const void* at_b = g.k == 0 ? nullptr : address(g.b, i, g.call);
  const void* at_c = address(g.c, i, g.call);
  if (at_c == nullptr || (g.k > 0 && (at_a == nullptr || at_b == nullptr))) return;
  if (g.k > 0 && (overlap(g.c, at_c, g.a, at_a) || overlap(g.c, at_c, g.b, at_b))) {
    sluice_sim_report("%s: C overlaps A or B", g.call);
  }
  // By rows and turned, C^T = op(B)^T op(A)^T.
  std::vector<T> sum(g.m * g.n);
  if (g.k > 0) {
    auto right = pack<T>(g.a, at_a, g.transpose_a, g.rounding, g.call);
    auto left = pack<T>(g.b, at_b, g.transpose_b, g.rounding, g.call);
    if (!left || !right) return;
    multiply_add(g.n, g.m, g.k, left->data(), g.k, 1, right->data(), g.m, sum.data(), g.m);
  }
  auto into = columns(g.c, at_c, beta == 0 ? SLUICE_WRITE : SLUICE_READ | SLUICE_WRITE, g.call);
  if (!into) return;
  const T scale = static_cast<T>(alpha), keep = static_cast<T>(beta);
  for (size_t j = 0; j < g.n; j++) {
    for (size_t row = 0; row < g.m; row++) {
      const T old = beta == 0 ? T(0) : keep * load<T>(g.c.type, (*into)[j], row);
      store<T>(g.c.type, (*into)[j], row, scale * sum[j * g.m + row] + old);
    }
  }
}

// A product may use all of it. Its ends tell who keeps something there; to write 32 MiB for each
// product took nearly all the time of tests with many small ones.
void poison_ends(void* workspace, size_t bytes, const char* call) {
  const size_t end = std::min<size_t>(bytes, 256 << 10);
  sluice_sim_poison(workspace, end, call);
  sluice_sim_poison(static_cast<char*>(workspace) + bytes - end, end, call);
}

}  // namespace

void Gemm::run() const {
  auto scale = read(alpha, call), keep = read(beta, call);
  if (!scale || !keep) return;
  if (workspace != nullptr) poison_ends(workspace, workspace_bytes, call);
  for (size_t i = 0; i < batch; i++) {
    wide ? multiply<double>(*this, i, *scale, *keep) : multiply<float>(*this, i, *scale, *keep);
  }
}

}  // namespace sluice::cublas
