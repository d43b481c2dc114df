#include "warp.h"

#include <algorithm>

#include "block.h"

namespace sluice {

namespace {

uint8_t* alignedFile(uint32_t bytes) {
  size_t size = (bytes + 127) / 64 * 64;
  auto* file = static_cast<uint8_t*>(std::aligned_alloc(64, size));
  if (!file) throw std::bad_alloc();
  std::memset(file, 0, size);
  return file;
}

}  // namespace

Warp::Warp(Block& block, const Launch& launch, int number, Lanes lanes)
    : block_(block),
      launch_(launch),
      number_(number),
      initial_(lanes),
      file_(alignedFile(launch.kernel.fileBytes)),
      written_(launch.kernel.registers) {
  fillConstants();
}

void Warp::fillConstants() {
  const Kernel& kernel = launch_.kernel;
  auto fill = [&](Register r, uint64_t value) {
    if (!r.bytes) predicate(r) = value ? ALL_LANES : 0;
    for (int i = 0; i < LANES; i++) std::memcpy(bytes(r) + i * r.bytes, &value, r.bytes);
  };
  for (const Immediate& immediate : kernel.immediates) fill(immediate.where, immediate.value);
  for (const SymbolImmediate& symbol : kernel.symbols)
    fill(symbol.where,
         symbol.dynamicShared ? launch_.staticShared() : launch_.variables.at(symbol.variable));
}

void Warp::start() {
  const Kernel& kernel = launch_.kernel;
  const Dim3 &grid = launch_.grid, &block = launch_.block, &index = block_.index();
  std::fill(written_.begin(), written_.end(), 0);
  for (const Immediate& immediate : kernel.immediates) written_[immediate.where.index] = ALL_LANES;
  for (const SymbolImmediate& symbol : kernel.symbols) written_[symbol.where.index] = ALL_LANES;
  for (const SpecialRegister& special : kernel.specials) {
    written_[special.where.index] = ALL_LANES;
    uint32_t* out = lanes<uint32_t>(special.where);
    for (uint32_t i = 0; i < LANES; i++) {
      uint32_t t = thread(i);
      switch (special.which) {
        case Special::TidX:
          out[i] = t % block.x;
          break;
        case Special::TidY:
          out[i] = t / block.x % block.y;
          break;
        case Special::TidZ:
          out[i] = t / (block.x * block.y);
          break;
        case Special::NtidX:
          out[i] = block.x;
          break;
        case Special::NtidY:
          out[i] = block.y;
          break;
        case Special::NtidZ:
          out[i] = block.z;
          break;
        case Special::CtaidX:
          out[i] = index.x;
          break;
        case Special::CtaidY:
          out[i] = index.y;
          break;
        case Special::CtaidZ:
          out[i] = index.z;
          break;
        case Special::NctaidX:
          out[i] = grid.x;
          break;
        case Special::NctaidY:
          out[i] = grid.y;
          break;
        case Special::NctaidZ:
          out[i] = grid.z;
          break;
        case Special::LaneId:
          out[i] = i;
          break;
        case Special::WarpId:
          out[i] = number_;
          break;
        case Special::LaneMaskLt:
          out[i] = (1u << i) - 1;
          break;
        case Special::LaneMaskLe:
          out[i] = (2u << i) - 1;
          break;
        case Special::LaneMaskGt:
          out[i] = ~((2u << i) - 1);
          break;
        case Special::LaneMaskGe:
          out[i] = ~((1u << i) - 1);
          break;
        case Special::LaneMaskEq:
          out[i] = 1u << i;
          break;
        case Special::SmId:
          out[i] = 0;
          break;
        case Special::NsmId:
          out[i] = 1;
          break;
        case Special::Clock:
          out[i] = static_cast<uint32_t>(executed);
          break;
      }
    }
  }
  epoch = 1;
  groups_.assign(1, Group{0, initial_, Group::State::Ready});
}

bool Warp::ready() const {
  return std::any_of(groups_.begin(), groups_.end(),
                     [](const Group& g) { return g.state == Group::State::Ready; });
}

Lanes Warp::live() const {
  Lanes lanes = 0;
  for (const Group& group : groups_) lanes |= group.lanes;
  return lanes;
}

Lanes Warp::atBarrier() const {
  Lanes lanes = 0;
  for (const Group& group : groups_)
    if (group.state == Group::State::AtBarrier) lanes |= group.lanes;
  return lanes;
}

void Warp::passBarrier() {
  for (Group& group : groups_) {
    const Instruction& barrier = launch_.kernel.code[group.pc];
    for (int i = 0; i < barrier.outputs; i++) written_[barrier.operand[i].index] |= group.lanes;
    group.state = Group::State::Ready;
    group.pc++;
  }
  epoch++;
}

bool Warp::run(int64_t budget) {
  int64_t given = budget;
  while (budget > 0) {
    Group* next = nullptr;
    for (Group& group : groups_)
      if (group.state == Group::State::Ready && (!next || group.pc < next->pc)) next = &group;
    if (!next) break;
    uint32_t limit = UINT32_MAX;
    for (const Group& group : groups_)
      if (group.pc > next->pc) limit = std::min(limit, group.pc);
    runGroup(*next, limit, budget);
    merge();
  }
  return budget < given;
}

// Groups at one place become one; groups without lanes go.
void Warp::merge() {
  std::erase_if(groups_, [](const Group& group) { return group.lanes == 0; });
  if (groups_.size() < 2) return;
  std::sort(groups_.begin(), groups_.end(),
            [](const Group& a, const Group& b) { return a.pc < b.pc; });
  size_t kept = 0;
  for (size_t i = 1; i < groups_.size(); i++) {
    if (groups_[i].pc != groups_[kept].pc) {
      groups_[++kept] = groups_[i];
      continue;
    }
    groups_[kept].lanes |= groups_[i].lanes;
    if (groups_[i].state == Group::State::Ready) groups_[kept].state = Group::State::Ready;
  }
  groups_.resize(kept + 1);
}

void Warp::checkWritten(const Instruction& instruction, Lanes active) {
  for (int i = instruction.outputs; i < instruction.operands; i++) {
    Lanes missing = active & ~written_[instruction.operand[i].index];
    if (missing) [[unlikely]]
      unwritten(instruction, i, missing);
  }
}

void Warp::unwritten(const Instruction& instruction, int operand, Lanes missing) {
  const std::string& name = launch_.kernel.registerNames[instruction.operand[operand].index];
  throw Fault(LAUNCH_FAILED, text("thread %d reads register %s, which was never written",
                                  thread(__builtin_ctz(missing)), name.c_str()));
}

void Warp::runGroup(Group& group, uint32_t limit, int64_t& budget) {
  const Instruction* code = launch_.kernel.code.data();
  uint32_t pc = group.pc;
  Lanes lanes = group.lanes;
  auto leave = [&](Group::State state) { group = Group{pc, lanes, state}; };
  auto part = [&](uint32_t otherPc, Lanes other) {  // Ends the use of `group`.
    lanes &= ~other;
    leave(Group::State::Ready);
    groups_.push_back(Group{otherPc, other, Group::State::Ready});
  };
  try {
    for (; pc < limit && budget > 0; budget--) {
      const Instruction& instruction = code[pc];
      Lanes active = lanes;
      if (instruction.guarded) {
        Lanes missing = active & ~written_[instruction.guard.index];
        if (missing)
          throw Fault(LAUNCH_FAILED,
                      text("thread %d reads predicate %s, which was never written",
                           thread(__builtin_ctz(missing)),
                           launch_.kernel.registerNames[instruction.guard.index].c_str()));
        Lanes guard = predicate(instruction.guard);
        active &= instruction.guardNegated ? ~guard : guard;
      }
      executed += __builtin_popcount(active);
      switch (instruction.flow) {
        case Flow::Next:
          if (active) {
            checkWritten(instruction, active);
            instruction.step(*this, instruction, active);
            for (int i = 0; i < instruction.outputs; i++)
              written_[instruction.operand[i].index] |= active;
          }
          pc++;
          break;
        case Flow::Branch:
          if (active == lanes) {
            // Backward once too often: nothing else bounds a loop.
            if (instruction.target <= pc && executed > launch_.limit)
              throw Fault(LAUNCH_TIMEOUT, "the kernel does not end");
            pc = instruction.target;
          } else if (!active) {
            pc++;
          } else {
            pc++;
            return part(instruction.target, active);
          }
          break;
        case Flow::Return:
          lanes &= ~active;
          pc++;
          for (Group& other : groups_)  // They may have waited for a lane that is gone.
            if (other.state == Group::State::AtWarpWide) other.state = Group::State::Ready;
          if (!lanes) return leave(Group::State::Ready);
          break;
        case Flow::Barrier:
          checkWritten(instruction, active);
          if (!active) {
            pc++;
            break;
          }
          budget--;
          if (active != lanes) {
            Lanes passing = lanes & ~active;
            lanes = active;
            leave(Group::State::AtBarrier);
            groups_.push_back(Group{pc + 1, passing, Group::State::Ready});
            return;
          }
          return leave(Group::State::AtBarrier);
        case Flow::WarpWide:
          if (active != lanes) {
            if (!active) {
              pc++;
              break;
            }
            return part(pc + 1, lanes & ~active);
          }
          checkWritten(instruction, active);
          leave(Group::State::Ready);
          if (!warpWide(group, instruction, active)) {
            budget--;
            return;
          }
          pc++;
          break;
      }
    }
    leave(Group::State::Ready);
  } catch (const Fault& fault) {
    const Dim3& block = block_.index();
    uint32_t line = code[pc].line;
    throw Fault(fault.status, text("kernel %s, block (%u, %u, %u), warp %d, line %u `%s`: %s",
                                   launch_.kernel.name.c_str(), block.x, block.y, block.z, number_,
                                   line, launch_.module.lines[line - 1].c_str(), fault.what()));
  }
}

// Runs a shuffle, vote or warp barrier for those lanes all of whose partners are here. True where
// that were all; otherwise `groups_` has changed.
bool Warp::warpWide(Group& group, const Instruction& instruction, Lanes active) {
  const uint32_t* members = lanes<uint32_t>(instruction.operand[instruction.operands - 1]);
  Lanes living = live(), done = 0;
  for (Lanes rest = active; rest;) {
    int lane = __builtin_ctz(rest);
    Lanes partners = members[lane] & living;
    if (!(partners >> lane & 1))
      throw Fault(LAUNCH_FAILED, text("thread %d is not in its own mask of lanes %#x", thread(lane),
                                      members[lane]));
    if (!(partners & ~active)) {
      for (Lanes l = partners; l; l &= l - 1)
        if (members[__builtin_ctz(l)] != members[lane])
          throw Fault(LAUNCH_FAILED, text("lanes disagree on the mask: %#x and %#x", members[lane],
                                          members[__builtin_ctz(l)]));
      if (instruction.step) instruction.step(*this, instruction, partners);
      done |= partners;
    }
    rest &= ~(partners | 1u << lane);
  }
  for (int i = 0; i < instruction.outputs; i++) written_[instruction.operand[i].index] |= done;
  if (done == active) return true;
  uint32_t pc = group.pc;
  group.lanes = active & ~done;
  group.state = Group::State::AtWarpWide;
  if (done) groups_.push_back(Group{pc + 1, done, Group::State::Ready});
  return false;
}

}  // namespace sluice
