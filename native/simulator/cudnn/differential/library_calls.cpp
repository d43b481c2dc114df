// Versions, names of statuses, and what calls answer when there is no handle.
#include "library.h"

namespace differential {
namespace {

/** Calls that need a handle, with none. */
void without_handle() {
  int32_t id = 0;
  size_t a = 0, b = 0;
  void* address = nullptr;
  float p = 0;
  unsigned long long seed = 0;
  Made rnn("RNN"), data("RNNData"), tensor("Tensor"), dropout("Dropout");
  line("cudnnSetStream no handle",
       guarded([&] { return call("cudnnSetStream", nullptr, nullptr); }));
  line("cudnnGetStream no handle",
       guarded([&] { return call("cudnnGetStream", nullptr, &address); }));
  line("cudnnDestroy no handle", guarded([&] { return call("cudnnDestroy", nullptr); }));
  line("cudnnGetRNNWeightSpaceSize no handle",
       guarded([&] { return call("cudnnGetRNNWeightSpaceSize", nullptr, rnn.handle, &a); }));
  line("cudnnGetRNNTempSpaceSizes no handle", guarded([&] {
         return call("cudnnGetRNNTempSpaceSizes", nullptr, rnn.handle, 1, data.handle, &a, &b);
       }));
  line("cudnnGetRNNWeightParams no handle", guarded([&] {
         return call("cudnnGetRNNWeightParams", nullptr, rnn.handle, id, a, nullptr, id,
                     tensor.handle, &address, tensor.handle, &address);
       }));
  line("cudnnBuildRNNDynamic no handle",
       guarded([&] { return call("cudnnBuildRNNDynamic", nullptr, rnn.handle, 4); }));
  line("cudnnRNNForward no handle", guarded([&] {
         return call("cudnnRNNForward", nullptr, rnn.handle, 0, nullptr, data.handle, nullptr,
                     data.handle, nullptr, tensor.handle, nullptr, nullptr, tensor.handle, nullptr,
                     nullptr, a, nullptr, a, nullptr, a, nullptr);
       }));
  line("cudnnRNNBackwardData_v8 no handle", guarded([&] {
         return call("cudnnRNNBackwardData_v8", nullptr, rnn.handle, nullptr, data.handle, nullptr,
                     nullptr, data.handle, nullptr, tensor.handle, nullptr, nullptr, nullptr,
                     tensor.handle, nullptr, nullptr, nullptr, a, nullptr, a, nullptr, a, nullptr);
       }));
  line("cudnnRNNBackwardWeights_v8 no handle", guarded([&] {
         return call("cudnnRNNBackwardWeights_v8", nullptr, rnn.handle, 0, nullptr, data.handle,
                     nullptr, tensor.handle, nullptr, data.handle, nullptr, a, nullptr, a, nullptr,
                     a, nullptr);
       }));
  line("cudnnDropoutGetStatesSize no handle",
       guarded([&] { return call("cudnnDropoutGetStatesSize", nullptr, &a); }));
  line("cudnnSetDropoutDescriptor no handle", guarded([&] {
         return call("cudnnSetDropoutDescriptor", dropout.handle, nullptr, 0.5f, nullptr, a, seed);
       }));
  line("cudnnGetDropoutDescriptor no handle", guarded([&] {
         return call("cudnnGetDropoutDescriptor", dropout.handle, nullptr, &p, &address, &seed);
       }));
  line("cudnnBackendExecute no handle",
       guarded([&] { return call("cudnnBackendExecute", nullptr, nullptr, nullptr); }));
}

}  // namespace

void library_calls() {
  auto version = reinterpret_cast<size_t (*)()>(function("cudnnGetVersion"));
  line("cudnnGetVersion", static_cast<int>(version()));
  auto most = reinterpret_cast<size_t (*)()>(function("cudnnGetMaxDeviceVersion"));
  line("cudnnGetMaxDeviceVersion", static_cast<int>(most()));
  for (int type = -1; type < 5; type++) {
    int value = -7;
    const int status = guarded([&] { return call("cudnnGetProperty", type, &value); });
    line("cudnnGetProperty " + std::to_string(type), status,
         status == 0 ? (call("cudnnGetProperty", type, &value), text(value)) : "");
  }
  for (const char* part : {"Graph", "Ops", "Cnn", "Adv"}) {
    const auto name = "cudnn" + std::string(part) + "VersionCheck";
    line(name, call(name.c_str()));
  }
  auto name = reinterpret_cast<const char* (*)(int)>(function("cudnnGetErrorString"));
  for (int status = 0; status < 6000; status++) {
    // Every status that there is lies in the first 32 of a thousand.
    if (status % 1000 < 32) line("cudnnGetErrorString " + std::to_string(status), 0, name(status));
  }
  without_handle();
}

}  // namespace differential
