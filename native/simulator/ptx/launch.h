// One launch of a kernel: what all of its blocks share, and how they are run.
#pragma once
#include <cstdint>
#include <vector>

#include "device_memory.h"
#include "grid_order.h"
#include "program.h"

namespace sluice {

struct Dim3 {
  uint32_t x = 1, y = 1, z = 1;
  uint64_t volume() const { return uint64_t(x) * y * z; }
};

struct Launch {
  const Module& module;
  const Kernel& kernel;
  DeviceMemory& memory;
  Dim3 grid;
  Dim3 block;
  uint32_t dynamicShared = 0;
  bool cooperative = false;
  int device = 0;
  std::vector<uint8_t> parameters;
  // Addresses of the module's variables, by name.
  const std::map<std::string, uint64_t>& variables;
  // Instructions of one warp after which the launch is taken to be endless.
  uint64_t limit = 20'000'000'000;
  mutable GridOrder order = GridOrder(0);
  // The allocation that each instruction met last.
  mutable std::vector<Allocation*> met = {};

  uint32_t staticShared() const { return (kernel.sharedBytes + 15) & ~15u; }
  uint32_t threads() const { return static_cast<uint32_t>(block.volume()); }
};

// Runs it to its end; a Fault says which kernel, block, thread and line broke which rule.
// Returns how many instructions its threads ran.
uint64_t run(const Launch& launch);

}  // namespace sluice
