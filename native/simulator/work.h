// Gives a closure to a stream. It may run many times (a captured graph), so it must not use itself
// up.
#pragma once
#include <utility>

#include "device.h"

namespace sluice {

/** Returns a CUresult. */
template <class Work>
int enqueue(void* stream, const char* name, Work work) {
  auto* held = new Work(std::move(work));
  return sluice_sim_enqueue(
      stream, name, [](void* context) { (*static_cast<Work*>(context))(); },
      [](void* context) { delete static_cast<Work*>(context); }, held);
}

}  // namespace sluice
