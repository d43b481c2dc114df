#include "library.h"

#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace differential {
namespace {

void* library = nullptr;

}  // namespace

void open(const char* path) {
  library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    std::exit(2);
  }
}

void* function(const char* name) {
  void* found = dlsym(library, name);
  if (found == nullptr) {
    std::fprintf(stderr, "the library has no %s\n", name);
    std::exit(2);
  }
  return found;
}

void line(const std::string& what, int status, const std::string& values) {
  std::printf("%s = %d%s%s\n", what.c_str(), status, values.empty() ? "" : " ", values.c_str());
}

std::string list(const std::vector<double>& values) {
  std::string all = "[";
  for (double value : values) {
    char each[32];
    std::snprintf(each, sizeof each, "%s%.12g", all.size() > 1 ? "," : "", value);
    all += each;
  }
  return all + "]";
}

int guarded_run(int (*run)(void*), void* context) {
  int ends[2], status = -1;
  if (pipe(ends) != 0) std::exit(2);
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    const int result = run(context);
    _exit(write(ends[1], &result, sizeof result) == sizeof result ? 0 : 2);
  }
  close(ends[1]);
  if (read(ends[0], &status, sizeof status) != sizeof status) status = -1;
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return status;
}

}  // namespace differential
