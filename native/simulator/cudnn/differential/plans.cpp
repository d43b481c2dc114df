// usage: plans LIBCUDNN DEVICE.json CONVOLUTIONS. Plans each convolution for a device that is not
// there, by its properties, in each form that the engine asks for, and prints what came of it:
// "FORM CONVOLUTION: returned N finalised N deterministic N exact N workspace LEAST MOST within 0 N
// 16 N 256 N", the last three the exact plans that want at most so many MiB of workspace.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>

#include "../api.h"
#include "library.h"

namespace {

using namespace differential;
using namespace sluice::cudnn;
using Integers = std::vector<int64_t>;

struct Backend {
  void* handle = nullptr;

  explicit Backend(int type) { call("cudnnBackendCreateDescriptor", type, &handle); }
  Backend(const Backend&) = delete;
  ~Backend() { call("cudnnBackendDestroyDescriptor", handle); }

  template <class T>
  Backend& set(int name, int type, const std::vector<T>& values) {
    failed = failed
             || call("cudnnBackendSetAttribute", handle, name, type,
                     static_cast<int64_t>(values.size()), values.data())
                    != 0;
    return *this;
  }
  Backend& part(int name, const Backend& other) {
    return set(name, TYPE_BACKEND_DESCRIPTOR, std::vector<void*>{other.handle});
  }
  Backend& integers(int name, const Integers& values) { return set(name, TYPE_INT64, values); }
  bool finalize() { return !failed && call("cudnnBackendFinalize", handle) == 0; }
  int64_t get(int name, int type, int64_t wanted, void* values) const {
    int64_t count = 0;
    return call("cudnnBackendGetAttribute", handle, name, type, wanted, &count, values) == 0 ? count
                                                                                             : -1;
  }

  bool failed = false;
};

struct Line {
  std::string direction;
  Integers x, w, pad;

  Integers y() const {
    return {x[0], w[0], x[2] + 2 * pad[0] - w[2] + 1, x[3] + 2 * pad[1] - w[3] + 1};
  }
};

Line parse(const std::string& line) {
  std::istringstream in(line);
  Line parsed;
  std::string word;
  int type;
  in >> parsed.direction >> word >> type;
  for (auto [into, n] : {std::pair{&parsed.x, 4}, {&parsed.w, 4}, {&parsed.pad, 2}}) {
    in >> word;
    into->resize(n);
    for (auto& value : *into) in >> value;
  }
  return parsed;
}

/** How a convolution is asked for: what is read, what is written, added to or not, alignment. */
struct Form {
  const char* name;
  int factors;
  int sums;
  double beta = 0;
  int64_t alignment = 16;
};

const Form FORMS[] = {
    {"float32", FLOAT, FLOAT},
    {"float16", HALF, HALF},
    {"bfloat16", BFLOAT16, BFLOAT16},
    {"float64", DOUBLE, DOUBLE},
    {"float32-added", FLOAT, FLOAT, 1},
    {"float32-aligned-to-4", FLOAT, FLOAT, 0, 4},
    {"float32-added-aligned-to-4", FLOAT, FLOAT, 1, 4},
    {"float16-to-float32", HALF, FLOAT},
    {"bfloat16-to-float32", BFLOAT16, FLOAT},
};

/** The graph of a convolution with channels innermost. */
struct Planned {
  Backend x{TENSOR}, w{TENSOR}, y{TENSOR}, convolution{CONVOLUTION_DESCRIPTOR}, operation,
      graph{GRAPH};

  Planned(const Line& line, const Form& form)
      : operation(line.direction == "forward" ? FORWARD
                  : line.direction == "data"  ? BACKWARD_DATA
                                              : BACKWARD_FILTER) {
    const std::string& written = line.direction;
    tensor(x, 1, line.x, written == "data" ? form.sums : form.factors, form.alignment);
    tensor(w, 2, line.w, written == "filter" ? form.sums : form.factors, form.alignment);
    tensor(y, 3, line.y(), written == "forward" ? form.sums : form.factors, form.alignment);
    convolution.integers(CONVOLUTION_SPATIAL_DIMS, {2})
        .set(CONVOLUTION_COMP_TYPE, TYPE_DATA_TYPE,
             std::vector<int>{form.factors == DOUBLE ? DOUBLE : FLOAT})
        .set(CONVOLUTION_CONV_MODE, TYPE_CONVOLUTION_MODE, std::vector<int>{CROSS_CORRELATION})
        .integers(CONVOLUTION_PRE_PADDINGS, line.pad)
        .integers(CONVOLUTION_POST_PADDINGS, line.pad)
        .integers(CONVOLUTION_FILTER_STRIDES, {1, 1})
        .integers(CONVOLUTION_DILATIONS, {1, 1})
        .finalize();
    const int first = line.direction == "forward" ? FORWARD_ALPHA
                      : line.direction == "data"  ? BACKWARD_DATA_ALPHA
                                                  : BACKWARD_FILTER_ALPHA;
    operation.set(first, TYPE_DOUBLE, std::vector<double>{1})
        .set(first + 1, TYPE_DOUBLE, std::vector<double>{form.beta})
        .part(first + 2, convolution)
        .part(first + 3, w)
        .part(first + 4, x)
        .part(first + 5, y);
    good = operation.finalize() && graph.part(GRAPH_OPS, operation).finalize();
  }

