// A block's shared memory, with who last wrote and read each byte: two threads that touch a byte,
// one of them writing, with no barrier between them, are a race.
#pragma once
#include <cstdint>
#include <vector>

#include "grid_order.h"

namespace sluice {

class SharedMemory {
 public:
  SharedMemory(uint32_t size, uint32_t staticSize);

  // A new block: nothing is written.
  void start();
  // All threads passed a barrier.
  void passBarrier() { epoch_++; }

  // The host address of the bytes, after the checks; a Fault where they fail. `value`, of a write:
  // writing what is there already is no race between writers.
  uint8_t* access(uint64_t address, uint32_t bytes, int thread, uint32_t warpEpoch, Access access,
                  const uint8_t* value);
  uint32_t size() const { return size_; }

 private:
  struct Tag {
    uint32_t writeEpoch = 0;
    uint32_t writeWarpEpoch = 0;
    uint32_t readEpoch = 0;
    uint32_t readWarpEpoch = 0;
    uint32_t writtenIn = 0;  // block serial: in another block it's as if never written
    int16_t writer = -1;
    int16_t reader = -1;  // a thread, inWarp(w): several of that warp, or MANY
    bool atomic = false;
  };
  static constexpr int16_t MANY = -1000;
  static int16_t inWarp(int warp) { return static_cast<int16_t>(-2 - warp); }

  void check(Tag& tag, uint64_t at, int thread, uint32_t warpEpoch, Access access, bool same);

  uint32_t size_;
  uint32_t staticSize_;
  uint32_t epoch_ = 1;
  uint32_t serial_ = 0;
  std::vector<uint8_t> data_;
  std::vector<Tag> tags_;
};

}  // namespace sluice
