// cvt between all integer and float types. Registers may be wider than the types: the source's low
// bytes count, and the result is extended.
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "operations.h"

namespace sluice {

namespace {

template <class T>
constexpr bool IS_FLOAT = std::is_floating_point_v<T> || std::is_same_v<T, _Float16>;

double toIntegral(double value, Rounding rounding) {
  switch (rounding) {
    case Rounding::Nearest:
      return std::nearbyint(value);
    case Rounding::Zero:
      return std::trunc(value);
    case Rounding::Down:
      return std::floor(value);
    case Rounding::Up:
      return std::ceil(value);
  }
  return value;
}

// What doesn't fit becomes the nearest that does; NaN becomes 0.
template <class D>
D clampToInteger(double value) {
  if (value != value) return 0;
  // Exact as powers of two, one above the greatest integer.
  constexpr double ABOVE = 2.0 * double(std::numeric_limits<D>::max() / 2 + 1);
  constexpr double LOWEST = double(std::numeric_limits<D>::lowest());
  if (value >= ABOVE) return std::numeric_limits<D>::max();
  if (value <= LOWEST) return std::numeric_limits<D>::lowest();
  return D(value);
}

template <class D, class S>
D saturateInteger(S value) {
  if (std::cmp_greater(value, std::numeric_limits<D>::max())) return std::numeric_limits<D>::max();
  if (std::cmp_less(value, std::numeric_limits<D>::lowest()))
    return std::numeric_limits<D>::lowest();
  return D(value);
}

template <class D, class S>
D convertOne(S value, const Instruction& in) {
  if constexpr (IS_FLOAT<S> && !IS_FLOAT<D>) {
    return clampToInteger<D>(toIntegral(double(value), in.rounding));
  } else if constexpr (IS_FLOAT<S>) {
    return in.mode ? D(toIntegral(double(value), in.rounding)) : D(value);
  } else if constexpr (IS_FLOAT<D>) {
    return D(value);
  } else {
    return in.saturate ? saturateInteger<D>(value) : D(value);
  }
}

template <class D>
void putExtended(uint8_t* at, uint8_t bytes, D value) {
  if constexpr (IS_FLOAT<D>) {
    std::memcpy(at, &value, sizeof value);
  } else {
    uint64_t wide = uint64_t(value);
    std::memcpy(at, &wide, bytes);
  }
}

template <class D, class S>
void convert(Warp& warp, const Instruction& in, Lanes active) {
  Register to = in.operand[0], from = in.operand[1];
  if (to.bytes == sizeof(D) && from.bytes == sizeof(S)) {
    D* d = warp.lanes<D>(to);
    const S* s = warp.lanes<S>(from);
    if (!in.mode && !in.saturate && !(IS_FLOAT<S> && !IS_FLOAT<D>))
      each(active, [&](int i) { d[i] = D(s[i]); });
    else each(active, [&](int i) { d[i] = convertOne<D, S>(s[i], in); });
    return;
  }
  for (Lanes rest = active; rest; rest &= rest - 1) {
    int i = __builtin_ctz(rest);
    S value;
    std::memcpy(&value, warp.bytes(from) + i * from.bytes, sizeof value);
    putExtended<D>(warp.bytes(to) + i * to.bytes, to.bytes, convertOne<D, S>(value, in));
  }
}

template <class D, class S>
void add(Operations& table, const std::string& to, const std::string& from) {
  table["cvt." + to + "." + from] = {convert<D, S>, 1, {ANY, ANY}};
}

template <class D>
void addTo(Operations& table, const std::string& to) {
  add<D, uint8_t>(table, to, "u8");
  add<D, int8_t>(table, to, "s8");
  add<D, uint16_t>(table, to, "u16");
  add<D, int16_t>(table, to, "s16");
  add<D, uint32_t>(table, to, "u32");
  add<D, int32_t>(table, to, "s32");
  add<D, uint64_t>(table, to, "u64");
  add<D, int64_t>(table, to, "s64");
  add<D, _Float16>(table, to, "f16");
  add<D, float>(table, to, "f32");
  add<D, double>(table, to, "f64");
}

}  // namespace

void addConvertOperations(Operations& table) {
  addTo<uint8_t>(table, "u8");
  addTo<int8_t>(table, "s8");
  addTo<uint16_t>(table, "u16");
  addTo<int16_t>(table, "s16");
  addTo<uint32_t>(table, "u32");
  addTo<int32_t>(table, "s32");
  addTo<uint64_t>(table, "u64");
  addTo<int64_t>(table, "s64");
  addTo<_Float16>(table, "f16");
  addTo<float>(table, "f32");
  addTo<double>(table, "f64");
}

}  // namespace sluice
