// PTX text to a module of decoded kernels.
#pragma once
#include <memory>
#include <string>

#include "program.h"
#include "tokens.h"

namespace sluice {

// The PTX is newer than the driver that the simulator plays.
struct VersionError : ParseError {
  using ParseError::ParseError;
};

// A ParseError names the line of what isn't PTX or isn't known to the machine.
std::unique_ptr<Module> parsePtx(const std::string& source);

}  // namespace sluice
