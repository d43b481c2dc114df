// Sums over many elements in two launches: partial sums in double, one a block or one a chunk of
// rows, then the partial sums in their order. Results depend on the sizes alone, not on timing.
#ifndef KERNEL
#include "prelude.cuh"
#include "tables.cuh"
#define FILE "sums.cu"
#include "types.cuh"
#else

// into = factor times the sum of the partials, or added to it. Launch: one block.
KERNEL(finish_sum)(const double* partials, Count count, T* into, double factor, int adding) {
  __shared__ double parts[WARPS];
  double sum = 0;
  for (Count i = threadIdx.x; i < count; i += BLOCK) {
    sum += partials[i];
  }
  sum = factor * block_sum(sum, parts);
  if (threadIdx.x == 0) {
    into[0] = T(adding ? into[0] + sum : sum);
  }
}

// partials[block] = the sum of x^2 over the block's chunks. Launch: chunks.
KERNEL(sum_squares)(const Row* table, int rows, Count chunks, double* partials) {
  __shared__ double parts[WARPS];
  double sum = 0;
  FOR_EACH_CHUNK(chunk, chunks) {
    Chunk part(table, rows, chunk);
    const T* x = part.at<T>(0);
    FOR_EACH_OF(e, part) {
      double v = x[e];
      sum += v * v;
    }
  }
  sum = block_sum(sum, parts);
  if (threadIdx.x == 0) {
    partials[blockIdx.x] = sum;
  }
}

// partials[block] = the largest |x|. Launch: chunks.
KERNEL(max_abs)(const Row* table, int rows, Count chunks, double* partials) {
  __shared__ double parts[WARPS];
  double largest = 0;
  FOR_EACH_CHUNK(chunk, chunks) {
    Chunk part(table, rows, chunk);
    const T* x = part.at<T>(0);
    FOR_EACH_OF(e, part) { largest = greater(largest, double(magnitude(x[e]))); }
  }
  largest = block_max(largest, parts);
  if (threadIdx.x == 0) {
    partials[blockIdx.x] = largest;
  }
}

// into = max(into, the partials). Launch: one block.
KERNEL(finish_max)(const double* partials, Count count, T* into) {
  __shared__ double parts[WARPS];
  double largest = into[0];
  for (Count i = threadIdx.x; i < count; i += BLOCK) {
    largest = greater(largest, partials[i]);
  }
  largest = block_max(largest, parts);
  if (threadIdx.x == 0) {
    into[0] = T(largest);
  }
}

// x [rows, stride], partials [gridDim.y, columns]: chunk y of the rows, summed column by column.
// Launch: a block for 32 columns in x, chunks of rows in y.
KERNEL(column_partials)(const T* x, Count rows, Count stride, int columns, double* partials) {
  __shared__ double parts[WARPS][WARP];
  int lane = threadIdx.x % WARP;
  int warp = threadIdx.x / WARP;
  int column = blockIdx.x * WARP + lane;
  Count chunk = (rows + gridDim.y - 1) / gridDim.y;
  Count from = blockIdx.y * chunk;
  Count to = from + chunk < rows ? from + chunk : rows;
  double sum = 0;
  if (column < columns) {
    for (Count row = from + warp; row < to; row += WARPS) {
      sum += x[row * stride + column];
    }
  }
  parts[warp][lane] = sum;
  __syncthreads();
  if (warp == 0 && column < columns) {
    for (int other = 1; other < WARPS; other++) {
      sum += parts[other][lane];
    }
    partials[(Count)blockIdx.y * columns + column] = sum;
  }
}

// a (and b, unless null) [columns] += the sum of the chunks. Launch: elements, one a column.
KERNEL(finish_columns)(const double* partials, int chunks, int columns, T* a, T* b) {
  FOR_EACH(column, columns) {
    double sum = 0;
    for (int chunk = 0; chunk < chunks; chunk++) {
      sum += partials[(Count)chunk * columns + column];
    }
    a[column] = T(a[column] + sum);
    if (b) {
      b[column] = T(b[column] + sum);
    }
  }
}

#endif
