// Element types of device memory, their conversion to what products are computed in, and the
// roundings that reduced math modes apply to inputs.
#pragma once
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sluice {

enum class Element { f32, f64, f16, bf16 };

/** What a math mode does to float32 inputs before they are multiplied. */
enum class Rounding { none, tf32, f16, bf16 };

inline size_t bytes(Element type) {
  return type == Element::f64 ? 8 : type == Element::f32 ? 4 : 2;
}

inline float half_to_float(uint16_t bits) { return std::bit_cast<_Float16>(bits); }

inline uint16_t float_to_half(float value) {
  return std::bit_cast<uint16_t>(static_cast<_Float16>(value));
}

inline float bfloat_to_float(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

/** To nearest, ties to even. */
inline uint16_t float_to_bfloat(float value) {
  if (std::isnan(value)) return 0x7fff;
  const auto bits = std::bit_cast<uint32_t>(value);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/** 10 bits of mantissa, to nearest, ties away from zero, as `cvt.rna.tf32.f32`. */
inline float float_to_tf32(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7f800000) == 0x7f800000) return value;
  return std::bit_cast<float>((bits + 0x1000) & 0xffffe000);
}

inline float round(Rounding how, float value) {
  switch (how) {
    case Rounding::none: return value;
    case Rounding::tf32: return float_to_tf32(value);
    case Rounding::f16: return half_to_float(float_to_half(value));
    case Rounding::bf16: return bfloat_to_float(float_to_bfloat(value));
  }
  return value;
}

template <class T>
T load(Element type, const void* base, size_t index) {
  const char* at = static_cast<const char*>(base) + index * bytes(type);
  if (type == Element::f64) {
    double value;
    std::memcpy(&value, at, 8);
    return static_cast<T>(value);
  }
  if (type == Element::f32) {
    float value;
    std::memcpy(&value, at, 4);
    return value;
  }
  uint16_t bits;
  std::memcpy(&bits, at, 2);
  return type == Element::f16 ? half_to_float(bits) : bfloat_to_float(bits);
}

template <class T>
void store(Element type, void* base, size_t index, T value) {
  char* at = static_cast<char*>(base) + index * bytes(type);
  if (type == Element::f64) {
    const double wide = value;
    std::memcpy(at, &wide, 8);
  } else if (type == Element::f32) {
    const float single = static_cast<float>(value);
    std::memcpy(at, &single, 4);
  } else {
    const float single = static_cast<float>(value);
    const uint16_t bits = type == Element::f16 ? float_to_half(single) : float_to_bfloat(single);
    std::memcpy(at, &bits, 2);
  }
}

/** Converts n elements that lie side by side. */
template <class T>
void widen(Element type, const void* from, size_t n, T* to) {
  for (size_t i = 0; i < n; i++) to[i] = load<T>(type, from, i);
}

template <class T>
void narrow(Element type, const T* from, size_t n, void* to) {
  for (size_t i = 0; i < n; i++) store<T>(type, to, i, from[i]);
}

}  // namespace sluice
