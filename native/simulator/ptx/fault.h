// What stops a kernel: the status that the driver would return from then on, and why.
#pragma once
#include <cstdarg>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace sluice {

enum FaultStatus {
  ILLEGAL_ADDRESS = 700,
  LAUNCH_TIMEOUT = 702,
  ILLEGAL_INSTRUCTION = 715,
  MISALIGNED_ADDRESS = 716,
  // Also what no hardware would notice: races, reads of what was never written.
  LAUNCH_FAILED = 719,
};

struct Fault : std::runtime_error {
  Fault(int status, const std::string& reason) : std::runtime_error(reason), status(status) {}
  int status;
};

[[gnu::format(printf, 1, 2)]] inline std::string text(const char* format, ...) {
  char buffer[1024];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(buffer, sizeof buffer, format, arguments);
  va_end(arguments);
  return buffer;
}

}  // namespace sluice
