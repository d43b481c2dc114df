#include "attributes.h"

#include <climits>
#include <unordered_map>

namespace sluice {

bool deviceAttribute(int capability, int attribute, int device, int* value) {
  // Numbers of CUdevice_attribute. What isn't here and could be asked for is 0.
  static const std::unordered_map<int, int> VALUES = {
      {1, 1024},                         // MAX_THREADS_PER_BLOCK
      {2, 1024},                         // MAX_BLOCK_DIM_X
      {3, 1024},                         // MAX_BLOCK_DIM_Y
      {4, 64},                           // MAX_BLOCK_DIM_Z
      {5, INT_MAX},                      // MAX_GRID_DIM_X
      {6, 65535},                        // MAX_GRID_DIM_Y
      {7, 65535},                        // MAX_GRID_DIM_Z
      {8, SHARED_PER_BLOCK},             // MAX_SHARED_MEMORY_PER_BLOCK
      {9, 65536},                        // TOTAL_CONSTANT_MEMORY
      {10, 32},                          // WARP_SIZE
      {11, INT_MAX},                     // MAX_PITCH
      {12, 65536},                       // MAX_REGISTERS_PER_BLOCK
      {13, 1000000},                     // CLOCK_RATE
      {14, 512},                         // TEXTURE_ALIGNMENT
      {15, 1},                           // GPU_OVERLAP
      {16, MULTIPROCESSORS},             // MULTIPROCESSOR_COUNT
      {19, 1},                           // CAN_MAP_HOST_MEMORY
      {31, 1},                           // CONCURRENT_KERNELS
      {36, 1000000},                     // MEMORY_CLOCK_RATE
      {37, 256},                         // GLOBAL_MEMORY_BUS_WIDTH
      {38, 4 << 20},                     // L2_CACHE_SIZE
      {39, THREADS_PER_MULTIPROCESSOR},  // MAX_THREADS_PER_MULTIPROCESSOR
      {40, 2},                           // ASYNC_ENGINE_COUNT
      {41, 1},                           // UNIFIED_ADDRESSING
      {78, 1},                           // STREAM_PRIORITIES_SUPPORTED
      {79, 1},                           // GLOBAL_L1_CACHE_SUPPORTED
      {80, 1},                           // LOCAL_L1_CACHE_SUPPORTED
      {81, SHARED_PER_MULTIPROCESSOR},   // MAX_SHARED_MEMORY_PER_MULTIPROCESSOR
      {82, 65536},                       // MAX_REGISTERS_PER_MULTIPROCESSOR
      {91, 1},                           // CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM
      {95, 1},                           // COOPERATIVE_LAUNCH
      {97, SHARED_OPT_IN},               // MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
      {99, 1},                           // HOST_REGISTER_SUPPORTED
      {106, BLOCKS_PER_MULTIPROCESSOR},  // MAX_BLOCKS_PER_MULTIPROCESSOR
      {111, 1024},                       // RESERVED_SHARED_MEMORY_PER_BLOCK
      {115, 1},                          // MEMORY_POOLS_SUPPORTED
  };
  constexpr int LAST = 160;
  if (attribute < 1 || attribute > LAST) return false;
  if (attribute == 33) *value = device + 1;            // PCI_BUS_ID
  else if (attribute == 75) *value = capability / 10;  // COMPUTE_CAPABILITY_MAJOR
  else if (attribute == 76) *value = capability % 10;  // COMPUTE_CAPABILITY_MINOR
  else {
    auto found = VALUES.find(attribute);
    *value = found == VALUES.end() ? 0 : found->second;
  }
  return true;
}

}  // namespace sluice
