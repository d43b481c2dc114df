// What the machine can do: one table from a PTX mnemonic to the function that does it, filled by
// the files operations_*.cpp. What isn't in it is refused when the module is loaded.
#pragma once
#include <string>
#include <unordered_map>
#include <vector>

#include "program.h"
#include "warp.h"

namespace sluice {

struct Operation {
  Step step = nullptr;
  uint8_t outputs = 1;
  // Bytes a lane of each operand, outputs first; 0 a predicate, ANY whatever the register has.
  std::vector<uint8_t> bytes;
  Flow flow = Flow::Next;
  uint8_t mode = 0;
};

constexpr uint8_t ANY = 255;

using Operations = std::unordered_map<std::string, Operation>;

const Operations& operations();

void addIntegerOperations(Operations& table);
void addBitOperations(Operations& table);
void addFloatOperations(Operations& table);
void addHalfOperations(Operations& table);
void addCompareOperations(Operations& table);
void addConvertOperations(Operations& table);
void addMoveOperations(Operations& table);
void addWarpOperations(Operations& table);
void addMemoryOperations(Operations& table);

// Runs `inner` under other float rules than the host's: rounding, flushed denormals, saturation.
void underFloatRules(Warp& warp, const Instruction& instruction, Lanes active);

// d = F(a), d = F(a, b), d = F(a, b, c), lane by lane.
template <class D, class A, class F>
void unary(Warp& warp, const Instruction& in, Lanes active) {
  D* d = warp.lanes<D>(in.operand[0]);
  const A* a = warp.lanes<A>(in.operand[1]);
  each(active, [&](int i) { d[i] = F{}(a[i]); });
}

template <class D, class A, class B, class F>
void binary(Warp& warp, const Instruction& in, Lanes active) {
  D* d = warp.lanes<D>(in.operand[0]);
  const A* a = warp.lanes<A>(in.operand[1]);
  const B* b = warp.lanes<B>(in.operand[2]);
  each(active, [&](int i) { d[i] = F{}(a[i], b[i]); });
}

template <class D, class A, class B, class C, class F>
void ternary(Warp& warp, const Instruction& in, Lanes active) {
  D* d = warp.lanes<D>(in.operand[0]);
  const A* a = warp.lanes<A>(in.operand[1]);
  const B* b = warp.lanes<B>(in.operand[2]);
  const C* c = warp.lanes<C>(in.operand[3]);
  each(active, [&](int i) { d[i] = F{}(a[i], b[i], c[i]); });
}

template <class T, class F>
Operation unaryOperation() {
  return {unary<T, T, F>, 1, {sizeof(T), sizeof(T)}};
}

template <class T, class F>
Operation binaryOperation() {
  return {binary<T, T, T, F>, 1, {sizeof(T), sizeof(T), sizeof(T)}};
}

template <class T, class F>
Operation ternaryOperation() {
  return {ternary<T, T, T, T, F>, 1, {sizeof(T), sizeof(T), sizeof(T), sizeof(T)}};
}

}  // namespace sluice
