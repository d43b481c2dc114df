#include "dropout.h"

#include <algorithm>
#include <numeric>

#include "../work.h"
#include "handle.h"
#include "message.h"
#include "tensor.h"

namespace sluice::cudnn {

Handles<Dropout>& dropouts() {
  static auto* all = new Handles<Dropout>("cudnnDropoutDescriptor_t", 0x0cdd000000000000);
  return *all;
}

size_t dropout_state_bytes() { return 1024 + 2 * (sluice_sim_seed() % 31) + 1; }

float dropout_uniform(const DropoutState& state, uint64_t i) {
  // SplitMix64 of (seed, mask, element).
  uint64_t z = state.seed + 0x9e3779b97f4a7c15 * (state.drawn * 0x100000001b3 + i + 1);
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return static_cast<float>((z ^ z >> 31) >> 40) * 0x1p-24f;
}

namespace {

int set(void* descriptor, void* handle, float probability, void* states, size_t bytes,
        uint64_t seed, bool restore, const char* call) {
  if (int injected = enter(call)) return injected;
  auto found = dropouts().find(descriptor, call);
  auto with = use(handle, call);
  if (found == nullptr || with == nullptr) return fail(BAD_PARAM, "dropoutDesc or handle == NULL");
  if (!(probability >= 0 && probability <= 1)) return fail(BAD_PARAM, "dropout %g", probability);
  // Without states a descriptor only holds the probability, for inference.
  if (states != nullptr && bytes < dropout_state_bytes()) {
    return fail(restore ? BAD_PARAM : EXECUTION_FAILED, "states of %zu bytes, needed %zu", bytes,
                dropout_state_bytes());
  }
  *found = {probability, states, bytes, seed};
  if (restore || states == nullptr) return SUCCESS;
  const int queued = enqueue(with->stream, call, [states, bytes, seed, call] {
    auto* at = static_cast<DropoutState*>(sluice_sim_memory(states, bytes, SLUICE_WRITE, call));
    if (at != nullptr) *at = {seed, 0};
  });
  return queued == 0 ? SUCCESS : fail(EXECUTION_FAILED, "the stream took no work");
}

}  // namespace
}  // namespace sluice::cudnn

using namespace sluice::cudnn;

extern "C" {

int cudnnCreateDropoutDescriptor(void** descriptor) {
  if (int injected = enter("cudnnCreateDropoutDescriptor")) return injected;
  if (descriptor == nullptr) return fail(BAD_PARAM, "dropoutDesc == NULL");
  *descriptor = dropouts().open(std::make_shared<Dropout>());
  return SUCCESS;
}

int cudnnDestroyDropoutDescriptor(void* descriptor) {
  return destroy("cudnnDestroyDropoutDescriptor", dropouts(), descriptor);
}

int cudnnDropoutGetStatesSize(void* handle, size_t* bytes) {
  if (int injected = enter("cudnnDropoutGetStatesSize")) return injected;
  if (use(handle, "cudnnDropoutGetStatesSize") == nullptr || bytes == nullptr)
    return fail(BAD_PARAM, "an argument is NULL");
  *bytes = dropout_state_bytes();
  return SUCCESS;
}

int cudnnDropoutGetReserveSpaceSize(void* tensor, size_t* bytes) {
  if (int injected = enter("cudnnDropoutGetReserveSpaceSize")) return injected;
  auto found = tensors().find(tensor, "cudnnDropoutGetReserveSpaceSize");
  if (found == nullptr || bytes == nullptr) return fail(BAD_PARAM, "an argument is NULL");
  // A bit for each element, in words of 32.
  const size_t elements =
      std::accumulate(found->dims.begin(), found->dims.end(), size_t{1}, std::multiplies<>());
  *bytes = (elements + 31) / 32 * 4;
  return SUCCESS;
}

int cudnnSetDropoutDescriptor(void* descriptor, void* handle, float p, void* states, size_t bytes,
                              unsigned long long seed) {
  return set(descriptor, handle, p, states, bytes, seed, false, "cudnnSetDropoutDescriptor");
}

int cudnnRestoreDropoutDescriptor(void* descriptor, void* handle, float p, void* states,
                                  size_t bytes, unsigned long long seed) {
  return set(descriptor, handle, p, states, bytes, seed, true, "cudnnRestoreDropoutDescriptor");
}

int cudnnGetDropoutDescriptor(void* descriptor, void* handle, float* p, void** states,
                              unsigned long long* seed) {
  if (int injected = enter("cudnnGetDropoutDescriptor")) return injected;
  auto found = dropouts().find(descriptor, "cudnnGetDropoutDescriptor");
  if (found == nullptr || use(handle, "cudnnGetDropoutDescriptor") == nullptr)
    return fail(BAD_PARAM, "an argument is NULL");
  if (p != nullptr) *p = found->probability;
  if (states != nullptr) *states = found->states;
  if (seed != nullptr) *seed = found->seed;
  return SUCCESS;
}
}
