// Logic on words and predicates, counting, fields and permutations of bits.
#include <bit>

#include "operations.h"

namespace sluice {

namespace {

using And = decltype([](auto a, auto b) { return a & b; });
using Or = decltype([](auto a, auto b) { return a | b; });
using Xor = decltype([](auto a, auto b) { return a ^ b; });
using Not = decltype([](auto a) { return decltype(a)(~a); });
using Cnot = decltype([](auto a) { return a == 0; });
using Count = decltype([](auto a) { return std::popcount(a); });
using LeadingZeros = decltype([](auto a) { return std::countl_zero(a); });
using FindTop = decltype([](auto a) {
  return a ? 8 * sizeof(decltype(a)) - 1 - std::countl_zero(a) : 0xFFFFFFFF;
});
struct FindTopSigned {
  template <class T>
  uint32_t operator()(T a) const {
    using U = std::make_unsigned_t<T>;
    return FindTop{}(U(a < 0 ? ~a : a));
  }
};
// How far to shift left to bring that bit to the top.
template <class F>
struct ShiftToTop {
  template <class T>
  uint32_t operator()(T a) const {
    uint32_t top = F{}(a);
    return top == 0xFFFFFFFF ? top : uint32_t(8 * sizeof(T) - 1) - top;
  }
};
struct Reverse {
  template <class T>
  T operator()(T a) const {
    T result = 0;
    for (size_t i = 0; i < 8 * sizeof(T); i++) result |= ((a >> i) & 1) << (8 * sizeof(T) - 1 - i);
    return result;
  }
};

// Bits beyond the top are the sign of the field, which for unsigned ones is 0.
struct Extract {
  template <class T>
  T operator()(T a, uint32_t position, uint32_t length) const {
    using U = std::make_unsigned_t<T>;
    constexpr uint32_t TOP = 8 * sizeof(T) - 1;
    position &= 255;
    length &= 255;
    bool sign = false;
    if constexpr (std::is_signed_v<T>)
      if (length) sign = a >> std::min(position + length - 1, TOP) & 1;
    U result = 0;
    for (uint32_t i = 0; i <= TOP; i++) {
      bool bit = i < length && position + i <= TOP ? U(a) >> (position + i) & 1 : sign;
      result |= U(bit) << i;
    }
    return T(result);
  }
};

struct Insert {
  template <class T>
  T operator()(T field, T base, uint32_t position, uint32_t length) const {
    T result = base;
    position &= 255;
    length &= 255;
    for (uint32_t i = 0; i < length && position + i < 8 * sizeof(T); i++) {
      T bit = T(1) << (position + i);
      result = (result & ~bit) | ((field >> i & 1) ? bit : 0);
    }
    return result;
  }
};

template <class T>
void insert(Warp& warp, const Instruction& in, Lanes active) {
  T* d = warp.lanes<T>(in.operand[0]);
  const T* a = warp.lanes<T>(in.operand[1]);
  const T* b = warp.lanes<T>(in.operand[2]);
  const uint32_t* position = warp.lanes<uint32_t>(in.operand[3]);
  const uint32_t* length = warp.lanes<uint32_t>(in.operand[4]);
  each(active, [&](int i) { d[i] = Insert{}(a[i], b[i], position[i], length[i]); });
}

// Any logic function of three words: its table is the last operand.
void logic3(Warp& warp, const Instruction& in, Lanes active) {
  uint32_t* d = warp.lanes<uint32_t>(in.operand[0]);
  const uint32_t* a = warp.lanes<uint32_t>(in.operand[1]);
  const uint32_t* b = warp.lanes<uint32_t>(in.operand[2]);
  const uint32_t* c = warp.lanes<uint32_t>(in.operand[3]);
  uint32_t f = warp.lanes<uint32_t>(in.operand[4])[0];
  each(active, [&](int i) {
    uint32_t result = 0;
    for (int row = 0; row < 8; row++)
      if (f >> row & 1)
        result |= (row & 4 ? a[i] : ~a[i]) & (row & 2 ? b[i] : ~b[i]) & (row & 1 ? c[i] : ~c[i]);
    d[i] = result;
  });
}

// shf: b:a shifted, the upper (left) or lower (right) word.
struct FunnelLeftWrap {
  uint32_t operator()(uint32_t a, uint32_t b, uint32_t n) const {
    n &= 31;
    return n ? b << n | a >> (32 - n) : b;
  }
};
struct FunnelRightWrap {
  uint32_t operator()(uint32_t a, uint32_t b, uint32_t n) const {
    n &= 31;
    return n ? b << (32 - n) | a >> n : a;
  }
};
using FunnelLeftClamp = decltype([](uint32_t a, uint32_t b, uint32_t n) {
  return n >= 32 ? a : FunnelLeftWrap{}(a, b, n);
});
using FunnelRightClamp = decltype([](uint32_t a, uint32_t b, uint32_t n) {
  return n >= 32 ? b : FunnelRightWrap{}(a, b, n);
});

struct PermuteBytes {
  uint32_t operator()(uint32_t a, uint32_t b, uint32_t selector) const {
    uint64_t both = uint64_t(b) << 32 | a;
    uint32_t result = 0;
    for (int i = 0; i < 4; i++) {
      uint32_t choice = selector >> (4 * i) & 15;
      uint32_t byte = both >> (8 * (choice & 7)) & 255;
      if (choice & 8) byte = byte & 128 ? 255 : 0;
      result |= byte << (8 * i);
    }
    return result;
  }
};

template <class F>
void predicates(Warp& warp, const Instruction& in, Lanes active) {
  Lanes& d = warp.predicate(in.operand[0]);
  Lanes result = F{}(warp.predicate(in.operand[1]), warp.predicate(in.operand[2]));
  d = (d & ~active) | (result & active);
}

void notPredicate(Warp& warp, const Instruction& in, Lanes active) {
  Lanes& d = warp.predicate(in.operand[0]);
  d = (d & ~active) | (~warp.predicate(in.operand[1]) & active);
}

template <class T>
void addLogic(Operations& table, const std::string& type) {
  table["and." + type] = binaryOperation<T, And>();
  table["or." + type] = binaryOperation<T, Or>();
  table["xor." + type] = binaryOperation<T, Xor>();
  table["not." + type] = unaryOperation<T, Not>();
  table["cnot." + type] = unaryOperation<T, Cnot>();
}

template <class T>
void addCounts(Operations& table, const std::string& bits, uint8_t n) {
  table["popc.b" + bits] = {unary<uint32_t, T, Count>, 1, {4, n}};
  table["clz.b" + bits] = {unary<uint32_t, T, LeadingZeros>, 1, {4, n}};
  table["bfind.u" + bits] = {unary<uint32_t, T, FindTop>, 1, {4, n}};
  using S = std::make_signed_t<T>;
  table["bfind.s" + bits] = {unary<uint32_t, S, FindTopSigned>, 1, {4, n}};
  table["bfind.shiftamt.u" + bits] = {unary<uint32_t, T, ShiftToTop<FindTop>>, 1, {4, n}};
  table["bfind.shiftamt.s" + bits] = {unary<uint32_t, S, ShiftToTop<FindTopSigned>>, 1, {4, n}};
  table["brev.b" + bits] = unaryOperation<T, Reverse>();
  table["bfe.u" + bits] = {ternary<T, T, uint32_t, uint32_t, Extract>, 1, {n, n, 4, 4}};
  table["bfe.s" + bits] = {ternary<S, S, uint32_t, uint32_t, Extract>, 1, {n, n, 4, 4}};
  table["bfi.b" + bits] = {insert<T>, 1, {n, n, n, 4, 4}};
}

}  // namespace

void addBitOperations(Operations& table) {
  addLogic<uint16_t>(table, "b16");
  addLogic<uint32_t>(table, "b32");
  addLogic<uint64_t>(table, "b64");
  addCounts<uint32_t>(table, "32", 4);
  addCounts<uint64_t>(table, "64", 8);
  table["and.pred"] = {predicates<And>, 1, {0, 0, 0}};
  table["or.pred"] = {predicates<Or>, 1, {0, 0, 0}};
  table["xor.pred"] = {predicates<Xor>, 1, {0, 0, 0}};
  table["not.pred"] = {notPredicate, 1, {0, 0}};
  table["lop3.b32"] = {logic3, 1, {4, 4, 4, 4, 4}};
  table["shf.l.wrap.b32"] = ternaryOperation<uint32_t, FunnelLeftWrap>();
  table["shf.r.wrap.b32"] = ternaryOperation<uint32_t, FunnelRightWrap>();
  table["shf.l.clamp.b32"] = ternaryOperation<uint32_t, FunnelLeftClamp>();
  table["shf.r.clamp.b32"] = ternaryOperation<uint32_t, FunnelRightClamp>();
  table["prmt.b32"] = ternaryOperation<uint32_t, PermuteBytes>();
}

}  // namespace sluice
