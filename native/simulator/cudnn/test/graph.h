// Convolution graphs built as a caller builds them, through cuDNN's backend calls only.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "../api.h"
#include "check.h"

extern "C" {
int cudnnCreate(void**);
int cudnnDestroy(void*);
int cudnnSetStream(void*, void*);
int cudnnBackendCreateDescriptor(int, void**);
int cudnnBackendDestroyDescriptor(void*);
int cudnnBackendSetAttribute(void*, int, int, int64_t, const void*);
int cudnnBackendGetAttribute(void*, int, int, int64_t, int64_t*, void*);
int cudnnBackendFinalize(void*);
int cudnnBackendExecute(void*, void*, void*);
}

namespace check {

using namespace sluice::cudnn;
using Integers = std::vector<int64_t>;

/** A backend descriptor, destroyed with the object. */
class Backend {
 public:
  explicit Backend(int type) {
    status(0, cudnnBackendCreateDescriptor(type, &handle_), "cudnnBackendCreateDescriptor");
  }
  Backend(const Backend&) = delete;
  ~Backend() { status(0, cudnnBackendDestroyDescriptor(handle_), "cudnnBackendDestroyDescriptor"); }

  template <class T>
  Backend& set(int attribute, int type, const std::vector<T>& values) {
    status(0, cudnnBackendSetAttribute(handle_, attribute, type, values.size(), values.data()),
           "cudnnBackendSetAttribute");
    return *this;
  }
  Backend& set(int attribute, const Backend& part) {
    return set(attribute, TYPE_BACKEND_DESCRIPTOR, std::vector<void*>{part.handle_});
  }
  Backend& integer(int attribute, int64_t value) {
    return set(attribute, TYPE_INT64, Integers{value});
  }

  int try_finalize() { return cudnnBackendFinalize(handle_); }
  Backend& finalize() {
    status(0, try_finalize(), "cudnnBackendFinalize");
    return *this;
  }
  template <class T>
  T get(int attribute, int type) const {
    T value{};
    int64_t count;
    status(0, cudnnBackendGetAttribute(handle_, attribute, type, 1, &count, &value),
           "cudnnBackendGetAttribute");
    return value;
  }
  void* handle() const { return handle_; }

 private:
  void* handle_ = nullptr;
};

struct Shape {
  int64_t N, C, H, W, K, R, S;
  int64_t pad = 1, stride = 1, dilation = 1;
  int mode = CROSS_CORRELATION;

  int64_t P() const { return (H + 2 * pad - (R - 1) * dilation - 1) / stride + 1; }
  int64_t Q() const { return (W + 2 * pad - (S - 1) * dilation - 1) / stride + 1; }
};

/** Strides of dimensions A, B, C, D with B innermost, or all in order; `wide` elements from pixel
 * to pixel. */
inline Integers strides(const Integers& d, bool channels_last, int64_t wide = 0) {
  const int64_t c = wide == 0 ? d[1] : wide;
  if (channels_last) return {d[2] * d[3] * c, 1, d[3] * c, c};
  return {d[1] * d[2] * d[3], d[2] * d[3], d[3], 1};
}

/** The operation graph of one convolution, on unique ids 1, 2, 3 for x, w, y. */
struct ConvolutionGraph {
  Backend x{TENSOR}, w{TENSOR}, y{TENSOR}, convolution{CONVOLUTION_DESCRIPTOR}, operation,
      graph{GRAPH};

