// Kernels that the simulator's own checks run: some are right, most break one rule each.
// Compiled by NVRTC 12.0 for compute_75; faults.ptx is the result.

extern "C" __global__ void copy(float* to, const float* from, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) to[i] = from[i];
}

extern "C" __global__ void copy_unguarded(float* to, const float* from) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  to[i] = from[i];
}

extern "C" __global__ void add_one(float* x, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) x[i] += 1;
}

// Each thread takes its neighbour's value through shared memory, twice.
// BARRIERS says which of the three barriers it has.
template <int BARRIERS>
static __device__ void rotate(float* x) {
  __shared__ float shared[256];
  int i = threadIdx.x, n = blockDim.x;
  shared[i] = x[i];
  if (BARRIERS & 1) __syncthreads();
  float first = shared[(i + 1) % n];
  if (BARRIERS & 2) __syncthreads();
  shared[i] = first;
  if (BARRIERS & 4) __syncthreads();
  x[i] = shared[(i + 1) % n];
}

extern "C" __global__ void rotate_right(float* x) { rotate<7>(x); }
extern "C" __global__ void rotate_read_early(float* x) { rotate<6>(x); }
extern "C" __global__ void rotate_write_early(float* x) { rotate<5>(x); }
extern "C" __global__ void rotate_read_stale(float* x) { rotate<3>(x); }

extern "C" __global__ void all_write_one(float* x) {
  __shared__ float shared;
  shared = x[threadIdx.x];
  __syncthreads();
  x[threadIdx.x] = shared;
}

// Within one warp: right only with __syncwarp.
extern "C" __global__ void warp_exchange(float* x, int synchronise) {
  __shared__ float shared[32];
  shared[threadIdx.x] = x[threadIdx.x];
  if (synchronise) __syncwarp();
  x[threadIdx.x] = shared[31 - threadIdx.x];
}

extern "C" __global__ void shared_unwritten(float* x) {
  __shared__ float shared[64];
  if (threadIdx.x < 32) shared[threadIdx.x] = 1;
  __syncthreads();
  x[threadIdx.x] = shared[threadIdx.x];
}

extern "C" __global__ void shared_out_of_bounds(float* x) {
  __shared__ float shared[32];
  shared[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  x[threadIdx.x] = shared[threadIdx.x];
}

extern "C" __global__ void dynamic_shared(float* x) {
  extern __shared__ float dynamic[];
  dynamic[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  x[threadIdx.x] = dynamic[blockDim.x - 1 - threadIdx.x];
}

extern "C" __global__ void different_barriers(float* x) {
  __shared__ float shared[64];
  shared[threadIdx.x] = x[threadIdx.x];
  if (threadIdx.x & 1) {
    __syncthreads();
    x[threadIdx.x] = shared[threadIdx.x ^ 1];
  } else {
    __syncthreads();
    x[threadIdx.x] = 2 * shared[threadIdx.x ^ 1];
  }
}

extern "C" __global__ void barrier_for_some(float* x) {
  if (threadIdx.x % 32 < 16) __syncthreads();
  else x[threadIdx.x] = __shfl_xor_sync(0xffffffffu, x[threadIdx.x], 16);
}

extern "C" __global__ void warp_sum(float* x) {
  float v = x[threadIdx.x];
  for (int o = 16; o; o >>= 1) v += __shfl_xor_sync(0xffffffffu, v, o);
  x[threadIdx.x] = v;
}

// The lanes part before a shuffle that each of them meets: they must be brought together.
extern "C" __global__ void divergent_sum(float* x) {
  float v = x[threadIdx.x];
  for (unsigned i = 0; i < threadIdx.x; i++) v = v * 0.5f + 1;
  if (threadIdx.x % 3 == 0) v = -v;
  for (int o = 16; o; o >>= 1) v += __shfl_xor_sync(0xffffffffu, v, o);
  x[threadIdx.x] = v;
}

extern "C" __global__ void misaligned(float* x) {
  *reinterpret_cast<float2*>(x + 1) = make_float2(1, 2);
}

extern "C" __global__ void vectors(float4* to, const float4* from, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  float4 v = from[i];
  to[i] = make_float4(v.w, v.z, v.y, v.x);
}

extern "C" __global__ void atomic_sum(float* sum, int* count, const float* x, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  atomicAdd(sum, x[i]);
  atomicAdd(count, 1);
  atomicMax(count + 1, i);
}

// Every block writes a part; the last to finish adds them up.
extern "C" __global__ void last_block_sums(float* parts, unsigned* finished, float* sum) {
  __shared__ bool last;
  if (threadIdx.x == 0) {
    parts[blockIdx.x] = blockIdx.x + 1;
    __threadfence();
    last = atomicAdd(finished, 1) == gridDim.x - 1;
  }
  __syncthreads();
  if (!last || threadIdx.x) return;
  __threadfence();
  float total = 0;
  for (unsigned i = 0; i < gridDim.x; i++) total += parts[i];
  *sum = total;
}

// Reads what another block of the same launch wrote.
extern "C" __global__ void reads_other_block(float* x) {
  x[blockIdx.x] = blockIdx.x ? x[blockIdx.x - 1] + 1 : 1;
}

extern "C" __global__ void blocks_write_one(float* x) { x[0] = blockIdx.x; }

extern "C" __global__ void overwrites_what_others_read(float* x, float* y) {
  y[blockIdx.x] = x[(blockIdx.x + 1) % gridDim.x];
  x[blockIdx.x] = 0;
}

__constant__ float table[5] = {1, 10, 100, 1000, 10000};
__device__ int counter = 7;

extern "C" __global__ void module_variables(float* x, int* seen) {
  x[threadIdx.x] *= table[threadIdx.x % 5];
  if (threadIdx.x == 0) *seen = counter++;
}

// Local memory with an index that only the run knows.
extern "C" __global__ void local_arrays(int* x, int n) {
  int digits[10];
  int v = x[threadIdx.x], count = 0;
  do {
    digits[count++] = v % 10;
    v /= 10;
  } while (v && count < 10);
  int reversed = 0;
  for (int i = 0; i < count; i++) reversed = reversed * 10 + digits[(i + n) % count];
  x[threadIdx.x] = reversed;
}

struct Pointers {
  float* at[4];
  int count[4];
};

extern "C" __global__ void many_tensors(Pointers p, float by) {
  int which = blockIdx.x;
  for (int i = threadIdx.x; i < p.count[which]; i += blockDim.x) p.at[which][i] *= by;
}

extern "C" __global__ void __launch_bounds__(64) small_blocks_only(float* x) { x[threadIdx.x] = 0; }

extern "C" __global__ void never_ends(volatile int* flag) {
  while (*flag == 0) {
  }
}

// All blocks must run together: each waits for all.
extern "C" __global__ void grid_barrier(unsigned* arrived, unsigned* seen) {
  if (threadIdx.x) return;
  __threadfence();
  atomicAdd(arrived, 1);
  while (atomicAdd(arrived, 0) < gridDim.x) {
  }
  seen[blockIdx.x] = atomicAdd(arrived, 0);
}
