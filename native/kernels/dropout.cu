// Dropout whose mask is not stored: element e is kept where word e % 4 of Philox4x32-10 (Salmon,
// Moraes, Dror and Shaw 2011) at the counter (e / 4, call) is at least limit = p 2^32, so that the
// way back, and every other engine, finds the same mask. Launch: elements, one for four of x.
#ifndef KERNEL
#include "prelude.cuh"
#define FILE "dropout.cu"

DEVICE uint4 philox(unsigned key0, unsigned key1, Count low, Count high) {
  uint4 c = make_uint4(unsigned(low), unsigned(low >> 32), unsigned(high), unsigned(high >> 32));
#pragma unroll
  for (int round = 0; round < 10; round++) {
    unsigned long long a = 0xD2511F53ull * c.x;
    unsigned long long b = 0xCD9E8D57ull * c.z;
    c = make_uint4(unsigned(b >> 32) ^ c.y ^ key0, unsigned(b), unsigned(a >> 32) ^ c.w ^ key1,
                   unsigned(a));
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return c;
}

#include "types.cuh"
#else

// y = scale x where kept, else 0; or added to.
KERNEL(dropout)(const T* x, T* y, Count n, Count limit, double scale, int key0, int key1,
                Count call, int adding) {
  FOR_EACH(block, (n + 3) / 4) {
    uint4 words = philox(key0, key1, block, call);
#define ELEMENT(i, word)                              \
  if (4 * block + i < n) {                            \
    Count e = 4 * block + i;                          \
    V value = word >= limit ? V(scale) * x[e] : V(0); \
    y[e] = adding ? y[e] + value : value;             \
  }
    ELEMENT(0, words.x)
    ELEMENT(1, words.y)
    ELEMENT(2, words.z)
    ELEMENT(3, words.w)
#undef ELEMENT
  }
}

#endif
