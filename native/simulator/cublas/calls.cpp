// The product calls: their arguments are checked in the order of the documentation, then a Gemm is
// enqueued on the handle's stream.
#include <algorithm>
#include <optional>

#include "../device.h"
#include "../work.h"
#include "gemm.h"
#include "handle.h"

using namespace sluice;
using namespace sluice::cublas;

namespace {

/** What a caller gives, before any check. */
struct Request {
  const char* call;
  int op_a, op_b, m, n, k;
  const void *alpha, *beta;
  const void *a, *b, *c;
  int type_a, type_b, type_c, lda, ldb, ldc;
  int64_t stride_a = 0, stride_b = 0, stride_c = 0;
  int batch = 1;
  bool pointers = false;
  int compute;
};

std::optional<Element> element(int type) {
  switch (type) {
    case R_32F: return Element::f32;
    case R_64F: return Element::f64;
    case R_16F: return Element::f16;
    case R_16BF: return Element::bf16;
  }
  return std::nullopt;
}

/** Which types a compute type takes, of cublasGemmEx's table. */
bool supported(const Request& r) {
  if (r.type_a != r.type_b) return false;
  switch (r.compute) {
    case COMPUTE_16F:
    case COMPUTE_16F_PEDANTIC: return r.type_a == R_16F && r.type_c == R_16F;
    case COMPUTE_32F:
    case COMPUTE_32F_PEDANTIC:
      return (r.type_a == R_32F || r.type_a == R_16F || r.type_a == R_16BF)
             && (r.type_c == R_32F || r.type_c == r.type_a);
    case COMPUTE_32F_FAST_16F:
    case COMPUTE_32F_FAST_16BF:
    case COMPUTE_32F_FAST_TF32:
    case COMPUTE_32F_EMULATED_16BFX9: return r.type_a == R_32F && r.type_c == R_32F;
    case COMPUTE_64F:
    case COMPUTE_64F_PEDANTIC: return r.type_a == R_64F && r.type_c == R_64F;
  }
  return false;
}

Element scalar_type(int compute) {
  if (compute == COMPUTE_64F || compute == COMPUTE_64F_PEDANTIC) return Element::f64;
  return compute == COMPUTE_16F || compute == COMPUTE_16F_PEDANTIC ? Element::f16 : Element::f32;
}

/** The loss of precision that the compute type or the math mode allows, taken as far as allowed. */
Rounding rounding(const Request& r, int math) {
  if (r.type_a != R_32F) return Rounding::none;
  switch (r.compute) {
    case COMPUTE_32F_FAST_16F: return Rounding::f16;
    case COMPUTE_32F_FAST_16BF: return Rounding::bf16;
    case COMPUTE_32F_FAST_TF32: return Rounding::tf32;
    case COMPUTE_32F: break;
    default: return Rounding::none;
  }
  const int mode = math & ~DISALLOW_REDUCED_PRECISION_REDUCTION;
  if (mode == TF32_TENSOR_OP_MATH) return Rounding::tf32;
  return mode == TENSOR_OP_MATH ? Rounding::f16 : Rounding::none;
}

bool valid(const Request& r) {
  auto operation = [](int op) { return op == OP_N || op == OP_T || op == OP_C; };
  if (!operation(r.op_a) || !operation(r.op_b)) return false;
  if (r.m < 0 || r.n < 0 || r.k < 0 || r.batch < 0) return false;
  if (r.lda < std::max(1, r.op_a == OP_N ? r.m : r.k)) return false;
  if (r.ldb < std::max(1, r.op_b == OP_N ? r.k : r.n)) return false;
  if (r.ldc < std::max(1, r.m)) return false;
  return r.alpha != nullptr && r.beta != nullptr;
}

Scalar scalar(const void* at, Element type, int mode) {
  if (mode == DEVICE) return {0, at, type};
  return {load<double>(type, at, 0), nullptr, type};
}

Gemm plan(const Request& r, const Handle& handle) {
  const bool turn_a = r.op_a != OP_N, turn_b = r.op_b != OP_N;
  const size_t m = r.m, n = r.n, k = r.k;
  const Element scalars = scalar_type(r.compute);
  auto matrix = [&](const void* at, int type, size_t rows, size_t columns, int ld, int64_t stride) {
    return Matrix{at, *element(type), rows, columns, static_cast<size_t>(ld), stride, r.pointers};
  };
  return Gemm{r.call,
              turn_a,
              turn_b,
              m,
              n,
              k,
              scalar(r.alpha, scalars, handle.pointers),
              scalar(r.beta, scalars, handle.pointers),
              turn_a ? matrix(r.a, r.type_a, k, m, r.lda, r.stride_a)
                     : matrix(r.a, r.type_a, m, k, r.lda, r.stride_a),
              turn_b ? matrix(r.b, r.type_b, n, k, r.ldb, r.stride_b)
                     : matrix(r.b, r.type_b, k, n, r.ldb, r.stride_b),
              matrix(r.c, r.type_c, m, n, r.ldc, r.stride_c),
              static_cast<size_t>(r.batch),
              r.type_a == R_64F,
              rounding(r, handle.math),
              handle.workspace,
              handle.workspace_bytes};
}

/** Matrices of a batch that is written must not lie in each other. */
bool apart(const Request& r) {
  const int64_t extent = static_cast<int64_t>(r.n - 1) * r.ldc + r.m;
  return r.batch < 2 || r.pointers || std::abs(r.stride_c) >= extent
         || (std::abs(r.stride_c) >= r.m && std::abs(r.stride_c) * r.batch <= r.ldc);
}

int submit(void* handle, const Request& r) {
  if (int injected = sluice_sim_enter(r.call)) return injected;
  auto found = use(handle, r.call);
  if (found == nullptr) return NOT_INITIALIZED;
  if (!valid(r)) return INVALID_VALUE;
  if (!element(r.type_a) || !element(r.type_b) || !element(r.type_c) || !supported(r)) {
    return NOT_SUPPORTED;
  }
  if (r.m == 0 || r.n == 0 || r.batch == 0) return SUCCESS;
  if (r.c == nullptr || (r.k > 0 && (r.a == nullptr || r.b == nullptr))) return INVALID_VALUE;
  if (!apart(r)) {
    sluice_sim_report("%s: matrices of C overlap, stride %lld", r.call, (long long)r.stride_c);
  }
  auto gemm = plan(r, *found);
  return enqueue(found->stream, r.call, [gemm] { gemm.run(); }) == 0 ? SUCCESS : EXECUTION_FAILED;
}

}  // namespace

