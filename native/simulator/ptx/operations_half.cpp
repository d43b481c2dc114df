// float16, one or two in a register. (bfloat16 arithmetic begins at compute_80; kernels for 75
// compute it in float32 and integers.)
#include <cmath>

#include "operations.h"

namespace sluice {

namespace {

using Half = _Float16;
struct Half2 {
  Half low, high;
};

using Add = decltype([](Half a, Half b) { return Half(float(a) + float(b)); });
using Sub = decltype([](Half a, Half b) { return Half(float(a) - float(b)); });
using Mul = decltype([](Half a, Half b) { return Half(float(a) * float(b)); });
struct Fma {
  // The product is exact in double and the sum nearly always: rounded once.
  Half operator()(Half a, Half b, Half c) const { return Half(double(a) * double(b) + double(c)); }
};
using Neg = decltype([](Half a) { return -a; });
using Abs = decltype([](Half a) { return Half(std::fabs(float(a))); });
using Min = decltype([](Half a, Half b) { return a != a ? b : b != b ? a : b < a ? b : a; });
using Max = decltype([](Half a, Half b) { return a != a ? b : b != b ? a : a < b ? b : a; });
using Ex2 = decltype([](Half a) { return Half(std::exp2(float(a))); });
using Tanh = decltype([](Half a) { return Half(std::tanh(float(a))); });

template <class F>
struct Both {
  Half2 operator()(Half2 a) const { return {F{}(a.low), F{}(a.high)}; }
  Half2 operator()(Half2 a, Half2 b) const { return {F{}(a.low, b.low), F{}(a.high, b.high)}; }
  Half2 operator()(Half2 a, Half2 b, Half2 c) const {
    return {F{}(a.low, b.low, c.low), F{}(a.high, b.high, c.high)};
  }
};

template <class F>
void addUnary(Operations& table, const std::string& name) {
  table[name + ".f16"] = unaryOperation<Half, F>();
  table[name + ".f16x2"] = unaryOperation<Half2, Both<F>>();
}

template <class F>
void addBinary(Operations& table, const std::string& name) {
  table[name + ".f16"] = binaryOperation<Half, F>();
  table[name + ".f16x2"] = binaryOperation<Half2, Both<F>>();
}

}  // namespace

void addHalfOperations(Operations& table) {
  addBinary<Add>(table, "add");
  addBinary<Sub>(table, "sub");
  addBinary<Mul>(table, "mul");
  addBinary<Min>(table, "min");
  addBinary<Max>(table, "max");
  addUnary<Neg>(table, "neg");
  addUnary<Abs>(table, "abs");
  addUnary<Ex2>(table, "ex2.approx");
  addUnary<Tanh>(table, "tanh.approx");
  table["fma.f16"] = ternaryOperation<Half, Fma>();
  table["fma.f16x2"] = ternaryOperation<Half2, Both<Fma>>();
}

}  // namespace sluice
