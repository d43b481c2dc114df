#include "operations.h"

#include <xmmintrin.h>

#include <cfenv>
#include <cmath>

namespace sluice {

const Operations& operations() {
  static const Operations table = [] {
    Operations all;
    addIntegerOperations(all);
    addBitOperations(all);
    addFloatOperations(all);
    addHalfOperations(all);
    addCompareOperations(all);
    addConvertOperations(all);
    addMoveOperations(all);
    addWarpOperations(all);
    addMemoryOperations(all);
    return all;
  }();
  return table;
}

namespace {

// The processor's own control register rounds and flushes as PTX asks.
class FloatRules {
 public:
  FloatRules(Rounding rounding, bool flush) : before_(_mm_getcsr()) {
    constexpr unsigned FLUSH = 0x8040, ROUNDING = 0x6000;
    constexpr unsigned MODES[] = {0x0000, 0x6000, 0x2000, 0x4000};
    unsigned rules = (before_ & ~ROUNDING) | MODES[static_cast<int>(rounding)];
    _mm_setcsr(flush ? rules | FLUSH : rules);
  }
  ~FloatRules() { _mm_setcsr(before_); }

 private:
  unsigned before_;
};

template <class T>
void saturate(T* d, Lanes active) {
  each(active, [&](int i) { d[i] = d[i] > T(0) ? (d[i] < T(1) ? d[i] : T(1)) : T(0); });
}

}  // namespace

void underFloatRules(Warp& warp, const Instruction& in, Lanes active) {
  {
    FloatRules rules(in.rounding, in.flush);
    in.inner(warp, in, active);
  }
  if (!in.saturate) return;
  switch (in.operand[0].bytes) {
    case 2:
      return saturate(warp.lanes<_Float16>(in.operand[0]), active);
    case 4:
      return saturate(warp.lanes<float>(in.operand[0]), active);
    case 8:
      return saturate(warp.lanes<double>(in.operand[0]), active);
  }
}

}  // namespace sluice
