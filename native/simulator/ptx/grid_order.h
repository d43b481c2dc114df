// Races between the blocks of one launch: blocks run in any order, so what one writes no other may
// touch, unless both have met at an atomic operation after a fence, or both accesses are atomic.
#pragma once
#include <cstdint>
#include <vector>

namespace sluice {

struct Allocation;

// For two bytes of global memory: which blocks of which launch were there last.
struct GlobalTag {
  uint32_t launch;
  uint16_t writer;
  uint16_t reader;
};

enum class Access { Read, Write, Atomic };

// What a block has done about order.
struct BlockOrder {
  uint64_t number = 0;
  bool fenced = false;
  bool acquired = false;  // it did an atomic operation: what was released before is ordered
};

class GridOrder {
 public:
  explicit GridOrder(uint64_t blocks);

  // A Fault where another block's access isn't ordered. `value`, of a write: writing what is there
  // already is no race.
  void access(Allocation& allocation, uint64_t offset, uint32_t bytes, Access access,
              BlockOrder& block, const uint8_t* value);

 private:
  bool ordered(uint16_t other, const BlockOrder& block) const;

  uint32_t launch_;
  uint64_t blocks_;
  std::vector<uint8_t> released_;
};

}  // namespace sluice
