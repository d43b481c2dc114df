// Integer arithmetic. Sums and products wrap: they're computed without sign.
#include <limits>
#include <type_traits>

#include "operations.h"

namespace sluice {

namespace {

template <class T>
using Unsigned = std::make_unsigned_t<T>;

template <class T>
struct Wide;
template <>
struct Wide<uint16_t> {
  using type = uint32_t;
};
template <>
struct Wide<int16_t> {
  using type = int32_t;
};
template <>
struct Wide<uint32_t> {
  using type = uint64_t;
};
template <>
struct Wide<int32_t> {
  using type = int64_t;
};
template <>
struct Wide<uint64_t> {
  using type = unsigned __int128;
};
template <>
struct Wide<int64_t> {
  using type = __int128;
};
template <class T>
using WideOf = typename Wide<T>::type;

using Add = decltype([](auto a, auto b) {
  return decltype(a)(Unsigned<decltype(a)>(a) + Unsigned<decltype(a)>(b));
});
using Sub = decltype([](auto a, auto b) {
  return decltype(a)(Unsigned<decltype(a)>(a) - Unsigned<decltype(a)>(b));
});
struct MulLow {
  // 16-bit operands would be promoted to int, whose product may overflow.
  template <class T>
  T operator()(T a, T b) const {
    return T(uint64_t(a) * uint64_t(b));
  }
};
using MulHigh = decltype([](auto a, auto b) {
  return decltype(a)((WideOf<decltype(a)>(a) * WideOf<decltype(a)>(b)) >>
                     (8 * sizeof(decltype(a))));
});
using MulWide =
    decltype([](auto a, auto b) { return WideOf<decltype(a)>(a) * WideOf<decltype(a)>(b); });
using MadLow = decltype([](auto a, auto b, auto c) { return Add{}(MulLow{}(a, b), c); });
using MadHigh = decltype([](auto a, auto b, auto c) { return Add{}(MulHigh{}(a, b), c); });
using MadWide = decltype([](auto a, auto b, auto c) { return Add{}(MulWide{}(a, b), c); });
struct Div {
  template <class T>
  T operator()(T a, T b) const {
    if (b == 0) throw Fault(LAUNCH_FAILED, "integer division by zero");
    if (std::is_signed_v<T> && b == T(-1)) return Sub{}(T(0), a);
    return T(a / b);
  }
};
struct Rem {
  template <class T>
  T operator()(T a, T b) const {
    if (b == 0) throw Fault(LAUNCH_FAILED, "integer division by zero");
    if (std::is_signed_v<T> && b == T(-1)) return 0;
    return T(a % b);
  }
};
using Min = decltype([](auto a, auto b) { return a < b ? a : b; });
using Max = decltype([](auto a, auto b) { return a < b ? b : a; });
using Neg = decltype([](auto a) { return Sub{}(decltype(a)(0), a); });
using Abs = decltype([](auto a) { return a < 0 ? Sub{}(decltype(a)(0), a) : a; });
using Sad =
    decltype([](auto a, auto b, auto c) { return Add{}(c, a < b ? Sub{}(b, a) : Sub{}(a, b)); });
struct AddSaturated {
  int32_t operator()(int32_t a, int32_t b) const {
    int64_t sum = int64_t(a) + b;
    return int32_t(sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : sum);
  }
};
// Shifts by the width or more give 0, or the sign.
using ShiftLeft = decltype([](auto a, uint32_t n) {
  return n >= 8 * sizeof(decltype(a)) ? decltype(a)(0) : decltype(a)(Unsigned<decltype(a)>(a) << n);
});
struct ShiftRight {
  template <class T>
  T operator()(T a, uint32_t n) const {
    constexpr uint32_t LAST = 8 * sizeof(T) - 1;
    if constexpr (std::is_signed_v<T>) return T(a >> (n > LAST ? LAST : n));
    else return n > LAST ? T(0) : T(a >> n);
  }
};

template <class T>
void addType(Operations& table, const std::string& type) {
  constexpr uint8_t N = sizeof(T);
  table["add." + type] = binaryOperation<T, Add>();
  table["sub." + type] = binaryOperation<T, Sub>();
  table["mul.lo." + type] = binaryOperation<T, MulLow>();
  table["mul.hi." + type] = binaryOperation<T, MulHigh>();
  table["mad.lo." + type] = ternaryOperation<T, MadLow>();
  table["mad.hi." + type] = ternaryOperation<T, MadHigh>();
  table["div." + type] = binaryOperation<T, Div>();
  table["rem." + type] = binaryOperation<T, Rem>();
  table["min." + type] = binaryOperation<T, Min>();
  table["max." + type] = binaryOperation<T, Max>();
  table["sad." + type] = ternaryOperation<T, Sad>();
  table["shr." + type] = {binary<T, T, uint32_t, ShiftRight>, 1, {N, N, 4}};
  if constexpr (std::is_signed_v<T>) {
    table["neg." + type] = unaryOperation<T, Neg>();
    table["abs." + type] = unaryOperation<T, Abs>();
  }
  if constexpr (N < 8) {
    constexpr uint8_t W = 2 * N;
    table["mul.wide." + type] = {binary<WideOf<T>, T, T, MulWide>, 1, {W, N, N}};
    table["mad.wide." + type] = {ternary<WideOf<T>, T, T, WideOf<T>, MadWide>, 1, {W, N, N, W}};
  }
}

template <class T>
void addShifts(Operations& table, const std::string& type) {
  constexpr uint8_t N = sizeof(T);
  table["shl." + type] = {binary<T, T, uint32_t, ShiftLeft>, 1, {N, N, 4}};
  table["shr." + type] = {binary<T, T, uint32_t, ShiftRight>, 1, {N, N, 4}};
}

}  // namespace

void addIntegerOperations(Operations& table) {
  addType<uint16_t>(table, "u16");
  addType<int16_t>(table, "s16");
  addType<uint32_t>(table, "u32");
  addType<int32_t>(table, "s32");
  addType<uint64_t>(table, "u64");
  addType<int64_t>(table, "s64");
  addShifts<uint16_t>(table, "b16");
  addShifts<uint32_t>(table, "b32");
  addShifts<uint64_t>(table, "b64");
  table["add.sat.s32"] = binaryOperation<int32_t, AddSaturated>();
}

}  // namespace sluice
