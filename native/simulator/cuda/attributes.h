// What the simulated device says of itself.
#pragma once

namespace sluice {

constexpr int SHARED_PER_BLOCK = 48 << 10;
constexpr int SHARED_OPT_IN = 96 << 10;
constexpr int SHARED_PER_MULTIPROCESSOR = 100 << 10;
constexpr int THREADS_PER_MULTIPROCESSOR = 1024;
constexpr int BLOCKS_PER_MULTIPROCESSOR = 16;
constexpr int MULTIPROCESSORS = 8;

// False where there's no such attribute.
bool deviceAttribute(int capability, int attribute, int device, int* value);

}  // namespace sluice
