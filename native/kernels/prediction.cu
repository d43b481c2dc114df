// What PredRNN needs around its cells: scheduled sampling and the decoupling loss.
#ifndef KERNEL
#include "prelude.cuh"
#define FILE "prediction.cu"
#include "types.cuh"
#else

// mask [N], x, g, y [N, length]: y = mask x + (1 - mask) g. Launch: elements of y.
KERNEL(sampling_mix)(const T* mask, const T* x, const T* g, T* y, Count n, Count length) {
  FOR_EACH(e, n) {
    V m = mask[e / length];
    y[e] = m * x[e] + (1 - m) * g[e];
  }
}

// dx += mask dy, dg += (1 - mask) dy; either may be null. Launch: elements of dy.
KERNEL(sampling_mix_backward)(const T* mask, const T* dy, T* dx, T* dg, Count n, Count length) {
  FOR_EACH(e, n) {
    V m = mask[e / length];
    if (dx) {
      dx[e] += m * dy[e];
    }
    if (dg) {
      dg[e] += (1 - m) * dy[e];
    }
  }
}

// a, b [frames, area, channels], stats [frames, 3, channels]: for each channel, whose area pixels
// are the vectors, both lengths (no shorter than 1e-12, as PyTorch's normalize) and the cosine.
// Launch: frames in x, a block for 32 channels in y.
KERNEL(decouple)(const T* a, const T* b, T* stats, int area, int channels) {
  __shared__ double parts[3][WARPS][WARP];
  int lane = threadIdx.x % WARP;
  int warp = threadIdx.x / WARP;
  int channel = blockIdx.y * WARP + lane;
  double uu = 0;
  double vv = 0;
  double uv = 0;
  if (channel < channels) {
    for (int pixel = warp; pixel < area; pixel += WARPS) {
      Count at = ((Count)blockIdx.x * area + pixel) * channels + channel;
      double u = a[at];
      double v = b[at];
      uu += u * u;
      vv += v * v;
      uv += u * v;
    }
  }
  parts[0][warp][lane] = uu;
  parts[1][warp][lane] = vv;
  parts[2][warp][lane] = uv;
  __syncthreads();
  if (warp == 0 && channel < channels) {
    for (int other = 1; other < WARPS; other++) {
      uu += parts[0][other][lane];
      vv += parts[1][other][lane];
      uv += parts[2][other][lane];
    }
    double u = greater(sqrt(uu), 1e-12);
    double v = greater(sqrt(vv), 1e-12);
    Count at = 3 * (Count)blockIdx.x * channels + channel;
    stats[at] = T(u);
    stats[at + channels] = T(v);
    stats[at + 2 * (Count)channels] = T(uv / u / v);
  }
}

// partials[block] = the sum of |cosine|; finish_sum of sums.cu ends it. Launch: elements of
// [frames, channels].
KERNEL(decouple_sum)(const T* stats, Count frames, int channels, double* partials) {
  __shared__ double parts[WARPS];
  double sum = 0;
  FOR_EACH(e, frames * channels) {
    Count frame = e / channels;
    sum += magnitude(stats[(3 * frame + 2) * channels + (e - frame * channels)]);
  }
  sum = block_sum(sum, parts);
  if (threadIdx.x == 0) {
    partials[blockIdx.x] = sum;
  }
}

// a and b are overwritten with their gradients. Launch: elements of a.
KERNEL(decouple_backward)(T* a, T* b, const T* stats, const T* dloss, Count n, int area,
                          int channels, double factor) {
  V scale = V(factor * dloss[0]);
  FOR_EACH(e, n) {
    Count at = 3 * (e / ((Count)area * channels)) * channels + e % channels;
    V length_a = stats[at];
    V length_b = stats[at + channels];
    V cosine = stats[at + 2 * (Count)channels];
    V u = a[e] / length_a;
    V v = b[e] / length_b;
    V d = scale * sign(cosine);
    a[e] = d * (v - cosine * u) / length_a;
    b[e] = d * (u - cosine * v) / length_b;
  }
}

#endif
