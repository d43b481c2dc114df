// cudnnDropoutDescriptor_t and the random states it names in device memory.
#pragma once
#include <cstdint>

#include "../handles.h"

namespace sluice::cudnn {

struct Dropout {
  float probability = 0;
  void* states = nullptr;
  size_t bytes = 0;
  uint64_t seed = 0;
};

Handles<Dropout>& dropouts();

/** What lies in the states: the seed and how many masks were drawn. */
struct DropoutState {
  uint64_t seed, drawn;
};

/** The size that cudnnDropoutGetStatesSize reports. */
size_t dropout_state_bytes();

/** A number of [0, 1) for element i of mask `drawn`. */
float dropout_uniform(const DropoutState& state, uint64_t i);

}  // namespace sluice::cudnn
