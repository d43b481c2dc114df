// Backend descriptors by themselves: each attribute with each type, and with wrong counts.
#include "../api.h"
#include "library.h"

namespace differential {
namespace {

using namespace sluice::cudnn;

constexpr int TYPES[] = {
    CONVOLUTION_DESCRIPTOR, ENGINE,        ENGINE_CONFIG, HEURISTIC,    PLAN,  FORWARD,
    BACKWARD_FILTER,        BACKWARD_DATA, GRAPH,         VARIANT_PACK, TENSOR};

void* make(int type) {
  void* made = nullptr;
  call("cudnnBackendCreateDescriptor", type, &made);
  return made;
}

int set(void* into, int attribute, int type, int64_t count, const void* elements) {
  return call("cudnnBackendSetAttribute", into, attribute, type, count, elements);
}

/** Pointers made up of numbers kill the real library, so these types come with real ones only. */
bool pointer(int type) { return type == TYPE_BACKEND_DESCRIPTOR || type == TYPE_HANDLE; }

/** Whether an attribute's number is one of the descriptor's own. */
bool own(int descriptor, int name) {
  switch (descriptor) {
    case CONVOLUTION_DESCRIPTOR: return name / 100 == 1;
    case HEURISTIC: return name / 100 == 2;
    case ENGINE_CONFIG: return name / 100 == 3;
    case PLAN: return name / 100 == 4;
    case FORWARD:
    case BACKWARD_DATA:
    case BACKWARD_FILTER: return name / 100 == 7;
    case GRAPH: return name / 100 == 8;
    case TENSOR: return name / 100 == 9;
    case VARIANT_PACK: return name / 100 == 10;
    case ENGINE: return name / 100 == 13;
  }
  return false;
}

void attribute(int descriptor, int name) {
  const int64_t ones[24] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  const std::string what = "set " + text(descriptor, name);
  for (int type = 0; type < 34; type++) {
    // Of an attribute that the descriptor has not, one type is enough.
    if (pointer(type) || (!own(descriptor, name) && type != TYPE_INT64)) continue;
    void* made = make(descriptor);
    const int status = set(made, name, type, 1, &ones[0]);
    line(what + " type " + std::to_string(type), status);
    if (status == 0) {
      for (int64_t count : {-1, 0, 2, 8, 9, 20}) {
        // Text is as long as it says it is.
        if (type == TYPE_CHAR && count < 0) continue;
        void* other = make(descriptor);
        line(what + " type " + std::to_string(type) + " count " + std::to_string(count),
             set(other, name, type, count, &ones[0]));
        call("cudnnBackendDestroyDescriptor", other);
      }
      line(what + " no elements", set(made, name, type, 1, nullptr));
      int64_t count = 0, values[24];
      line(what + " got before finalizing",
           call("cudnnBackendGetAttribute", made, name, type, int64_t{1}, &count, &values[0]));
    }
    call("cudnnBackendDestroyDescriptor", made);
  }
}

/** Descriptors as values: none, and one of the right type that is not finalised. */
void part(int descriptor, int name, int right) {
  const std::string what = "set part " + text(descriptor, name);
  void* none = nullptr;
  line(what + " null",
       guarded([&] { return set(make(descriptor), name, TYPE_BACKEND_DESCRIPTOR, 1, &none); }));
  line(what + " raw " + std::to_string(right), guarded([&] {
         void* raw = make(right);
         return set(make(descriptor), name, TYPE_BACKEND_DESCRIPTOR, 1, &raw);
       }));
}

}  // namespace

void attribute_calls() {
  for (int type = -1; type < 60; type++) {
    void* made = nullptr;
    bool simulated = false;
    for (int each : TYPES) simulated = simulated || each == type;
    // Descriptors of other operations exist in the real library and not in the simulator.
    if (!simulated && type >= 0 && type < 44 && type != 6) continue;
    line("cudnnBackendCreateDescriptor " + std::to_string(type),
         call("cudnnBackendCreateDescriptor", type, &made));
  }
  for (int type : TYPES) {
    // The real library reads a null engine then.
    if (type == ENGINE_CONFIG) continue;
    line("finalize empty " + std::to_string(type),
         guarded([&] { return call("cudnnBackendFinalize", make(type)); }));
    // In steps, since most numbers are no attribute of the type.
    for (int name = 0; name < 1320; name += name % 100 == 17 ? 83 : 1) attribute(type, name);
  }
  part(ENGINE, ENGINE_OPERATION_GRAPH, GRAPH);
  part(ENGINE_CONFIG, ENGINECFG_ENGINE, ENGINE);
  part(HEURISTIC, ENGINEHEUR_GRAPH, GRAPH);
  part(PLAN, PLAN_ENGINE_CONFIG, ENGINE_CONFIG);
  const std::pair<int, int> operations[] = {{FORWARD, FORWARD_ALPHA},
                                            {BACKWARD_DATA, BACKWARD_DATA_ALPHA},
                                            {BACKWARD_FILTER, BACKWARD_FILTER_ALPHA}};
  for (auto [type, first] : operations) {
    part(type, first + 2, CONVOLUTION_DESCRIPTOR);
    for (int name = first + 3; name < first + 6; name++) part(type, name, TENSOR);
    part(GRAPH, GRAPH_OPS, type);
  }
}

}  // namespace differential
