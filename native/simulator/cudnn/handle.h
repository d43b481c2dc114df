// cudnnHandle_t: a stream, and what is bound to it.
#pragma once
#include "../handles.h"

namespace sluice::cudnn {

struct Handle {
  const void* context = nullptr;
  void* stream = nullptr;
};

Handles<Handle>& handles();

/** The handle of a call; null when there is none. One of another context is reported. */
std::shared_ptr<Handle> use(const void* handle, const char* call);

}  // namespace sluice::cudnn
