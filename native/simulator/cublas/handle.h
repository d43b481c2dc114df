#pragma once
#include "../handles.h"
#include "api.h"

namespace sluice::cublas {

Handles<Handle>& handles();

/** The handle of a call; null when there is none. One of another context is reported. */
std::shared_ptr<Handle> use(void* handle, const char* call);

}  // namespace sluice::cublas
