// Calls into whichever libcudnn was opened, by name, and a line of output for each.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace differential {

/** Opens a libcudnn, or ends the process. */
void open(const char* path);

/** The address of a function; ends the process when the library lacks it. */
void* function(const char* name);

template <class... Arguments>
int call(const char* name, Arguments... arguments) {
  return reinterpret_cast<int (*)(Arguments...)>(function(name))(arguments...);
}

/** Prints "what = status values": what both libraries must print alike. */
void line(const std::string& what, int status, const std::string& values = "");

/** Runs a call in a process of its own, since the real library may die of it: -1 then. */
template <class Call>
int guarded(Call call);

int guarded_run(int (*run)(void*), void* context);

template <class Call>
int guarded(Call call) {
  return guarded_run([](void* context) { return (*static_cast<Call*>(context))(); }, &call);
}

/** [1,2.5,3] */
std::string list(const std::vector<double>& values);

template <class T>
std::string text(const std::vector<T>& values) {
  return list(std::vector<double>(values.begin(), values.end()));
}

template <class... Values>
std::string text(Values... values) {
  return list({static_cast<double>(values)...});
}

/** A descriptor made by cudnnCreate<kind>Descriptor, destroyed with the object. */
class Made {
 public:
  explicit Made(const std::string& kind) : kind_(kind) {
    line("cudnnCreate" + kind + "Descriptor",
         call(("cudnnCreate" + kind + "Descriptor").c_str(), &handle));
  }
  Made(const Made&) = delete;
  ~Made() {
    line("cudnnDestroy" + kind_ + "Descriptor",
         call(("cudnnDestroy" + kind_ + "Descriptor").c_str(), handle));
  }

  void* handle = nullptr;

 private:
  std::string kind_;
};

void library_calls();
void tensor_calls();
void dropout_calls();
void rnn_calls();
void rnn_data_calls();
void attribute_calls();
void graph_calls();

}  // namespace differential
