// What lanes do together: shuffles, votes, matches, the warp's barrier; and fences.
#include "block.h"
#include "operations.h"

namespace sluice {

namespace {

enum Shuffle : uint8_t { UP, DOWN, BUTTERFLY, INDEX };

// The lane that `lane` reads, and whether it's within bounds; as the PTX manual has it.
struct Partner {
  int lane;
  bool within;
};

Partner partner(uint8_t kind, int lane, uint32_t b, uint32_t c) {
  int clamp = c & 31, segment = c >> 8 & 31;
  int last = (lane & segment) | (clamp & ~segment), first = lane & segment;
  int by = b & 31;
  switch (kind) {
    case UP:
      return {lane - by, lane - by >= last};
    case DOWN:
      return {lane + by, lane + by <= last};
    case BUTTERFLY:
      return {lane ^ by, (lane ^ by) <= last};
    default: {
      int j = first | (by & ~segment);
      return {j, j <= last};
    }
  }
}

void shuffle(Warp& warp, const Instruction& in, Lanes active) {
  const Register* inputs = in.operand.data() + in.outputs;
  uint32_t copy[LANES];
  std::memcpy(copy, warp.bytes(inputs[0]), sizeof copy);
  const uint32_t* b = warp.lanes<uint32_t>(inputs[1]);
  const uint32_t* c = warp.lanes<uint32_t>(inputs[2]);
  uint32_t* d = warp.lanes<uint32_t>(in.operand[0]);
  for (Lanes rest = active; rest; rest &= rest - 1) {
    int i = __builtin_ctz(rest);
    Partner from = partner(in.mode, i, b[i], c[i]);
    if (!from.within) from.lane = i;
    if (!(active >> from.lane & 1))
      throw Fault(LAUNCH_FAILED, text("thread %d shuffles from lane %d, which takes no part",
                                      warp.thread(i), from.lane));
    d[i] = copy[from.lane];
    if (in.outputs == 1) continue;
    Lanes& p = warp.predicate(in.operand[1]);
    p = (p & ~(1u << i)) | Lanes(from.within) << i;
  }
}

void ballot(Warp& warp, const Instruction& in, Lanes active) {
  uint32_t* d = warp.lanes<uint32_t>(in.operand[0]);
  Lanes votes = warp.predicate(in.operand[1]) & active;
  each(active, [&](int i) { d[i] = votes; });
}

enum Vote : uint8_t { ALL, ANY_LANE, UNIFORM };

void vote(Warp& warp, const Instruction& in, Lanes active) {
  Lanes votes = warp.predicate(in.operand[1]) & active;
  bool result = in.mode == ALL        ? votes == active
                : in.mode == ANY_LANE ? votes != 0
                                      : votes == active || votes == 0;
  Lanes& d = warp.predicate(in.operand[0]);
  d = (d & ~active) | (result ? active : 0);
}

template <class T>
void matchAny(Warp& warp, const Instruction& in, Lanes active) {
  const T* a = warp.lanes<T>(in.operand[1]);
  uint32_t* d = warp.lanes<uint32_t>(in.operand[0]);
  uint32_t result[LANES] = {};
  for (int i = 0; i < LANES; i++)
    for (int j = 0; j < LANES; j++)
      if ((active >> i & 1) && (active >> j & 1) && a[i] == a[j]) result[i] |= 1u << j;
  each(active, [&](int i) { d[i] = result[i]; });
}

void activeMask(Warp& warp, const Instruction& in, Lanes active) {
  uint32_t* d = warp.lanes<uint32_t>(in.operand[0]);
  each(active, [&](int i) { d[i] = active; });
}

void warpBarrier(Warp& warp, const Instruction&, Lanes) { warp.epoch++; }

// What the block wrote before is seen by whoever sees an atomic operation after it.
void fence(Warp& warp, const Instruction&, Lanes) { warp.block().order().fenced = true; }

void nothing(Warp&, const Instruction&, Lanes) {}

void trap(Warp&, const Instruction&, Lanes) {
  throw Fault(ILLEGAL_INSTRUCTION, "the kernel trapped");
}

}  // namespace

void addWarpOperations(Operations& table) {
  const std::pair<const char*, Shuffle> kinds[] = {
      {"up", UP}, {"down", DOWN}, {"bfly", BUTTERFLY}, {"idx", INDEX}};
  for (auto [name, kind] : kinds) {
    std::string key = std::string("shfl.sync.") + name + ".b32";
    table[key] = {shuffle, 1, {4, 4, 4, 4, 4}, Flow::WarpWide, kind};
    table[key + "|"] = {shuffle, 2, {4, 0, 4, 4, 4, 4}, Flow::WarpWide, kind};
  }
  table["vote.sync.ballot.b32"] = {ballot, 1, {4, 0, 4}, Flow::WarpWide};
  table["vote.sync.all.pred"] = {vote, 1, {0, 0, 4}, Flow::WarpWide, ALL};
  table["vote.sync.any.pred"] = {vote, 1, {0, 0, 4}, Flow::WarpWide, ANY_LANE};
  table["vote.sync.uni.pred"] = {vote, 1, {0, 0, 4}, Flow::WarpWide, UNIFORM};
  table["match.any.sync.b32"] = {matchAny<uint32_t>, 1, {4, 4, 4}, Flow::WarpWide};
  table["match.any.sync.b64"] = {matchAny<uint64_t>, 1, {4, 8, 4}, Flow::WarpWide};
  table["bar.warp.sync"] = {warpBarrier, 0, {4}, Flow::WarpWide};
  table["activemask.b32"] = {activeMask, 1, {4}};
  for (const char* name : {"membar.cta", "fence.sc.cta", "fence.acq_rel.cta"})
    table[name] = {nothing, 0, {}};
  for (const char* name : {"membar.gl", "membar.sys", "fence.sc.gpu", "fence.sc.sys",
                           "fence.acq_rel.gpu", "fence.acq_rel.sys"})
    table[name] = {fence, 0, {}};
  table["nanosleep.u32"] = {nothing, 0, {4}};
  table["trap"] = {trap, 0, {}};
  table["bar.sync"] = table["barrier.sync"] = {nullptr, 0, {4}, Flow::Barrier, 0};
  table["bar.red.popc.u32"] = {nullptr, 1, {4, 4, 0}, Flow::Barrier, 1};
  table["bar.red.and.pred"] = {nullptr, 1, {0, 4, 0}, Flow::Barrier, 2};
  table["bar.red.or.pred"] = {nullptr, 1, {0, 4, 0}, Flow::Barrier, 3};
  table["ret"] = table["exit"] = {nullptr, 0, {}, Flow::Return};
}

}  // namespace sluice
