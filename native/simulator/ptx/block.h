// One block of threads: its warps, its shared memory, the local memory of its threads, its barrier.
#pragma once
#include <memory>
#include <vector>

#include "launch.h"
#include "shared_memory.h"
#include "warp.h"

namespace sluice {

class Block {
 public:
  explicit Block(const Launch& launch);

  void start(Dim3 index, uint64_t number);
  // Gives each warp a turn until all wait or have ended; once around where blocks take turns.
  // Says whether the block has ended.
  bool run(bool onceAround);

  const Dim3& index() const { return index_; }
  SharedMemory& shared() { return shared_; }
  BlockOrder& order() { return order_; }
  // The host address of a thread's local memory, after checks.
  uint8_t* local(uint64_t offset, uint32_t bytes, int thread, bool write);
  uint64_t executed() const;

 private:
  void passBarrier();
  [[noreturn]] void stuck();
  void reduceAcrossBlock(const Instruction& barrier);

  const Launch& launch_;
  Dim3 index_;
  BlockOrder order_;
  SharedMemory shared_;
  std::vector<uint8_t> local_;
  std::vector<uint8_t> localWritten_;
  std::vector<std::unique_ptr<Warp>> warps_;
};

}  // namespace sluice
