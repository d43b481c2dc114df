// Rows of a table by their numbers.
#ifndef KERNEL
#include "prelude.cuh"
#define FILE "embedding.cu"
#include "types.cuh"
#else

// tokens [n], table [V, columns], y [n, columns]: y = table[token]. Launch: elements of y.
KERNEL(embedding)(const int* tokens, const T* table, T* y, Count n, int columns) {
  FOR_EACH(e, n * columns) {
    Count i = e / columns;
    y[e] = table[(Count)tokens[i] * columns + (e - i * columns)];
  }
}

// dtable[token] += dy, in the order of the tokens: a warp owns a row of the table, looks at 32
// tokens at once for its own and adds the rows that it finds, a lane a column. Launch: a warp a
// row.
KERNEL(embedding_backward)(const int* tokens, const T* dy, T* dtable, Count n, Count rows,
                           int columns) {
  int lane = threadIdx.x % WARP;
  FOR_EACH_ROW(row, rows) {
    for (Count base = 0; base < n; base += WARP) {
      bool mine = base + lane < n && tokens[base + lane] == row;
      for (unsigned found = __ballot_sync(ALL_LANES, mine); found; found &= found - 1) {
        Count i = base + __ffs(found) - 1;
        for (int j = lane; j < columns; j += WARP) {
          dtable[row * columns + j] += dy[i * columns + j];
        }
      }
    }
  }
}

#endif
