// 32 threads that run together where they can. Lanes that part at a branch become groups; the group
// that is furthest behind runs first, so that groups meet again.
#pragma once
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "fault.h"
#include "program.h"

namespace sluice {

class Block;
struct Launch;

struct Group {
  enum class State : uint8_t { Ready, AtBarrier, AtWarpWide };
  uint32_t pc = 0;
  Lanes lanes = 0;
  State state = State::Ready;
};

class Warp {
 public:
  Warp(Block& block, const Launch& launch, int number, Lanes lanes);

  void start();
  // Runs until every lane has returned or waits, or for `budget` instructions.
  // Says whether anything was run.
  bool run(int64_t budget);
  bool finished() const { return groups_.empty(); }
  // Ready to run, i.e. not waiting for other warps.
  bool ready() const;
  Lanes atBarrier() const;
  Lanes live() const;
  void passBarrier();
  const std::vector<Group>& groups() const { return groups_; }

  template <class T>
  T* lanes(Register r) {
    return reinterpret_cast<T*>(file_.get() + r.at);
  }
  uint8_t* bytes(Register r) { return file_.get() + r.at; }
  uint64_t value(Register r, int lane) {
    uint64_t v = 0;
    std::memcpy(&v, bytes(r) + lane * r.bytes, r.bytes);
    return v;
  }
  Lanes& predicate(Register r) { return *lanes<Lanes>(r); }

  Block& block() { return block_; }
  const Launch& launch() const { return launch_; }
  int thread(int lane) const { return number_ * LANES + lane; }
  int number() const { return number_; }
  // Counts __syncwarp: what orders shared memory between the lanes of a warp.
  uint32_t epoch = 0;
  uint64_t executed = 0;

 private:
  void fillConstants();
  void runGroup(Group& group, uint32_t limit, int64_t& budget);
  bool warpWide(Group& group, const Instruction& instruction, Lanes active);
  void merge();
  void checkWritten(const Instruction& instruction, Lanes active);
  [[noreturn]] void unwritten(const Instruction& instruction, int operand, Lanes missing);

  struct Free {
    void operator()(uint8_t* p) const { std::free(p); }
  };

  Block& block_;
  const Launch& launch_;
  int number_;
  Lanes initial_;
  std::unique_ptr<uint8_t, Free> file_;
  std::vector<Lanes> written_;
  std::vector<Group> groups_;
};

template <class F>
[[gnu::always_inline]] inline void each(Lanes active, F&& f) {
  if (active == ALL_LANES) {
#pragma GCC ivdep
    for (int i = 0; i < LANES; i++) f(i);
  } else {
    for (Lanes rest = active; rest; rest &= rest - 1) f(__builtin_ctz(rest));
  }
}

}  // namespace sluice
