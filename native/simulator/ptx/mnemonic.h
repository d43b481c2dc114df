// A mnemonic taken apart: the key of its operation, and what stands beside it in an instruction.
#pragma once
#include <string>

#include "program.h"

namespace sluice {

struct Mnemonic {
  std::string key;  // in operations()
  Space space = Space::Generic;
  Rounding rounding = Rounding::Nearest;
  uint8_t vector = 1;
  bool integral = false;  // rni, rzi, rmi, rpi
  bool flush = false;
  bool saturate = false;
  bool floatRules = false;  // the operation must run under other rules than the host's
  bool memory = false;
};

Mnemonic takeApart(const std::string& text);

// Bytes of a type's element, `f32` to 4, or -1.
int typeBytes(const std::string& type);

}  // namespace sluice
