// float32 and float64. The approximate instructions are computed well and rounded once, which is
// within the errors that PTX allows them; they aren't the bits of any GPU.
#include <cmath>
#include <cstring>

#include "operations.h"

namespace sluice {

namespace {

using Add = decltype([](auto a, auto b) { return a + b; });
using Sub = decltype([](auto a, auto b) { return a - b; });
using Mul = decltype([](auto a, auto b) { return a * b; });
using Div = decltype([](auto a, auto b) { return a / b; });
using Fma = decltype([](auto a, auto b, auto c) { return std::fma(a, b, c); });
using Neg = decltype([](auto a) { return -a; });
using Abs = decltype([](auto a) { return std::fabs(a); });
using Rcp = decltype([](auto a) { return decltype(a)(1) / a; });
using Sqrt = decltype([](auto a) { return std::sqrt(a); });
using Rsqrt = decltype([](float a) { return float(1.0 / std::sqrt(double(a))); });
using Ex2 = decltype([](float a) { return std::exp2(a); });
using Lg2 = decltype([](float a) { return std::log2(a); });
using Sin = decltype([](float a) { return std::sin(a); });
using Cos = decltype([](float a) { return std::cos(a); });
using Tanh = decltype([](float a) { return std::tanh(a); });
// For float64 only the upper half of the bits is read and made: a beginning for Newton's method.
double upperHalf(double a) {
  uint64_t bits;
  std::memcpy(&bits, &a, sizeof bits);
  bits &= 0xFFFFFFFF00000000;
  std::memcpy(&a, &bits, sizeof a);
  return a;
}
using GrossRcp = decltype([](double a) { return upperHalf(1 / upperHalf(a)); });
using GrossRsqrt = decltype([](double a) { return upperHalf(1 / std::sqrt(upperHalf(a))); });
// The sign of a, the rest of b.
using CopySign = decltype([](auto a, auto b) { return std::copysign(b, a); });

// A NaN loses against a number, and -0 is less than +0.
struct Min {
  template <class T>
  T operator()(T a, T b) const {
    if (a != a) return b;
    if (b != b) return a;
    return a < b ? a : b < a ? b : std::signbit(a) ? a : b;
  }
};
struct Max {
  template <class T>
  T operator()(T a, T b) const {
    if (a != a) return b;
    if (b != b) return a;
    return a < b ? b : b < a ? a : std::signbit(a) ? b : a;
  }
};

template <class T>
void addType(Operations& table, const std::string& type) {
  table["add." + type] = binaryOperation<T, Add>();
  table["sub." + type] = binaryOperation<T, Sub>();
  table["mul." + type] = binaryOperation<T, Mul>();
  table["div." + type] = binaryOperation<T, Div>();
  table["fma." + type] = ternaryOperation<T, Fma>();
  table["mad." + type] = ternaryOperation<T, Fma>();
  table["neg." + type] = unaryOperation<T, Neg>();
  table["abs." + type] = unaryOperation<T, Abs>();
  table["min." + type] = binaryOperation<T, Min>();
  table["max." + type] = binaryOperation<T, Max>();
  table["rcp." + type] = unaryOperation<T, Rcp>();
  table["sqrt." + type] = unaryOperation<T, Sqrt>();
  table["copysign." + type] = binaryOperation<T, CopySign>();
}

}  // namespace

void addFloatOperations(Operations& table) {
  addType<float>(table, "f32");
  addType<double>(table, "f64");
  table["div.approx.f32"] = table["div.full.f32"] = binaryOperation<float, Div>();
  table["rsqrt.approx.f32"] = unaryOperation<float, Rsqrt>();
  table["rcp.approx.f64"] = unaryOperation<double, GrossRcp>();
  table["rsqrt.approx.f64"] = unaryOperation<double, GrossRsqrt>();
  table["rcp.approx.f32"] = unaryOperation<float, Rcp>();
  table["sqrt.approx.f32"] = unaryOperation<float, Sqrt>();
  table["ex2.approx.f32"] = unaryOperation<float, Ex2>();
  table["lg2.approx.f32"] = unaryOperation<float, Lg2>();
  table["sin.approx.f32"] = unaryOperation<float, Sin>();
  table["cos.approx.f32"] = unaryOperation<float, Cos>();
  table["tanh.approx.f32"] = unaryOperation<float, Tanh>();
}

}  // namespace sluice
