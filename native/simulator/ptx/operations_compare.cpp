// setp, selp and testp. setp's second output is the opposite; a third input is joined by and, or,
// xor.
#include <cmath>

#include "operations.h"

namespace sluice {

namespace {

enum Join : uint8_t { NONE, AND, OR, XOR };

// Comparisons of floats are false for NaN, their u-forms true.
using Eq = decltype([](auto a, auto b) { return a == b; });
using Ne = decltype([](auto a, auto b) { return a < b || a > b; });
using Lt = decltype([](auto a, auto b) { return a < b; });
using Le = decltype([](auto a, auto b) { return a <= b; });
using Gt = decltype([](auto a, auto b) { return a > b; });
using Ge = decltype([](auto a, auto b) { return a >= b; });
using Equ = decltype([](auto a, auto b) { return !(a < b || a > b); });
using Neu = decltype([](auto a, auto b) { return !(a == b); });
using Ltu = decltype([](auto a, auto b) { return !(a >= b); });
using Leu = decltype([](auto a, auto b) { return !(a > b); });
using Gtu = decltype([](auto a, auto b) { return !(a <= b); });
using Geu = decltype([](auto a, auto b) { return !(a < b); });
using Num = decltype([](auto a, auto b) { return a == a && b == b; });
using Nan = decltype([](auto a, auto b) { return a != a || b != b; });

Lanes join(uint8_t how, Lanes a, Lanes b) {
  return how == AND ? a & b : how == OR ? a | b : how == XOR ? a ^ b : a;
}

template <class T, class F>
void compare(Warp& warp, const Instruction& in, Lanes active) {
  const T* a = warp.lanes<T>(in.operand[in.outputs]);
  const T* b = warp.lanes<T>(in.operand[in.outputs + 1]);
  uint8_t bits[LANES];
  for (int i = 0; i < LANES; i++) bits[i] = F{}(a[i], b[i]);
  Lanes holds = 0;
  for (int i = 0; i < LANES; i++) holds |= Lanes(bits[i]) << i;
  Lanes with = in.mode ? warp.predicate(in.operand[in.outputs + 2]) : 0;
  Lanes results[] = {join(in.mode, holds, with), join(in.mode, ~holds, with)};
  for (int k = 0; k < in.outputs; k++) {
    Lanes& d = warp.predicate(in.operand[k]);
    d = (d & ~active) | (results[k] & active);
  }
}

// set: a number instead of a predicate, 1.0 or all bits.
template <class D, class T, class F>
void setNumber(Warp& warp, const Instruction& in, Lanes active) {
  D* d = warp.lanes<D>(in.operand[0]);
  const T* a = warp.lanes<T>(in.operand[1]);
  const T* b = warp.lanes<T>(in.operand[2]);
  const D yes = std::is_integral_v<D> ? D(-1) : D(1);
  each(active, [&](int i) { d[i] = F{}(a[i], b[i]) ? yes : D(0); });
}

struct Half2 {
  _Float16 low, high;
};

template <class F>
void setHalves(Warp& warp, const Instruction& in, Lanes active) {
  Half2* d = warp.lanes<Half2>(in.operand[0]);
  const Half2* a = warp.lanes<Half2>(in.operand[1]);
  const Half2* b = warp.lanes<Half2>(in.operand[2]);
  each(active, [&](int i) {
    d[i] = {_Float16(F{}(a[i].low, b[i].low)), _Float16(F{}(a[i].high, b[i].high))};
  });
}

template <class T>
void select(Warp& warp, const Instruction& in, Lanes active) {
  T* d = warp.lanes<T>(in.operand[0]);
  const T* a = warp.lanes<T>(in.operand[1]);
  const T* b = warp.lanes<T>(in.operand[2]);
  Lanes choice = warp.predicate(in.operand[3]);
  each(active, [&](int i) { d[i] = choice >> i & 1 ? a[i] : b[i]; });
}

void selectPredicate(Warp& warp, const Instruction& in, Lanes active) {
  Lanes choice = warp.predicate(in.operand[3]);
  Lanes result =
      (warp.predicate(in.operand[1]) & choice) | (warp.predicate(in.operand[2]) & ~choice);
  Lanes& d = warp.predicate(in.operand[0]);
  d = (d & ~active) | (result & active);
}

using Finite = decltype([](auto a) { return std::isfinite(a); });
using Infinite = decltype([](auto a) { return std::isinf(a); });
using Number = decltype([](auto a) { return !std::isnan(a); });
using NotANumber = decltype([](auto a) { return std::isnan(a); });
using Normal = decltype([](auto a) { return std::isnormal(a); });
using Subnormal = decltype([](auto a) { return std::fpclassify(a) == FP_SUBNORMAL; });

template <class T, class F>
void test(Warp& warp, const Instruction& in, Lanes active) {
  const T* a = warp.lanes<T>(in.operand[1]);
  Lanes& d = warp.predicate(in.operand[0]);
  for (int i = 0; i < LANES; i++)
    if (active >> i & 1) d = (d & ~(1u << i)) | Lanes(F{}(a[i])) << i;
}

template <class T, class F>
void addComparison(Operations& table, const std::string& comparison, const std::string& type) {
  constexpr uint8_t N = sizeof(T);
  const std::pair<const char*, Join> joins[] = {
      {"", NONE}, {"and.", AND}, {"or.", OR}, {"xor.", XOR}};
  for (auto [name, how] : joins) {
    std::vector<uint8_t> one{0, N, N}, two{0, 0, N, N};
    if (how) {
      one.push_back(0);
      two.push_back(0);
    }
    std::string key = "setp." + comparison + "." + name + type;
    table[key] = {compare<T, F>, 1, one, Flow::Next, how};
    table[key + "|"] = {compare<T, F>, 2, two, Flow::Next, how};
  }
}

template <class F>
void addSets(Operations& table, const std::string& comparison) {
  std::string key = "set." + comparison + ".";
  table[key + "f16.f16"] = {setNumber<_Float16, _Float16, F>, 1, {2, 2, 2}};
  table[key + "f32.f32"] = {setNumber<float, float, F>, 1, {4, 4, 4}};
  table[key + "u32.f32"] = {setNumber<uint32_t, float, F>, 1, {4, 4, 4}};
  table[key + "u32.s32"] = {setNumber<uint32_t, int32_t, F>, 1, {4, 4, 4}};
  table[key + "u32.u32"] = {setNumber<uint32_t, uint32_t, F>, 1, {4, 4, 4}};
  table[key + "f16x2.f16x2"] = {setHalves<F>, 1, {4, 4, 4}};
}

template <class T>
void addEquality(Operations& table, const std::string& type) {
  addComparison<T, Eq>(table, "eq", type);
  addComparison<T, Ne>(table, "ne", type);
}

template <class T>
void addOrdered(Operations& table, const std::string& type) {
  addEquality<T>(table, type);
  addComparison<T, Lt>(table, "lt", type);
  addComparison<T, Le>(table, "le", type);
  addComparison<T, Gt>(table, "gt", type);
  addComparison<T, Ge>(table, "ge", type);
}

template <class T>
void addUnsigned(Operations& table, const std::string& type) {
  addOrdered<T>(table, type);
  addComparison<T, Lt>(table, "lo", type);
  addComparison<T, Le>(table, "ls", type);
  addComparison<T, Gt>(table, "hi", type);
  addComparison<T, Ge>(table, "hs", type);
}

template <class T>
void addFloat(Operations& table, const std::string& type) {
  addOrdered<T>(table, type);
  addComparison<T, Equ>(table, "equ", type);
  addComparison<T, Neu>(table, "neu", type);
  addComparison<T, Ltu>(table, "ltu", type);
  addComparison<T, Leu>(table, "leu", type);
  addComparison<T, Gtu>(table, "gtu", type);
  addComparison<T, Geu>(table, "geu", type);
  addComparison<T, Num>(table, "num", type);
  addComparison<T, Nan>(table, "nan", type);
}

template <class T>
void addTests(Operations& table, const std::string& type) {
  constexpr uint8_t N = sizeof(T);
  table["testp.finite." + type] = {test<T, Finite>, 1, {0, N}};
  table["testp.infinite." + type] = {test<T, Infinite>, 1, {0, N}};
  table["testp.number." + type] = {test<T, Number>, 1, {0, N}};
  table["testp.notanumber." + type] = {test<T, NotANumber>, 1, {0, N}};
  table["testp.normal." + type] = {test<T, Normal>, 1, {0, N}};
  table["testp.subnormal." + type] = {test<T, Subnormal>, 1, {0, N}};
}

template <class T>
void addSelects(Operations& table, std::initializer_list<const char*> types) {
  constexpr uint8_t N = sizeof(T);
  for (const char* type : types) table[std::string("selp.") + type] = {select<T>, 1, {N, N, N, 0}};
}

}  // namespace

void addCompareOperations(Operations& table) {
  addOrdered<int16_t>(table, "s16");
  addOrdered<int32_t>(table, "s32");
  addOrdered<int64_t>(table, "s64");
  addUnsigned<uint16_t>(table, "u16");
  addUnsigned<uint32_t>(table, "u32");
  addUnsigned<uint64_t>(table, "u64");
  addEquality<uint16_t>(table, "b16");
  addEquality<uint32_t>(table, "b32");
  addEquality<uint64_t>(table, "b64");
  addFloat<_Float16>(table, "f16");
  addFloat<float>(table, "f32");
  addFloat<double>(table, "f64");
  addSets<Eq>(table, "eq");
  addSets<Ne>(table, "ne");
  addSets<Lt>(table, "lt");
  addSets<Le>(table, "le");
  addSets<Gt>(table, "gt");
  addSets<Ge>(table, "ge");
  addSets<Neu>(table, "neu");
  addSets<Ltu>(table, "ltu");
  addSets<Leu>(table, "leu");
  addSets<Gtu>(table, "gtu");
  addSets<Geu>(table, "geu");
  addTests<float>(table, "f32");
  addTests<double>(table, "f64");
  addSelects<uint16_t>(table, {"b16", "u16", "s16"});
  addSelects<uint32_t>(table, {"b32", "u32", "s32", "f32"});
  addSelects<uint64_t>(table, {"b64", "u64", "s64", "f64"});
  table["selp.pred"] = {selectPredicate, 1, {0, 0, 0, 0}};
}

}  // namespace sluice
