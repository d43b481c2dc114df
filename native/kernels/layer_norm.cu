// Layer norm of whole frames, M = H W C elements each:
//
//   xh = (x - mean) / sqrt(variance + eps), y = gamma xh + beta, the variance the biased one
//   with q = gamma dy: dx = (q - mean(q) - xh mean(q xh)) / sqrt(variance + eps)
//
// A frame is cut into chunks of CHUNK elements, one a block, so that few large frames still fill
// the device: the first launch leaves what each chunk sums to, the second combines that and writes.
// Launch: frames in x, chunks in y. The gradients of gamma and beta: elements of a frame.
#ifndef KERNEL
#include "prelude.cuh"
#define FILE "layer_norm.cu"
enum { CHUNK = 4096 };
#define FOR_EACH_OF_CHUNK(j, length)                                          \
  _Pragma("unroll 4") for (Count j = (Count)blockIdx.y * CHUNK + threadIdx.x; \
                           j < (length) && j < ((Count)blockIdx.y + 1) * CHUNK; j += BLOCK)
#include "types.cuh"
#else

// stats [frames, chunks, 2]: each chunk's mean and its squared distances from that.
KERNEL(layer_norm_chunks)(const T* x, Count length, double* stats) {
  __shared__ double parts[WARPS];
  Count at = blockIdx.x * length;
  double sum = 0;
  FOR_EACH_OF_CHUNK(j, length) { sum += x[at + j]; }
  Count left = length - (Count)blockIdx.y * CHUNK;
  double mean = block_sum(sum, parts) / (left < CHUNK ? left : CHUNK);
  double squares = 0;
  FOR_EACH_OF_CHUNK(j, length) {
    double d = x[at + j] - mean;
    squares += d * d;
  }
  squares = block_sum(squares, parts);
  if (threadIdx.x == 0) {
    double* mine = stats + 2 * ((Count)blockIdx.x * gridDim.y + blockIdx.y);
    mine[0] = mean;
    mine[1] = squares;
  }
}

// xh may be x; rstd [frames] = 1 / sqrt(variance + eps).
KERNEL(layer_norm)(const T* x, const T* gamma, const T* beta, T* xh, T* rstd, T* y, Count length,
                   double eps, const double* stats) {
  __shared__ double parts[WARPS];
  const double* all = stats + 2 * (Count)blockIdx.x * gridDim.y;
  double sum = 0;
  for (int chunk = threadIdx.x; chunk < gridDim.y; chunk += BLOCK) {
    Count left = length - (Count)chunk * CHUNK;
    sum += all[2 * chunk] * (left < CHUNK ? left : CHUNK);
  }
  double mean = block_sum(sum, parts) / length;
  double squares = 0;
  for (int chunk = threadIdx.x; chunk < gridDim.y; chunk += BLOCK) {
    Count left = length - (Count)chunk * CHUNK;
    double d = all[2 * chunk] - mean;
    squares += all[2 * chunk + 1] + d * d * (left < CHUNK ? left : CHUNK);
  }
  double scale = 1 / sqrt(block_sum(squares, parts) / length + eps);
  if (blockIdx.y == 0 && threadIdx.x == 0) {
    rstd[blockIdx.x] = T(scale);
  }
  Count at = blockIdx.x * length;
  FOR_EACH_OF_CHUNK(j, length) {
    V value = V((x[at + j] - mean) * scale);
    xh[at + j] = value;
    y[at + j] = value * gamma[j] + beta[j];
  }
}

// sums [frames, chunks, 2]: of q and of q xh.
KERNEL(layer_norm_backward_chunks)(const T* xh, const T* gamma, const T* dy, Count length,
                                   double* sums) {
  __shared__ double parts[WARPS];
  Count at = blockIdx.x * length;
  double q = 0;
  double qxh = 0;
  FOR_EACH_OF_CHUNK(j, length) {
    double d = (double)gamma[j] * dy[at + j];
    q += d;
    qxh += d * xh[at + j];
  }
  q = block_sum(q, parts);
  qxh = block_sum(qxh, parts);
  if (threadIdx.x == 0) {
    double* mine = sums + 2 * ((Count)blockIdx.x * gridDim.y + blockIdx.y);
    mine[0] = q;
    mine[1] = qxh;
  }
}

// dx is overwritten, or added to; may be xh.
KERNEL(layer_norm_backward)(const T* xh, const T* gamma, const T* rstd, const T* dy, T* dx,
                            Count length, int adding, const double* sums) {
  __shared__ double parts[WARPS];
  const double* all = sums + 2 * (Count)blockIdx.x * gridDim.y;
  double q = 0;
  double qxh = 0;
  for (int chunk = threadIdx.x; chunk < gridDim.y; chunk += BLOCK) {
    q += all[2 * chunk];
    qxh += all[2 * chunk + 1];
  }
  V mean_q = V(block_sum(q, parts) / length);
  V mean_qxh = V(block_sum(qxh, parts) / length);
  V scale = rstd[blockIdx.x];
  Count at = blockIdx.x * length;
  FOR_EACH_OF_CHUNK(j, length) {
    V d = scale * (gamma[j] * dy[at + j] - mean_q - xh[at + j] * mean_qxh);
    dx[at + j] = adding ? dx[at + j] + d : d;
  }
}

// dgamma, dbeta [C, H W], added to: xh and dy are [frames, H W, C]. A thread goes through the
// frames of its element in order.
KERNEL(layer_norm_affine)(const T* xh, const T* dy, T* dgamma, T* dbeta, int frames, Count length,
                          int channels) {
  Count area = length / channels;
  FOR_EACH(j, length) {
    double gamma = 0;
    double beta = 0;
    for (int frame = 0; frame < frames; frame++) {
      double d = dy[frame * length + j];
      gamma += d * xh[frame * length + j];
      beta += d;
    }
    Count to = j % channels * area + j / channels;
    dgamma[to] = T(dgamma[to] + gamma);
    dbeta[to] = T(dbeta[to] + beta);
  }
}

#endif