extern "C" {

int cublasSgemm_v2(void* handle, int op_a, int op_b, int m, int n, int k, const float* alpha,
                   const float* a, int lda, const float* b, int ldb, const float* beta, float* c,
                   int ldc) {
  return submit(handle, {.call = "cublasSgemm_v2",
                         .op_a = op_a,
                         .op_b = op_b,
                         .m = m,
                         .n = n,
                         .k = k,
                         .alpha = alpha,
                         .beta = beta,
                         .a = a,
                         .b = b,
                         .c = c,
                         .type_a = R_32F,
                         .type_b = R_32F,
                         .type_c = R_32F,
                         .lda = lda,
                         .ldb = ldb,
                         .ldc = ldc,
                         .compute = COMPUTE_32F});
}

int cublasDgemm_v2(void* handle, int op_a, int op_b, int m, int n, int k, const double* alpha,
                   const double* a, int lda, const double* b, int ldb, const double* beta,
                   double* c, int ldc) {
  return submit(handle, {.call = "cublasDgemm_v2",
                         .op_a = op_a,
                         .op_b = op_b,
                         .m = m,
                         .n = n,
                         .k = k,
                         .alpha = alpha,
                         .beta = beta,
                         .a = a,
                         .b = b,
                         .c = c,
                         .type_a = R_64F,
                         .type_b = R_64F,
                         .type_c = R_64F,
                         .lda = lda,
                         .ldb = ldb,
                         .ldc = ldc,
                         .compute = COMPUTE_64F});
}

int cublasSgemmStridedBatched(void* handle, int op_a, int op_b, int m, int n, int k,
                              const float* alpha, const float* a, int lda, long long stride_a,
                              const float* b, int ldb, long long stride_b, const float* beta,
                              float* c, int ldc, long long stride_c, int batch) {
  return submit(handle, {.call = "cublasSgemmStridedBatched",
                         .op_a = op_a,
                         .op_b = op_b,
                         .m = m,
                         .n = n,
                         .k = k,
                         .alpha = alpha,
                         .beta = beta,
                         .a = a,
                         .b = b,
                         .c = c,
                         .type_a = R_32F,
                         .type_b = R_32F,
                         .type_c = R_32F,
                         .lda = lda,
                         .ldb = ldb,
                         .ldc = ldc,
                         .stride_a = stride_a,
                         .stride_b = stride_b,
                         .stride_c = stride_c,
                         .batch = batch,
                         .compute = COMPUTE_32F});
}

int cublasGemmEx(void* handle, int op_a, int op_b, int m, int n, int k, const void* alpha,
                 const void* a, int type_a, int lda, const void* b, int type_b, int ldb,
                 const void* beta, void* c, int type_c, int ldc, int compute, int) {
  return submit(handle, {.call = "cublasGemmEx",
                         .op_a = op_a,
                         .op_b = op_b,
                         .m = m,
                         .n = n,
                         .k = k,
                         .alpha = alpha,
                         .beta = beta,
                         .a = a,
                         .b = b,
                         .c = c,
                         .type_a = type_a,
                         .type_b = type_b,
                         .type_c = type_c,
                         .lda = lda,
                         .ldb = ldb,
                         .ldc = ldc,
                         .compute = compute});
}

int cublasGemmStridedBatchedEx(void* handle, int op_a, int op_b, int m, int n, int k,
                               const void* alpha, const void* a, int type_a, int lda,
                               long long stride_a, const void* b, int type_b, int ldb,
                               long long stride_b, const void* beta, void* c, int type_c, int ldc,
                               long long stride_c, int batch, int compute, int) {
  return submit(handle, {.call = "cublasGemmStridedBatchedEx",
                         .op_a = op_a,
                         .op_b = op_b,
                         .m = m,
                         .n = n,
                         .k = k,
                         .alpha = alpha,
                         .beta = beta,
                         .a = a,
                         .b = b,
                         .c = c,
                         .type_a = type_a,
                         .type_b = type_b,
                         .type_c = type_c,
                         .lda = lda,
                         .ldb = ldb,
                         .ldc = ldc,
                         .stride_a = stride_a,
                         .stride_b = stride_b,
                         .stride_c = stride_c,
                         .batch = batch,
                         .compute = compute});
}

int cublasGemmBatchedEx(void* handle, int op_a, int op_b, int m, int n, int k, const void* alpha,
                        const void* const a[], int type_a, int lda, const void* const b[],
                        int type_b, int ldb, const void* beta, void* const c[], int type_c, int ldc,
                        int batch, int compute, int) {
  return submit(handle, {.call = "cublasGemmBatchedEx",
                         .op_a = op_a,
                         .op_b = op_b,
                         .m = m,
                         .n = n,
                         .k = k,
                         .alpha = alpha,
                         .beta = beta,
                         .a = a,
                         .b = b,
                         .c = c,
                         .type_a = type_a,
                         .type_b = type_b,
                         .type_c = type_c,
                         .lda = lda,
                         .ldb = ldb,
                         .ldc = ldc,
                         .batch = batch,
                         .pointers = true,
                         .compute = compute});
}
}
