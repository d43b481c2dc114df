// Where the matrices and biases of an RNN lie in its weight space. The order and the gaps change
// with the simulator's seed: the space is opaque, and only cudnnGetRNNWeightParams knows.
#pragma once
#include <cstddef>
#include <vector>

#include "rnn.h"

namespace sluice::cudnn {

/** linLayerID 0 .. G - 1 is the input side, G .. 2 G - 1 the recurrent side, 2 G an LSTM's
 * projection. */
struct WeightEntry {
  int part, id;
  bool bias;
  int rows, columns;
  size_t offset;

  size_t elements() const { return static_cast<size_t>(rows) * columns; }
};

struct WeightLayout {
  std::vector<WeightEntry> entries;
  size_t bytes;

  explicit WeightLayout(const Rnn& rnn);

  /** Null when the RNN has no such matrix or bias. */
  const WeightEntry* find(int part, int id, bool bias) const;
};

/** The size of the workspace, which is more than is needed, and odd. */
size_t workspace_bytes(const Rnn& rnn, const RnnData& x, bool training);

}  // namespace sluice::cudnn
