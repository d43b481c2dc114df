// Copies, packing of small registers into large ones, and changes of address space.
#include "operations.h"

namespace sluice {

namespace {

template <class T>
void move(Warp& warp, const Instruction& in, Lanes active) {
  T* d = warp.lanes<T>(in.operand[0]);
  const T* a = warp.lanes<T>(in.operand[1]);
  each(active, [&](int i) { d[i] = a[i]; });
}

void movePredicate(Warp& warp, const Instruction& in, Lanes active) {
  Lanes& d = warp.predicate(in.operand[0]);
  d = (d & ~active) | (warp.predicate(in.operand[1]) & active);
}

template <class T, class Part>
void pack(Warp& warp, const Instruction& in, Lanes active) {
  Part* d = reinterpret_cast<Part*>(warp.lanes<T>(in.operand[0]));
  constexpr int N = sizeof(T) / sizeof(Part);
  for (int k = 0; k < N; k++) {
    const Part* a = warp.lanes<Part>(in.operand[1 + k]);
    each(active, [&](int i) { d[N * i + k] = a[i]; });
  }
}

template <class T, class Part>
void unpack(Warp& warp, const Instruction& in, Lanes active) {
  constexpr int N = sizeof(T) / sizeof(Part);
  Part copy[N * LANES];
  std::memcpy(copy, warp.bytes(in.operand[N]), sizeof copy);
  for (int k = 0; k < N; k++) {
    Part* d = warp.lanes<Part>(in.operand[k]);
    each(active, [&](int i) { d[i] = copy[N * i + k]; });
  }
}

template <uint64_t DIFFERENCE>
void shift(Warp& warp, const Instruction& in, Lanes active) {
  uint64_t* d = warp.lanes<uint64_t>(in.operand[0]);
  const uint64_t* a = warp.lanes<uint64_t>(in.operand[1]);
  each(active, [&](int i) { d[i] = a[i] + DIFFERENCE; });
}

template <class T>
void addMoves(Operations& table, std::initializer_list<const char*> types) {
  constexpr uint8_t N = sizeof(T);
  for (const char* type : types) table[std::string("mov.") + type] = {move<T>, 1, {N, N}};
}

}  // namespace

void addMoveOperations(Operations& table) {
  addMoves<uint16_t>(table, {"b16", "u16", "s16", "f16"});
  addMoves<uint32_t>(table, {"b32", "u32", "s32", "f32"});
  addMoves<uint64_t>(table, {"b64", "u64", "s64", "f64"});
  table["mov.pred"] = {movePredicate, 1, {0, 0}};
  table["pack2.b32"] = {pack<uint32_t, uint16_t>, 1, {4, 2, 2}};
  table["pack2.b64"] = {pack<uint64_t, uint32_t>, 1, {8, 4, 4}};
  table["pack4.b64"] = {pack<uint64_t, uint16_t>, 1, {8, 2, 2, 2, 2}};
  table["unpack2.b32"] = {unpack<uint32_t, uint16_t>, 2, {2, 2, 4}};
  table["unpack2.b64"] = {unpack<uint64_t, uint32_t>, 2, {4, 4, 8}};
  table["unpack4.b64"] = {unpack<uint64_t, uint16_t>, 4, {2, 2, 2, 2, 8}};
  for (const char* same :
       {"cvta.global.u64", "cvta.to.global.u64", "cvta.const.u64", "cvta.to.const.u64"})
    table[same] = {move<uint64_t>, 1, {8, 8}};
  table["cvta.shared.u64"] = {shift<SHARED_WINDOW>, 1, {8, 8}};
  table["cvta.to.shared.u64"] = {shift<0 - SHARED_WINDOW>, 1, {8, 8}};
  table["cvta.local.u64"] = {shift<LOCAL_WINDOW>, 1, {8, 8}};
  table["cvta.to.local.u64"] = {shift<0 - LOCAL_WINDOW>, 1, {8, 8}};
}

}  // namespace sluice