  ConvolutionGraph(void* handle, const Shape& s, int direction, int type, bool last, double alpha,
                   double beta, int64_t wide_x = 0, int64_t wide_y = 0)
      : operation(direction) {
    tensor(x, 1, type, {s.N, s.C, s.H, s.W}, strides({s.N, s.C, s.H, s.W}, last, wide_x));
    tensor(w, 2, type, {s.K, s.C, s.R, s.S}, strides({s.K, s.C, s.R, s.S}, last));
    tensor(y, 3, type, {s.N, s.K, s.P(), s.Q()}, strides({s.N, s.K, s.P(), s.Q()}, last, wide_y));
    convolution.integer(CONVOLUTION_SPATIAL_DIMS, 2)
        .set(CONVOLUTION_COMP_TYPE, TYPE_DATA_TYPE,
             std::vector<int>{type == DOUBLE ? DOUBLE : FLOAT})
        .set(CONVOLUTION_CONV_MODE, TYPE_CONVOLUTION_MODE, std::vector<int>{s.mode})
        .set(CONVOLUTION_PRE_PADDINGS, TYPE_INT64, Integers{s.pad, s.pad})
        .set(CONVOLUTION_POST_PADDINGS, TYPE_INT64, Integers{s.pad, s.pad})
        .set(CONVOLUTION_FILTER_STRIDES, TYPE_INT64, Integers{s.stride, s.stride})
        .set(CONVOLUTION_DILATIONS, TYPE_INT64, Integers{s.dilation, s.dilation})
        .finalize();
    const int first = direction == FORWARD         ? FORWARD_ALPHA
                      : direction == BACKWARD_DATA ? BACKWARD_DATA_ALPHA
                                                   : BACKWARD_FILTER_ALPHA;
    operation.set(first, TYPE_DOUBLE, std::vector<double>{alpha})
        .set(first + 1, TYPE_DOUBLE, std::vector<double>{beta})
        .set(first + 2, convolution)
        .set(first + 3, w)
        .set(first + 4, x)
        .set(first + 5, y)
        .finalize();
    graph.set(GRAPH_OPS, operation)
        .set(GRAPH_HANDLE, TYPE_HANDLE, std::vector<void*>{handle})
        .finalize();
  }

 private:
  static void tensor(Backend& into, int64_t uid, int type, const Integers& dims,
                     const Integers& strides) {
    into.set(TENSOR_DATA_TYPE, TYPE_DATA_TYPE, std::vector<int>{type})
        .set(TENSOR_DIMENSIONS, TYPE_INT64, dims)
        .set(TENSOR_STRIDES, TYPE_INT64, strides)
        .integer(TENSOR_UNIQUE_ID, uid)
        .integer(TENSOR_BYTE_ALIGNMENT, type == DOUBLE ? 8 : 4)
        .finalize();
  }
};

/** The engine configurations that the heuristics give for a graph. */
class Configs {
 public:
  Configs(const Backend& graph, int mode) : heuristic_(HEURISTIC) {
    heuristic_.set(ENGINEHEUR_GRAPH, graph)
        .set(ENGINEHEUR_MODE, TYPE_HEUR_MODE, std::vector<int>{mode})
        .finalize();
    int64_t bound = 0, count = 0;
    status(0,
           cudnnBackendGetAttribute(heuristic_.handle(), ENGINEHEUR_RESULTS,
                                    TYPE_BACKEND_DESCRIPTOR, 0, &bound, nullptr),
           "count of results");
    std::vector<void*> handles;
    for (int64_t i = 0; i < bound; i++) {
      all_.push_back(std::make_unique<Backend>(ENGINE_CONFIG));
      handles.push_back(all_.back()->handle());
    }
    status(0,
           cudnnBackendGetAttribute(heuristic_.handle(), ENGINEHEUR_RESULTS,
                                    TYPE_BACKEND_DESCRIPTOR, bound, &count, handles.data()),
           "results");
    that(count <= bound, "the count of results is no more than was said");
    all_.resize(count);
  }
  const std::vector<std::unique_ptr<Backend>>& all() const { return all_; }

  static int64_t index(const Backend& config) {
    Backend engine(ENGINE);
    void* into = engine.handle();
    int64_t count;
    status(0,
           cudnnBackendGetAttribute(config.handle(), ENGINECFG_ENGINE, TYPE_BACKEND_DESCRIPTOR, 1,
                                    &count, &into),
           "engine of a configuration");
    return engine.get<int64_t>(ENGINE_GLOBAL_INDEX, TYPE_INT64);
  }

 private:
  Backend heuristic_;
  std::vector<std::unique_ptr<Backend>> all_;
};

}  // namespace check
