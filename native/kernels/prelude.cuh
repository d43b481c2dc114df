// What every file of kernels shares: element types, accurate functions, sums over a block.
//
// Launch shape of every kernel: blocks of 256 threads. Where a kernel says "elements", the grid is
// one-dimensional and may be of any size, since each thread strides over what is left; "a warp a
// row" likewise over rows. No kernel adds with atomics: results are the same in every run.
//
// Arithmetic is float for float, half and bfloat16 elements, double for double ones; sums over many
// elements are double. Scalars arrive as double.
#pragma once
#ifdef HALVES
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#endif

#define DEVICE static __device__ __forceinline__

typedef long long Count;

// Not variables, which would stand in the PTX.
enum { BLOCK = 256, WARP = 32, WARPS = BLOCK / WARP };
#define ALL_LANES 0xffffffffu

// The elements of a grid-stride loop; not unrolled, since nearly every thread has one.
#define FOR_EACH(e, n)                                                        \
  _Pragma("unroll 1") for (Count e = (Count)blockIdx.x * BLOCK + threadIdx.x; \
                           e < (n); e += (Count)gridDim.x * BLOCK)

// The rows of a loop that gives each row a warp.
#define FOR_EACH_ROW(row, rows)                                                          \
  _Pragma("unroll 1") for (Count row = ((Count)blockIdx.x * BLOCK + threadIdx.x) / WARP; \
                           row < (rows); row += (Count)gridDim.x * WARPS)

// ---- Elements: how a type is stored and what it is reckoned with in.

template <class T>
struct Real {
  typedef T Value;
  DEVICE Value up(T v) { return v; }
  DEVICE T down(Value v) { return v; }
};

#ifdef HALVES
template <>
struct Real<__half> {
  typedef float Value;
  DEVICE float up(__half v) { return __half2float(v); }
  DEVICE __half down(float v) { return __float2half_rn(v); }
};

template <>
struct Real<__nv_bfloat16> {
  typedef float Value;
  DEVICE float up(__nv_bfloat16 v) { return __bfloat162float(v); }
  DEVICE __nv_bfloat16 down(float v) { return __float2bfloat16_rn(v); }
};
#endif

template <class T>
DEVICE typename Real<T>::Value get(const T* p, Count i) {
  return Real<T>::up(p[i]);
}

template <class T>
DEVICE void put(T* p, Count i, typename Real<T>::Value v) {
  p[i] = Real<T>::down(v);
}

template <class T>
DEVICE void add(T* p, Count i, typename Real<T>::Value v) {
  p[i] = Real<T>::down(Real<T>::up(p[i]) + v);
}

// An optional tensor: 0 where it is absent.
template <class T>
DEVICE typename Real<T>::Value get_or_zero(const T* p, Count i) {
  return p ? Real<T>::up(p[i]) : typename Real<T>::Value(0);
}

// A sequence of its own length keeps its state from its end on.
DEVICE bool ended(const int* lengths, Count row, int step) {
  return lengths && step >= lengths[row];
}

// ---- Functions: NVIDIA's accurate ones (never compiled with fast math); NaN stays NaN.

DEVICE float exponential(float x) { return expf(x); }
DEVICE double exponential(double x) { return exp(x); }
DEVICE float logarithm(float x) { return logf(x); }
DEVICE double logarithm(double x) { return log(x); }
DEVICE float logarithm1p(float x) { return log1pf(x); }
DEVICE double logarithm1p(double x) { return log1p(x); }
DEVICE float hyperbolic(float x) { return tanhf(x); }
DEVICE double hyperbolic(double x) { return tanh(x); }
DEVICE float root(float x) { return sqrtf(x); }
DEVICE double root(double x) { return sqrt(x); }
DEVICE float magnitude(float x) { return fabsf(x); }
DEVICE double magnitude(double x) { return fabs(x); }

// Rounded for itself, never as a part of a fused sum.
DEVICE float product(float a, float b) { return __fmul_rn(a, b); }
DEVICE double product(double a, double b) { return __dmul_rn(a, b); }

DEVICE float infinity() { return __int_as_float(0x7f800000); }

// Without overflow at either end.
template <class V>
DEVICE V sigmoid(V x) {
  V e = exponential(-magnitude(x));
  return (x >= 0 ? V(1) : e) / (1 + e);
}

template <class V>
DEVICE V greater(V a, V b) {
  return a != a ? a : b <= a ? a : b;
}

template <class V>
DEVICE V bounded(V x, V bound) {
  return x > bound ? bound : x < -bound ? -bound : x;
}

// -1, 0, 1 or NaN.
template <class V>
DEVICE V sign(V x) {
  return x > 0 ? V(1) : x < 0 ? V(-1) : x;
}

// ---- Sums and maxima, in an order that depends on the sizes alone; every thread gets them.

template <class V>
DEVICE V warp_sum(V v) {
#pragma unroll
  for (int apart = WARP / 2; apart > 0; apart /= 2) {
    v += __shfl_xor_sync(ALL_LANES, v, apart);
  }
  return v;
}

template <class V>
DEVICE V warp_max(V v) {
#pragma unroll
  for (int apart = WARP / 2; apart > 0; apart /= 2) {
    v = greater(v, __shfl_xor_sync(ALL_LANES, v, apart));
  }
  return v;
}

// parts: shared, WARPS of them; may be used again at once.
DEVICE double block_sum(double v, double* parts) {
  v = warp_sum(v);
  __syncthreads();  // The parts of the sum before may still be read.
  if (threadIdx.x % WARP == 0) {
    parts[threadIdx.x / WARP] = v;
  }
  __syncthreads();
  double sum = 0;
#pragma unroll
  for (int warp = 0; warp < WARPS; warp++) {
    sum += parts[warp];
  }
  return sum;
}

DEVICE double block_max(double v, double* parts) {
  v = warp_max(v);
  __syncthreads();
  if (threadIdx.x % WARP == 0) {
    parts[threadIdx.x / WARP] = v;
  }
  __syncthreads();
  double largest = parts[0];
#pragma unroll
  for (int warp = 1; warp < WARPS; warp++) {
    largest = greater(largest, parts[warp]);
  }
  return largest;
}
