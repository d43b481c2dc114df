// Includes the kernels of FILE once for each type of element T, with values V to reckon in and to
// keep states in, and KERNEL(name) to open the entry point name_f32, name_f64 and, where HALVES is
// defined, name_f16 and name_bf16, for which HALF is defined.
#define T float
#define V float
#define KERNEL(name) extern "C" __global__ void __launch_bounds__(256) name##_f32
#include FILE
#undef T
#undef V
#undef KERNEL

#define T double
#define V double
#define KERNEL(name) extern "C" __global__ void __launch_bounds__(256) name##_f64
#include FILE
#undef T
#undef V
#undef KERNEL

#ifdef HALVES
#define T __half
#define V float
#define HALF
#define KERNEL(name) extern "C" __global__ void __launch_bounds__(256) name##_f16
#include FILE
#undef T
#undef V
#undef HALF
#undef KERNEL

#define T __nv_bfloat16
#define V float
#define HALF
#define KERNEL(name) extern "C" __global__ void __launch_bounds__(256) name##_bf16
#include FILE
#undef T
#undef V
#undef HALF
#undef KERNEL
#endif
