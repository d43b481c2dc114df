// cudnnRNNDescriptor_t and cudnnRNNDataDescriptor_t, and their handles.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../handles.h"
#include "dropout.h"

namespace sluice::cudnn {

enum RnnAlgorithm : int {
  STANDARD = 0,
  PERSIST_STATIC = 1,
  PERSIST_DYNAMIC = 2,
  PERSIST_STATIC_SMALL_H = 3
};

enum RnnCell : int { RNN_RELU = 0, RNN_TANH = 1, LSTM = 2, GRU = 3 };

enum RnnBias : int {
  NO_BIAS = 0,
  SINGLE_INPUT_BIAS = 1,
  DOUBLE_BIAS = 2,
  SINGLE_RECURRENT_BIAS = 3
};

enum RnnLayout : int { SEQ_MAJOR_UNPACKED = 0, SEQ_MAJOR_PACKED = 1, BATCH_MAJOR_UNPACKED = 2 };

enum RnnMath : int {
  DEFAULT_MATH = 0,
  TENSOR_OP_MATH = 1,
  TENSOR_OP_MATH_ALLOW_CONVERSION = 2,
  FMA_MATH = 3
};

struct Rnn {
  bool set = false;
  int algorithm = 0, cell = 0, bias = 0, direction = 0, input_mode = 0, type = 0, precision = 0,
      math = 0;
  int inputs = 0, hidden = 0, projected = 0, layers = 0;
  uint32_t flags = 0;
  void* dropout_handle = nullptr;
  std::shared_ptr<Dropout> dropout;
  int clip_mode = 0;
  double clip_low = 0, clip_high = 0;
  /** The batch that PERSIST_DYNAMIC was built for; 0 before. */
  int built = 0;

  int gates() const { return cell == LSTM ? 4 : cell == GRU ? 3 : 1; }
  int directions() const { return direction + 1; }
  bool projects() const { return cell == LSTM && projected < hidden; }
  bool skips_input() const { return input_mode == 1; }
  /** The size of what a layer reads. */
  int inputs_of(int layer) const { return layer == 0 ? inputs : directions() * projected; }
};

struct RnnData {
  int type = 0, layout = 0, longest = 0, batch = 0, vector = 0;
  std::vector<int> lengths;
  /** The bytes that fill padding; none when it is left as it is. */
  std::string fill;

  bool equal_lengths() const;
};

Handles<Rnn>& rnns();
Handles<RnnData>& rnn_datas();

}  // namespace sluice::cudnn
