#include "block.h"

#include <algorithm>

namespace sluice {

namespace {

// A warp that spins on what another warp will write must give way some time.
constexpr int64_t TURN = 1 << 20;

}  // namespace

Block::Block(const Launch& launch)
    : launch_(launch),
      shared_(launch.staticShared() + launch.dynamicShared, launch.staticShared()),
      local_(size_t(launch.kernel.localBytes) * launch.threads()),
      localWritten_(local_.size()) {
  for (uint32_t first = 0; first < launch.threads(); first += LANES) {
    uint32_t count = std::min<uint32_t>(LANES, launch.threads() - first);
    Lanes lanes = count == LANES ? ALL_LANES : (1u << count) - 1;
    warps_.push_back(std::make_unique<Warp>(*this, launch, first / LANES, lanes));
  }
}

void Block::start(Dim3 index, uint64_t number) {
  index_ = index;
  order_ = BlockOrder{.number = number};
  shared_.start();
  std::fill(localWritten_.begin(), localWritten_.end(), 0);
  for (auto& warp : warps_) warp->start();
}

bool Block::run(bool onceAround) {
  for (;;) {
    bool progress = false, finished = true;
    for (auto& warp : warps_) {
      if (warp->ready()) progress |= warp->run(onceAround ? 1 << 12 : TURN);
      finished &= warp->finished();
    }
    if (finished) return true;
    if (!progress) passBarrier();
    if (onceAround) return false;
  }
}

void Block::passBarrier() {
  bool all = true;
  int64_t pc = -1;
  for (auto& warp : warps_) {
    all &= warp->atBarrier() == warp->live();
    for (const Group& group : warp->groups()) {
      if (pc >= 0 && group.pc != pc) all = false;
      pc = group.pc;
    }
  }
  if (!all) stuck();
  const Instruction& barrier = launch_.kernel.code[pc];
  if (barrier.mode) reduceAcrossBlock(barrier);
  shared_.passBarrier();
  for (auto& warp : warps_) warp->passBarrier();
}

// bar.red: 1 popc, 2 and, 3 or.
void Block::reduceAcrossBlock(const Instruction& barrier) {
  uint32_t count = 0, threads = 0;
  for (auto& warp : warps_) {
    Lanes live = warp->live();
    count += __builtin_popcount(warp->predicate(barrier.operand[2]) & live);
    threads += __builtin_popcount(live);
  }
  for (auto& warp : warps_) {
    Lanes live = warp->live();
    if (barrier.mode == 1) {
      uint32_t* out = warp->lanes<uint32_t>(barrier.operand[0]);
      each(live, [&](int i) { out[i] = count; });
    } else {
      bool value = barrier.mode == 2 ? count == threads : count > 0;
      Lanes& out = warp->predicate(barrier.operand[0]);
      out = (out & ~live) | (value ? live : 0);
    }
  }
}

void Block::stuck() {
  std::string where;
  for (auto& warp : warps_)
    for (const Group& group : warp->groups()) {
      if (where.size() > 400) continue;
      const Instruction& instruction = launch_.kernel.code[group.pc];
      where += text("%s%d threads of warp %d at line %u (%s)", where.empty() ? "" : ", ",
                    __builtin_popcount(group.lanes), warp->number(), instruction.line,
                    group.state == Group::State::AtBarrier ? "barrier" : "warp-wide instruction");
    }
  throw Fault(LAUNCH_FAILED,
              "threads wait for each other for ever, or meet at different barriers: " + where);
}

uint8_t* Block::local(uint64_t offset, uint32_t bytes, int thread, bool write) {
  uint64_t size = launch_.kernel.localBytes;
  if (offset > size || bytes > size - offset)
    throw Fault(ILLEGAL_ADDRESS,
                text("local memory at offset %lld, out of bounds of the %llu bytes "
                     "of a thread",
                     (long long)offset, (unsigned long long)size));
  uint64_t at = size * thread + offset;
  if (write) {
    std::fill_n(localWritten_.begin() + at, bytes, 1);
  } else if (uint64_t n = firstUnwritten(localWritten_.data() + at, bytes); n < bytes) {
    throw Fault(LAUNCH_FAILED, text("local memory read at byte %llu, which was never written",
                                    (unsigned long long)(offset + n)));
  }
  return local_.data() + at;
}

uint64_t Block::executed() const {
  uint64_t sum = 0;
  for (auto& warp : warps_) sum += warp->executed;
  return sum;
}

}  // namespace sluice
