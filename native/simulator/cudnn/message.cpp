#include "message.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string>

#include "../device.h"

namespace {

/** cudnnDebug_t */
struct Debug {
  unsigned version;
  int status;
  unsigned seconds, microseconds, delta;
  void *handle, *stream;
  unsigned long long pid, tid;
  int device;
  int reserved[15];
};

using Callback = void (*)(int severity, void* user, const Debug* debug, const char* message);

constexpr int ERROR = 1, WARNING = 2;

unsigned mask = 0;
void* user = nullptr;
Callback callback = nullptr;

thread_local std::string last_error;
thread_local const char* current_call = "";

void tell(int severity, int status, const std::string& reason) {
  if (callback == nullptr || (mask & 1u << severity) == 0) return;
  Debug debug{};
  debug.version = sluice::cudnn::VERSION;
  debug.status = status;
  debug.pid = getpid();
  debug.tid = syscall(SYS_gettid);
  // Lines end in NUL, the list in another one.
  std::string lines = std::string(severity == ERROR ? "Error: " : "Warning: ") + reason
                      + " in call to " + current_call + "()";
  lines.push_back('\0');
  callback(severity, user, &debug, lines.c_str());
}

}  // namespace

namespace sluice::cudnn {

int fail(int status, const char* format, ...) {
  char reason[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(reason, sizeof reason, format, arguments);
  va_end(arguments);
  const bool unsupported = status / 1000 == 3;
  last_error = unsupported ? "" : reason;
  tell(unsupported ? WARNING : ERROR, status, reason);
  return status;
}

int enter(const char* call) {
  current_call = call;
  const int injected = sluice_sim_enter(call);
  return injected == 0 ? SUCCESS : fail(injected, "a failure was injected");
}

}  // namespace sluice::cudnn

extern "C" {

void cudnnGetLastErrorString(char* message, size_t size) {
  if (message == nullptr || size == 0) return;
  std::snprintf(message, size, "%s", last_error.c_str());
  last_error.clear();
}

int cudnnSetCallback(unsigned chosen, void* data, Callback function) {
  mask = function == nullptr ? 0 : chosen;
  user = data;
  callback = function;
  return 0;
}

int cudnnGetCallback(unsigned* chosen, void** data, Callback* function) {
  if (chosen != nullptr) *chosen = mask;
  if (data != nullptr) *data = user;
  if (function != nullptr) *function = callback;
  return 0;
}
}
