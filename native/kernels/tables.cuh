// Many tensors in one launch: a table in device memory says where they lie and how long they are.
//
// Launch: chunks. Blocks take chunks of CHUNK elements, each of one row of the table, so that a
// bias and a large weight get blocks by their sizes.
#pragma once

enum { CHUNK = 2048, MOST_TENSORS = 5 };

// As the engine writes it: addresses, 0 for what is absent; elements; chunks before this row.
struct Row {
  long long at[MOST_TENSORS];
  Count count;
  Count first;
};

#define FOR_EACH_CHUNK(chunk, chunks) \
  _Pragma("unroll 1") for (Count chunk = blockIdx.x; chunk < (chunks); chunk += gridDim.x)

#define FOR_EACH_OF(e, part) \
  _Pragma("unroll 1") for (Count e = (part).from + threadIdx.x; e < (part).to; e += BLOCK)

// The elements of a row that a block takes at once.
struct Chunk {
  const Row* row;
  Count from;
  Count to;

  __device__ __forceinline__ Chunk(const Row* table, int rows, Count chunk) {
    int low = 0;
    int high = rows - 1;
    while (low < high) {
      int middle = (low + high + 1) / 2;
      if (table[middle].first <= chunk) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    row = table + low;
    from = (chunk - row->first) * CHUNK;
    to = from + CHUNK < row->count ? from + CHUNK : row->count;
  }

  template <class T>
  __device__ __forceinline__ T* at(int index) const {
    return (T*)row->at[index];
  }
};
