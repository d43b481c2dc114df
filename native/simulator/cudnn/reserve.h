// A reserve space begins with a stamp, so that one of another call, shape, mode or step is refused.
#pragma once
#include <cstdint>

#include "rnn.h"

namespace sluice::cudnn {

enum class Phase : uint32_t { forward = 1, data = 2 };

struct Stamp {
  static constexpr uint64_t MAGIC = 0x534c554943453031;

  uint64_t magic, shape, weights, x, h0, c0, y;
  Phase phase;
  uint32_t unused;
};

/** Identifies what an RNN and its data are like. */
uint64_t shape_hash(const Rnn& rnn, const RnnData& x);

/** FNV-1a over values on the host. */
uint64_t hash(const void* bytes, size_t n, uint64_t from = 0xcbf29ce484222325);

}  // namespace sluice::cudnn
