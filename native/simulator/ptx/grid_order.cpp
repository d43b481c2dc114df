#include "grid_order.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "device_memory.h"
#include "fault.h"

namespace sluice {

namespace {

constexpr uint16_t NOBODY = 0, ATOMIC = 0xFFFE, SEVERAL = 0xFFFF;
constexpr uint64_t NAMES = 0xFFFD;

// In grids with more blocks than names a race between two that share one goes unseen.
uint16_t nameOf(uint64_t block) { return static_cast<uint16_t>(block % NAMES + 1); }

uint32_t nextLaunch() {
  static uint32_t count = 0;
  return ++count ? count : ++count;
}

[[noreturn]] void race(const char* what, uint16_t other, uint64_t offset) {
  std::string who =
      other == ATOMIC || other == SEVERAL ? "other blocks" : text("block %d", other - 1);
  throw Fault(LAUNCH_FAILED, text("race between blocks at offset %llu: %s %s",
                                  (unsigned long long)offset, what, who.c_str()));
}

}  // namespace

GridOrder::GridOrder(uint64_t blocks) : launch_(nextLaunch()), blocks_(blocks) {}

bool GridOrder::ordered(uint16_t other, const BlockOrder& block) const {
  if (!block.acquired || released_.empty()) return false;
  return other == ATOMIC || other == SEVERAL || released_[other];
}

void GridOrder::access(Allocation& allocation, uint64_t offset, uint32_t bytes, Access access,
                       BlockOrder& block, const uint8_t* value) {
  if (blocks_ == 1) return;
  if (access == Access::Atomic) {
    block.acquired = true;
    if (block.fenced && released_.empty()) released_.resize(NAMES + 1);
    if (block.fenced) released_[nameOf(block.number)] = 1;
  }
  if (bytes == 1) return;  // Tags are for two bytes.
  if (!allocation.tags) {
    allocation.tags =
        static_cast<GlobalTag*>(std::calloc(allocation.size / 2 + 1, sizeof(GlobalTag)));
    if (!allocation.tags) throw std::bad_alloc();
  }
  uint16_t me = nameOf(block.number);
  for (uint64_t at = offset; at < offset + bytes; at += 2) {
    GlobalTag& tag = allocation.tags[at / 2];
    if (tag.launch != launch_) tag = {launch_, NOBODY, NOBODY};
    bool others = tag.writer != NOBODY && tag.writer != me;
    if (access == Access::Read) {
      if (others && !ordered(tag.writer, block))
        race("it reads what was written by", tag.writer, at);
      tag.reader = tag.reader == NOBODY || tag.reader == me ? me : SEVERAL;
    } else if (access == Access::Write) {
      bool same = value && std::memcmp(allocation.data + at, value + (at - offset), 2) == 0;
      if (others && !same && !ordered(tag.writer, block))
        race("it overwrites what was written by", tag.writer, at);
      if (tag.reader != NOBODY && tag.reader != me && !same && !ordered(tag.reader, block))
        race("it overwrites what was read by", tag.reader, at);
      tag.writer = me;
    } else {
      if (others && tag.writer != ATOMIC && !ordered(tag.writer, block))
        race("its atomic operation meets what was written by", tag.writer, at);
      tag.writer = ATOMIC;
    }
  }
}

}  // namespace sluice
