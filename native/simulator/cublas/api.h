// The part of cuBLAS that is simulated: its numbers, and the state of a handle.
#pragma once
#include <cstddef>
#include <cstdint>

namespace sluice::cublas {

enum Status : int {
  SUCCESS = 0,
  NOT_INITIALIZED = 1,
  ALLOC_FAILED = 3,
  INVALID_VALUE = 7,
  ARCH_MISMATCH = 8,
  MAPPING_ERROR = 11,
  EXECUTION_FAILED = 13,
  INTERNAL_ERROR = 14,
  NOT_SUPPORTED = 15,
  LICENSE_ERROR = 16,
};

enum Operation { OP_N = 0, OP_T = 1, OP_C = 2 };

enum PointerMode { HOST = 0, DEVICE = 1 };

enum MathMode {
  DEFAULT_MATH = 0,
  TENSOR_OP_MATH = 1,
  PEDANTIC_MATH = 2,
  TF32_TENSOR_OP_MATH = 3,
  FP32_EMULATED_BF16X9_MATH = 4,
  FP64_EMULATED_FIXEDPOINT_MATH = 8,
  DISALLOW_REDUCED_PRECISION_REDUCTION = 16,
};

/** cudaDataType */
enum Type { R_32F = 0, R_64F = 1, R_16F = 2, R_16BF = 14 };

enum Compute {
  COMPUTE_16F = 64,
  COMPUTE_16F_PEDANTIC = 65,
  COMPUTE_32F = 68,
  COMPUTE_32F_PEDANTIC = 69,
  COMPUTE_64F = 70,
  COMPUTE_64F_PEDANTIC = 71,
  COMPUTE_32F_FAST_16F = 74,
  COMPUTE_32F_FAST_16BF = 75,
  COMPUTE_32F_FAST_TF32 = 77,
  COMPUTE_32F_EMULATED_16BFX9 = 78,
};

constexpr int VERSION = 120901;

struct Handle {
  const void* context = nullptr;
  void* stream = nullptr;
  int math = DEFAULT_MATH;
  int pointers = HOST;
  int atomics = 0;
  int processors = 0;
  void* workspace = nullptr;
  size_t workspace_bytes = 0;
};

}  // namespace sluice::cublas
