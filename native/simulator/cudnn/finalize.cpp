// What makes a descriptor whole: its attributes checked, its part made.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "descriptor.h"
#include "engines.h"
#include "message.h"
#include "tensor.h"

namespace sluice::cudnn {
namespace {

using Integers = std::vector<int64_t>;

/** So that a caller may ask for what is as it was by default. */
template <class T>
void put(Descriptor& into, int attribute, int type, const std::vector<T>& elements) {
  const char* from = reinterpret_cast<const char*>(elements.data());
  into.values[attribute] = {type,
                            static_cast<int64_t>(elements.size()),
                            std::string(from, elements.size() * sizeof(T)),
                            {}};
}

template <class T>
void otherwise(Descriptor& into, int attribute, int type, T value) {
  if (into.value(attribute) == nullptr) put<T>(into, attribute, type, {value});
}

constexpr int LAST_TYPE = 21;

/** Vectors of integers are no type of the backend. */
bool vectorized(int type) { return type == 5 || type == 7 || type == 8; }

int finalize_tensor(Descriptor& d) {
  auto dims = d.integers(TENSOR_DIMENSIONS), strides = d.integers(TENSOR_STRIDES);
  if (dims.empty()) return fail(BAD_PARAM, "_nbDims < 1");
  for (auto dim : dims) {
    if (dim < 0) return fail(BAD_PARAM, "Tensor dimension has invalid size %ld", (long)dim);
  }
  for (auto stride : strides) {
    if (stride < 0) return fail(BAD_PARAM, "Tensor stride %ld is negative", (long)stride);
  }
  if (strides.size() != dims.size())
    return fail(BAD_PARAM, "strides: %zu for %zu dimensions", strides.size(), dims.size());
  otherwise<int>(d, TENSOR_DATA_TYPE, TYPE_DATA_TYPE, FLOAT);
  otherwise<int64_t>(d, TENSOR_UNIQUE_ID, TYPE_INT64, -1);
  const auto type = d.first<int>(TENSOR_DATA_TYPE, 0);
  if (type < 0 || type > LAST_TYPE || type == 14) return fail(BAD_PARAM, "data type %d", type);
  if (vectorized(type)) return fail(NOT_SUPPORTED, "data type %d", type);
  const auto alignment = d.first<int64_t>(TENSOR_BYTE_ALIGNMENT, 0);
  const int64_t size = legacy_bytes(type) == 0 ? 1 : legacy_bytes(type);
  if (alignment < 1 || alignment % size != 0)
    return fail(BAD_PARAM, "byte alignment %ld", (long)alignment);
  otherwise<int64_t>(d, TENSOR_VECTOR_COUNT, TYPE_INT64, 1);
  otherwise<int64_t>(d, TENSOR_VECTORIZED_DIMENSION, TYPE_INT64, -1);
  otherwise<char>(d, TENSOR_IS_VIRTUAL, TYPE_BOOLEAN, 0);
  otherwise<char>(d, TENSOR_IS_BY_VALUE, TYPE_BOOLEAN, 0);
  otherwise<int>(d, TENSOR_REORDERING_MODE, TYPE_REORDERING_MODE, 0);
  d.made = Tensor{type,      dims,
                  strides,   d.first<int64_t>(TENSOR_UNIQUE_ID, 0),
                  alignment, d.first<char>(TENSOR_IS_VIRTUAL, 0) != 0};
  return SUCCESS;
}

int finalize_convolution(Descriptor& d) {
  const auto spatial = d.first<int64_t>(CONVOLUTION_SPATIAL_DIMS, 0);
  for (int paddings : {CONVOLUTION_PRE_PADDINGS, CONVOLUTION_POST_PADDINGS}) {
    if (d.value(paddings) == nullptr)
      put<int64_t>(d, paddings, TYPE_INT64, Integers(std::max<int64_t>(spatial, 0)));
  }
  otherwise<int>(d, CONVOLUTION_COMP_TYPE, TYPE_DATA_TYPE, FLOAT);
  Convolution made{d.first<int>(CONVOLUTION_COMP_TYPE, FLOAT),
                   d.first<int>(CONVOLUTION_CONV_MODE, 0) == CONVOLUTION,
                   d.integers(CONVOLUTION_PRE_PADDINGS),
                   d.integers(CONVOLUTION_POST_PADDINGS),
                   d.integers(CONVOLUTION_FILTER_STRIDES),
                   d.integers(CONVOLUTION_DILATIONS)};
  if (spatial < 1) return fail(BAD_PARAM, "finalize_internal()");
  for (auto* each : {&made.before, &made.after, &made.stride, &made.dilation}) {
    if (static_cast<int64_t>(each->size()) != spatial)
      return fail(BAD_PARAM, "finalize_internal()");
  }
  for (int64_t i = 0; i < spatial; i++) {
    if (made.before[i] < 0 || made.after[i] < 0 || made.stride[i] < 1 || made.dilation[i] < 1) {
      return fail(BAD_PARAM, "finalize_internal()");
    }
  }
  d.made = std::move(made);
  return SUCCESS;
}

/** The attributes of an operation, in the order alpha, beta, convolution, w, x, y. */
struct Names {
  Direction direction;
  int alpha, beta, convolution, w, x, y;
};

Names names(int type) {
  if (type == FORWARD) {
    return {Direction::forward, FORWARD_ALPHA, FORWARD_BETA, FORWARD_CONV,
            FORWARD_W,          FORWARD_X,     FORWARD_Y};
  }
  if (type == BACKWARD_DATA) {
    return {Direction::data, BACKWARD_DATA_ALPHA, BACKWARD_DATA_BETA, BACKWARD_DATA_CONV,
            BACKWARD_DATA_W, BACKWARD_DATA_DX,    BACKWARD_DATA_DY};
  }
  return {Direction::filter,  BACKWARD_FILTER_ALPHA, BACKWARD_FILTER_BETA, BACKWARD_FILTER_CONV,
          BACKWARD_FILTER_DW, BACKWARD_FILTER_X,     BACKWARD_FILTER_DY};
}

/** Whether y has the size that x, w and the convolution give it. */
bool fits(const Tensor& x, const Tensor& w, const Tensor& y, const Convolution& c) {
  const size_t spatial = c.stride.size();
  if (x.dims.size() != spatial + 2 || w.dims.size() != spatial + 2 || y.dims.size() != spatial + 2)
    return false;
  if (y.dims[0] != x.dims[0] || y.dims[1] != w.dims[0] || x.dims[1] % w.dims[1] != 0) return false;
  for (size_t i = 0; i < spatial; i++) {
    const int64_t window = (w.dims[i + 2] - 1) * c.dilation[i] + 1;
    const int64_t room = x.dims[i + 2] + c.before[i] + c.after[i] - window;
    if (room < 0 || y.dims[i + 2] != room / c.stride[i] + 1) return false;
  }
  return true;
}

/** Appends the operation to the file that SLUICE_SIMULATOR_CONVOLUTIONS names: what the real cuDNN
 * is to plan. */
void log(const Operation& o) {
  const char* name = std::getenv("SLUICE_SIMULATOR_CONVOLUTIONS");
  if (name == nullptr) return;
  std::FILE* file = std::fopen(name, "a");
  if (file == nullptr) return;
  static constexpr const char* directions[] = {"forward", "data", "filter"};
  std::fprintf(file, "%s type %d", directions[static_cast<int>(o.direction)], o.x.type);
  for (const auto& [what, values] :
       {std::pair{"x", &o.x.dims}, {"w", &o.w.dims}, {"pad", &o.convolution.before}}) {
    std::fprintf(file, " %s", what);
    for (auto value : *values) std::fprintf(file, " %ld", (long)value);
  }
  std::fprintf(file, "\n");
  std::fclose(file);
}

int finalize_operation(Descriptor& d) {
  const Names name = names(d.type);
  auto* x = d.part<Tensor>(name.x);
  auto* w = d.part<Tensor>(name.w);
  auto* y = d.part<Tensor>(name.y);
  auto* convolution = d.part<Convolution>(name.convolution);
  if (x == nullptr || w == nullptr || y == nullptr || convolution == nullptr) {
    return fail(BAD_PARAM,
                "(!xDesc.isFinalized()) || (!wDesc.isFinalized()) || (!cDesc.isFinalized()) || "
                "(!yDesc.isFinalized())");
  }
  if (!fits(*x, *w, *y, *convolution))
    return fail(BAD_PARAM, "the shapes of x, w and y do not fit");
  otherwise<double>(d, name.alpha, TYPE_DOUBLE, 1);
  otherwise<double>(d, name.beta, TYPE_DOUBLE, 0);
  Operation made{name.direction,
                 *x,
                 *w,
                 *y,
                 *convolution,
                 d.first<double>(name.alpha, 1),
                 d.first<double>(name.beta, 0)};
  log(made);
  d.made = std::move(made);
  return SUCCESS;
}

int finalize_graph(Descriptor& d) {
  const Value* operations = d.value(GRAPH_OPS);
  if (operations == nullptr) return fail(BAD_PARAM, "outputGraph.buildDAG()");
  if (operations->count > 1)
    return fail(NOT_SUPPORTED_GRAPH_PATTERN, "the simulator has graphs of one operation");
  auto* operation = d.part<Operation>(GRAPH_OPS);
  if (operation == nullptr) return fail(BAD_PARAM, "outputGraph.buildDAG()");
  Graph graph{*operation, d.first<void*>(GRAPH_HANDLE, nullptr)};
  put<int64_t>(d, GRAPH_ENGINE_GLOBAL_COUNT, TYPE_INT64, {ENGINES});
  d.made = std::move(graph);
  return SUCCESS;
}

DescriptorPtr engine_descriptor(const Engine& engine) {
  auto made = std::make_shared<Descriptor>(ENGINE);
  put<int64_t>(*made, ENGINE_GLOBAL_INDEX, TYPE_INT64, {engine.index});
  put<int>(*made, ENGINE_NUMERICAL_NOTE, TYPE_NUMERICAL_NOTE, engine.notes);
  put<int>(*made, ENGINE_BEHAVIOR_NOTE, TYPE_BEHAVIOR_NOTE, {});
  made->values[ENGINE_KNOB_INFO] = {TYPE_BACKEND_DESCRIPTOR, 0, {}, {}};
  made->made = engine;
  made->finalized = true;
  return made;
}

DescriptorPtr config_descriptor(DescriptorPtr engine) {
  auto made = std::make_shared<Descriptor>(ENGINE_CONFIG);
  made->made = std::get<Engine>(engine->made);
  made->values[ENGINECFG_ENGINE] = {TYPE_BACKEND_DESCRIPTOR, 1, {}, {std::move(engine)}};
  made->values[ENGINECFG_KNOB_CHOICES] = {TYPE_BACKEND_DESCRIPTOR, 0, {}, {}};
  made->finalized = true;
  return made;
}

int finalize_heuristic(Descriptor& d) {
  auto* graph = d.part<Graph>(ENGINEHEUR_GRAPH);
  if (graph == nullptr) return fail(BAD_PARAM, "nullptr == opset_ptr");
  const int mode = d.first<int>(ENGINEHEUR_MODE, -1);
  if (mode < INSTANT || mode > MODE_A) return fail(BAD_PARAM, "heuristic mode %d", mode);
  Heuristic heuristic{suggested(*graph, mode)};
  Value results{TYPE_BACKEND_DESCRIPTOR, 0, {}, {}};
  for (const auto& engine : heuristic.engines) {
    results.descriptors.push_back(config_descriptor(engine_descriptor(engine)));
    results.count++;
  }
  d.values[ENGINEHEUR_RESULTS] = std::move(results);
  d.made = std::move(heuristic);
  return SUCCESS;
}

int finalize_engine(Descriptor& d) {
  auto* graph = d.part<Graph>(ENGINE_OPERATION_GRAPH);
  if (graph == nullptr)
    return fail(BAD_PARAM_NULL_POINTER,
                "Received null pointer on operation set at: nullptr == opset_ptr");
  const auto index = d.first<int64_t>(ENGINE_GLOBAL_INDEX, -1);
  auto found = engine(*graph, index);
  if (!found) return fail(NOT_SUPPORTED, "engine %ld does not do this graph", (long)index);
  auto values = engine_descriptor(*found)->values;
  values.merge(d.values);
  d.values = std::move(values);
  d.made = *found;
  return SUCCESS;
}

int finalize_config(Descriptor& d) {
  auto* engine = d.part<Engine>(ENGINECFG_ENGINE);
  if (engine == nullptr) return fail(BAD_PARAM, "no engine");
  d.made = *engine;
  return SUCCESS;
}

int finalize_plan(Descriptor& d) {
  auto* engine = d.part<Engine>(PLAN_ENGINE_CONFIG);
  if (engine == nullptr) return fail(BAD_PARAM_NOT_FINALIZED, "assert_finalized == true");
  void* handle = d.first<void*>(PLAN_HANDLE, nullptr);
  if (handle == nullptr && d.value(PLAN_DEVICEPROP) == nullptr) {
    return fail(BAD_PARAM_NULL_POINTER, "neither a handle nor device properties are set");
  }
  if (engine->refused)
    return fail(NOT_SUPPORTED, "engine %s is refused by the simulator", engine->name);
  put<int64_t>(d, PLAN_WORKSPACE_SIZE, TYPE_INT64, {engine->workspace});
  put<int64_t>(d, PLAN_COMPUTED_INTERMEDIATE_UIDS, TYPE_INT64, {});
  char json[160];
  std::snprintf(json, sizeof json,
                "{\"simulated\":true,\"engine\":%ld,\"name\":\"%s\",\"workspace\":%ld}",
                (long)engine->index, engine->name, (long)engine->workspace);
  put<char>(d, PLAN_JSON, TYPE_CHAR, std::vector<char>(json, json + std::strlen(json) + 1));
  d.made = Plan{*engine, handle};
  return SUCCESS;
}

int finalize_pack(Descriptor& d) {
  auto* pointers = d.value(PACK_DATA_POINTERS);
  d.made = Pack{d.integers(PACK_UNIQUE_IDS),
                pointers == nullptr ? std::vector<void*>{} : pointers->all<void*>(),
                d.first<void*>(PACK_WORKSPACE, nullptr)};
  return SUCCESS;
}

int finalize_device(Descriptor& d) {
  if (d.value(DEVICEPROP_JSON) == nullptr) {
    static const char json[] = "{\"simulated\":true}";
    put<char>(d, DEVICEPROP_JSON, TYPE_CHAR, std::vector<char>(json, json + sizeof json));
  }
  return SUCCESS;
}

}  // namespace

int finalize(Descriptor& d) {
  switch (d.type) {
    case TENSOR: return finalize_tensor(d);
    case CONVOLUTION_DESCRIPTOR: return finalize_convolution(d);
    case FORWARD:
    case BACKWARD_DATA:
    case BACKWARD_FILTER: return finalize_operation(d);
    case GRAPH: return finalize_graph(d);
    case HEURISTIC: return finalize_heuristic(d);
    case ENGINE: return finalize_engine(d);
    case ENGINE_CONFIG: return finalize_config(d);
    case PLAN: return finalize_plan(d);
    case VARIANT_PACK: return finalize_pack(d);
    case DEVICE: return finalize_device(d);
  }
  return fail(BAD_PARAM, "descriptor type %d", d.type);
}

}  // namespace sluice::cudnn
