// Planted faults: each runs on a device of its own, since what is found at execution is sticky.
#pragma once
#include <functional>

#include "../../control.h"
#include "check.h"

namespace check {

inline void fresh_device() {
  sluice_sim_reset();
  open_device();
}

/** `run` must return `expected`, and be reported when it is executed. */
inline void reported(const char* what, int expected, const std::function<int()>& run) {
  const int before = sluice_sim_report_text(nullptr, 0);
  status(expected, run(), what);
  cuCtxSynchronize();
  that(sluice_sim_report_text(nullptr, 0) > before, what);
}

}  // namespace check
