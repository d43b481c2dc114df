// The execution of the three RNN calls: from device memory to the network and back.
#pragma once
#include <cstddef>
#include <vector>

#include "rnn.h"

namespace sluice::cudnn {

/** What the calls have in common; addresses are of device memory and may be null where cuDNN allows
 * it. */
struct RnnRun {
  const char* call;
  Rnn rnn;
  RnnData x_data, y_data;
  const int* lengths;
  const void *x, *y, *hx, *cx, *weights;
  void *workspace, *reserve;
  size_t workspace_size, reserve_size;
};

struct RnnForward : RnnRun {
  bool training;
  void *y_out, *hy, *cy;

  void operator()() const;
};

struct RnnBackwardData : RnnRun {
  const void *dy, *dhy, *dcy;
  void *dx, *dhx, *dcx;

  void operator()() const;
};

struct RnnBackwardWeights : RnnRun {
  void* dweights;

  void operator()() const;
};

/** The size of the reserve space of a training step. */
size_t reserve_bytes(const Rnn& rnn, const RnnData& x);

}  // namespace sluice::cudnn
