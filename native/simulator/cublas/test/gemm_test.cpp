// Products of all orders, types and scalars against sums in double; wrong arguments.
#include <array>
#include <string>

#include "../../cudnn/test/faults.h"
#include "../api.h"

using namespace sluice;
using namespace sluice::cublas;

extern "C" {
int cublasCreate_v2(void**);
int cublasDestroy_v2(void*);
int cublasSetMathMode(void*, int);
int cublasSetPointerMode_v2(void*, int);
int cublasSgemm_v2(void*, int, int, int, int, int, const float*, const void*, int, const void*, int,
                   const float*, void*, int);
int cublasGemmEx(void*, int, int, int, int, int, const void*, const void*, int, int, const void*,
                 int, int, const void*, void*, int, int, int, int);
int cublasGemmStridedBatchedEx(void*, int, int, int, int, int, const void*, const void*, int, int,
                               long long, const void*, int, int, long long, const void*, void*, int,
                               int, long long, int, int, int);
int cublasGemmBatchedEx(void*, int, int, int, int, int, const void*, const void* const*, int, int,
                        const void* const*, int, int, const void*, void* const*, int, int, int, int,
                        int);
}

namespace {

using Values = std::vector<float>;

struct Shape {
  int m, n, k, lda, ldb, ldc;
  bool turn_a, turn_b;
};

/** op(A) at (i, p) of a matrix by columns. */
size_t at(bool turned, int ld, int i, int p) {
  return turned ? size_t(i) * ld + p : size_t(p) * ld + i;
}

std::vector<double> reference(const Shape& s, const std::vector<float>& a,
                              const std::vector<float>& b, const std::vector<float>& c,
                              double alpha, double beta) {
  std::vector<double> out(c.begin(), c.end());
  for (int i = 0; i < s.m; i++) {
    for (int j = 0; j < s.n; j++) {
      double sum = 0;
      for (int p = 0; p < s.k; p++)
        sum += double(a[at(s.turn_a, s.lda, i, p)]) * b[at(s.turn_b, s.ldb, p, j)];
      auto& into = out[size_t(j) * s.ldc + i];
      into = alpha * sum + beta * into;
    }
  }
  return out;
}

std::vector<float> rounded(Element type, std::vector<float> values) {
  std::vector<char> bits(values.size() * bytes(type));
  narrow(type, values.data(), values.size(), bits.data());
  widen(type, bits.data(), values.size(), values.data());
  return values;
}

void product(void* handle, const Shape& s, int type, Element element, int out_type, Element out,
             float beta, double bound) {
  auto a = rounded(element, check::random(size_t(s.lda) * (s.turn_a ? s.m : s.k), 1));
  auto b = rounded(element, check::random(size_t(s.ldb) * (s.turn_b ? s.k : s.n), 2));
  auto c = rounded(out, check::random(size_t(s.ldc) * s.n, 3));
  check::Buffer A(element, a), B(element, b), C(out, c);
  const float alpha = 0.75f;
  check::status(0,
                cublasGemmEx(handle, s.turn_a, s.turn_b, s.m, s.n, s.k, &alpha, A.at(), type, s.lda,
                             B.at(), type, s.ldb, &beta, C.at(), out_type, s.ldc, COMPUTE_32F, -1),
                "cublasGemmEx");
  std::string what = "product " + std::to_string(s.m) + "x" + std::to_string(s.n) + "x"
                     + std::to_string(s.k) + " types " + std::to_string(type) + " "
                     + std::to_string(out_type);
  check::near(reference(s, a, b, c, alpha, beta), C.get(), bound, what.c_str());
}

void products(void* handle) {
  for (int turn = 0; turn < 4; turn++) {
    for (auto [m, n, k] : {std::array{1, 1, 1}, {7, 5, 3}, {33, 18, 20}, {64, 70, 65}, {4, 4, 0}}) {
      const bool ta = turn & 1, tb = turn & 2;
      Shape s{m, n, k, (ta ? k : m) + 3, (tb ? n : k) + 2, m + 1, ta, tb};
      for (float beta : {0.0f, 1.0f, -0.5f}) {
        product(handle, s, R_32F, Element::f32, R_32F, Element::f32, beta, 3e-6);
        product(handle, s, R_16F, Element::f16, R_32F, Element::f32, beta, 3e-6);
        product(handle, s, R_16BF, Element::bf16, R_16BF, Element::bf16, beta, 5e-3);
        product(handle, s, R_16F, Element::f16, R_16F, Element::f16, beta, 6e-4);
      }
    }
  }
}

void precision(void* handle) {
  // 1 + 2^-11 has 11 bits behind the point: TF32 rounds it to 1 + 2^-10, exact products keep it.
  const float value = 1 + 0x1p-11f, one = 1, zero = 0;
  check::Buffer A(Element::f32, Values{value}), B(Element::f32, Values{one}),
      C(Element::f32, Values{zero});
  auto multiply = [&](int compute) {
    cublasGemmEx(handle, 0, 0, 1, 1, 1, &one, A.at(), R_32F, 1, B.at(), R_32F, 1, &zero, C.at(),
                 R_32F, 1, compute, -1);
    return C.get()[0];
  };
  check::that(multiply(COMPUTE_32F) == value, "float32 products are exact by default");
  check::that(multiply(COMPUTE_32F_FAST_TF32) == 1 + 0x1p-10f, "TF32 rounds inputs to 10 bits");
  check::status(0, cublasSetMathMode(handle, TF32_TENSOR_OP_MATH), "cublasSetMathMode");
  check::that(multiply(COMPUTE_32F) == 1 + 0x1p-10f, "the math mode allows TF32");
  check::that(multiply(COMPUTE_32F_PEDANTIC) == value, "pedantic products stay exact");
  cublasSetMathMode(handle, DEFAULT_MATH);
}

void batches(void* handle) {
  const int m = 3, n = 4, k = 5, count = 6;
  const float one = 1, zero = 0;
  auto a = check::random(m * k * count, 4), b = check::random(k * n * count, 5);
  check::Buffer A(Element::f32, a), B(Element::f32, b), C(Element::f32, m * n * count),
      D(Element::f32, m * n * count);
  check::status(0,
                cublasGemmStridedBatchedEx(handle, 0, 0, m, n, k, &one, A.at(), R_32F, m, m * k,
                                           B.at(), R_32F, k, k * n, &zero, C.at(), R_32F, m, m * n,
                                           count, COMPUTE_32F, -1),
                "cublasGemmStridedBatchedEx");
  std::vector<void*> pointers;
  for (int i = 0; i < count; i++) pointers.push_back(A.at(i * m * k));
  for (int i = 0; i < count; i++) pointers.push_back(B.at(i * k * n));
  for (int i = 0; i < count; i++) pointers.push_back(D.at(i * m * n));
  check::Buffer P(Element::f64, pointers.size());
  cuMemcpyHtoD_v2(reinterpret_cast<uint64_t>(P.at()), pointers.data(), pointers.size() * 8);
  auto list = [&](int part) { return static_cast<void**>(P.at(part * count)); };
  check::status(0,
                cublasGemmBatchedEx(handle, 0, 0, m, n, k, &one, list(0), R_32F, m, list(1), R_32F,
                                    k, &zero, list(2), R_32F, m, count, COMPUTE_32F, -1),
                "cublasGemmBatchedEx");
  std::vector<double> expected;
  for (int i = 0; i < count; i++) {
    std::vector<float> x(a.begin() + i * m * k, a.begin() + (i + 1) * m * k),
        y(b.begin() + i * k * n, b.begin() + (i + 1) * k * n);
    auto each = reference({m, n, k, m, k, m, false, false}, x, y, std::vector<float>(m * n), 1, 0);
    expected.insert(expected.end(), each.begin(), each.end());
  }
  check::near(expected, C.get(), 1e-6, "a batch at strides");
  check::near(expected, D.get(), 1e-6, "a batch of pointers");
}

void wrong_arguments(void* handle) {
  const float one = 1;
  check::Buffer A(Element::f32, 16), B(Element::f32, 16), C(Element::f32, 16);
  auto call = [&](void* h, int op, int m, int lda, int ldb, int ldc, const float* alpha) {
    return cublasSgemm_v2(h, op, 0, m, 2, 2, alpha, A.at(), lda, B.at(), ldb, &one, C.at(), ldc);
  };
  check::status(NOT_INITIALIZED, call(nullptr, 0, 2, 2, 2, 2, &one), "no handle");
  check::status(INVALID_VALUE, call(handle, 7, 2, 2, 2, 2, &one), "unknown operation");
  check::status(INVALID_VALUE, call(handle, 0, -1, 2, 2, 2, &one), "m < 0");
  check::status(INVALID_VALUE, call(handle, 0, 4, 3, 2, 4, &one), "lda < m");
  check::status(INVALID_VALUE, call(handle, 0, 2, 2, 1, 2, &one), "ldb < k");
  check::status(INVALID_VALUE, call(handle, 0, 2, 2, 2, 1, &one), "ldc < m");
  check::status(INVALID_VALUE, call(handle, 0, 2, 2, 2, 2, nullptr), "no alpha");
  check::status(SUCCESS, call(handle, 0, 0, 1, 2, 1, &one), "m = 0 does nothing");
  check::status(NOT_SUPPORTED,
                cublasGemmEx(handle, 0, 0, 1, 1, 1, &one, A.at(), R_16F, 1, B.at(), R_32F, 1, &one,
                             C.at(), R_32F, 1, COMPUTE_32F, -1),
                "mixed input types");
}

void device_scalars(void* handle) {
  check::Buffer scalars(Element::f32, Values{2, 0}), A(Element::f32, Values{3}),
      B(Element::f32, Values{5}), C(Element::f32, 1);
  cublasSetPointerMode_v2(handle, DEVICE);
  check::status(0,
                cublasSgemm_v2(handle, 0, 0, 1, 1, 1, static_cast<float*>(scalars.at(0)), A.at(), 1,
                               B.at(), 1, static_cast<float*>(scalars.at(1)), C.at(), 1),
                "cublasSgemm with device scalars");
  check::that(C.get()[0] == 30, "alpha and beta from the device");
  cublasSetPointerMode_v2(handle, HOST);
}

void faults() {
  const auto f32 = Element::f32;
  auto fault = [&](const char* what, auto run) {
    check::fresh_device();
    void* handle;
    check::status(0, cublasCreate_v2(&handle), "cublasCreate");
    check::Buffer A(f32, Values(16, 1)), B(f32, Values(16, 1)), C(f32, 16);
    check::reported(what, SUCCESS, [&] {
      return run(
          [&](const void* a, int lda, const void* b, float beta, void* c) {
            const float one = 1;
            return cublasSgemm_v2(handle, 0, 0, 4, 4, 4, &one, a, lda, b, 4, &beta, c, 4);
          },
          A, B, C);
    });
    check::status(0, cublasDestroy_v2(handle), "cublasDestroy");
  };
  using check::Buffer;
  fault("A never written", [&](auto multiply, Buffer&, Buffer& B, Buffer& C) {
    return multiply(Buffer(f32, 16).at(), 4, B.at(), 0, C.at());
  });
  fault("A too small for its leading dimension",
        [&](auto multiply, Buffer& A, Buffer& B, Buffer& C) {
          return multiply(A.at(), 7, B.at(), 0, C.at());
        });
  fault("C added to and never written", [&](auto multiply, Buffer& A, Buffer& B, Buffer& C) {
    return multiply(A.at(), 4, B.at(), 1, C.at());
  });
  fault("C too small", [&](auto multiply, Buffer& A, Buffer& B, Buffer&) {
    Buffer small(f32, 11);
    return multiply(A.at(), 4, B.at(), 0, small.at());
  });
  fault("a host pointer", [&](auto multiply, Buffer&, Buffer& B, Buffer& C) {
    static const float host[16] = {};
    return multiply(host, 4, B.at(), 0, C.at());
  });
  fault("C over A", [&](auto multiply, Buffer& A, Buffer& B, Buffer&) {
    return multiply(A.at(), 4, B.at(), 0, A.at());
  });
}

}  // namespace

int main() {
  check::open_device();
  void* handle;
  check::status(0, cublasCreate_v2(&handle), "cublasCreate");
  products(handle);
  precision(handle);
  batches(handle);
  wrong_arguments(handle);
  device_scalars(handle);
  check::status(0, cublasDestroy_v2(handle), "cublasDestroy");
  check::status(NOT_INITIALIZED, cublasDestroy_v2(handle), "cublasDestroy again");
  faults();
  return check::done("gemm_test");
}