  bool good;

 private:
  static void tensor(Backend& into, int64_t uid, const Integers& d, int type, int64_t aligned) {
    into.set(TENSOR_DATA_TYPE, TYPE_DATA_TYPE, std::vector<int>{type})
        .integers(TENSOR_DIMENSIONS, d)
        .integers(TENSOR_STRIDES, {d[1] * d[2] * d[3], 1, d[1] * d[3], d[1]})
        .integers(TENSOR_UNIQUE_ID, {uid})
        .integers(TENSOR_BYTE_ALIGNMENT, {aligned})
        .finalize();
  }
};

struct Outcome {
  int returned = 0, finalised = 0, deterministic = 0, exact = 0;
  int64_t least = -1, most = -1;
  int within[3] = {};
};

const int64_t LIMITS[] = {0, 16, 256};

/** Counts one configuration by its notes and its plan. */
void plan(Backend& config, const Backend& device, bool single, Outcome& outcome) {
  Backend engine(ENGINE), plan(PLAN);
  void* into = engine.handle;
  std::vector<int> notes(16);
  config.get(ENGINECFG_ENGINE, TYPE_BACKEND_DESCRIPTOR, 1, &into);
  notes.resize(std::max<int64_t>(
      0, engine.get(ENGINE_NUMERICAL_NOTE, TYPE_NUMERICAL_NOTE, 16, notes.data())));
  auto has = [&](int note) { return std::find(notes.begin(), notes.end(), note) != notes.end(); };
  outcome.returned++;
  if (!plan.part(PLAN_ENGINE_CONFIG, config).part(PLAN_DEVICEPROP, device).finalize()) return;
  outcome.finalised++;
  if (has(NONDETERMINISTIC)) return;
  outcome.deterministic++;
  // Tensor cores round float32 alone: products of half types are exact on them.
  if (single && (has(TENSOR_CORE) || has(DOWN_CONVERT_INPUTS) || has(REDUCED_PRECISION_REDUCTION)))
    return;
  outcome.exact++;
  int64_t workspace = -1;
  plan.get(PLAN_WORKSPACE_SIZE, TYPE_INT64, 1, &workspace);
  outcome.least = outcome.least < 0 ? workspace : std::min(outcome.least, workspace);
  outcome.most = std::max(outcome.most, workspace);
  for (int i = 0; i < 3; i++) outcome.within[i] += workspace <= LIMITS[i] << 20;
}

void plans(const Backend& device, const std::string& line, const Form& form) {
  const Planned planned(parse(line), form);
  Outcome outcome;
  for (int mode : {MODE_A, FALLBACK}) {
    if (!planned.good || outcome.finalised > 0) break;
    Backend heuristic(HEURISTIC);
    heuristic.part(ENGINEHEUR_GRAPH, planned.graph)
        .set(ENGINEHEUR_MODE, TYPE_HEUR_MODE, std::vector<int>{mode})
        .part(ENGINEHEUR_DEVICEPROP, device);
    if (!heuristic.finalize()) continue;
    std::vector<std::unique_ptr<Backend>> configs;
    std::vector<void*> handles;
    for (int i = 0; i < 64; i++) {
      configs.push_back(std::make_unique<Backend>(ENGINE_CONFIG));
      handles.push_back(configs.back()->handle);
    }
    const int64_t count =
        heuristic.get(ENGINEHEUR_RESULTS, TYPE_BACKEND_DESCRIPTOR, 64, handles.data());
    for (int64_t i = 0; i < count; i++) plan(*configs[i], device, form.factors == FLOAT, outcome);
  }
  std::printf("%s %s: returned %d finalised %d deterministic %d exact %d workspace %ld %ld",
              form.name, line.c_str(), outcome.returned, outcome.finalised, outcome.deterministic,
              outcome.exact, (long)outcome.least, (long)outcome.most);
  std::printf(" within 0 %d 16 %d 256 %d\n", outcome.within[0], outcome.within[1],
              outcome.within[2]);
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) {
    std::fprintf(stderr, "usage: plans LIBCUDNN DEVICE.json CONVOLUTIONS\n");
    return 2;
  }
  open(arguments[1]);
  std::ifstream json(arguments[2]), lines(arguments[3]);
  std::stringstream text;
  text << json.rdbuf();
  const std::string properties = text.str();
  Backend device(DEVICE);
  if (!device
           .set(DEVICEPROP_JSON, TYPE_CHAR,
                std::vector<char>(properties.c_str(), properties.c_str() + properties.size() + 1))
           .finalize()) {
    std::fprintf(stderr, "%s is no device to this cuDNN\n", arguments[2]);
    return 1;
  }
  for (std::string line; std::getline(lines, line);) {
    for (const Form& form : FORMS) plans(device, line, form);
  }
  return 0;
}
