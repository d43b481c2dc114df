// An RNN called as a caller calls it: descriptors, weights by name, forward and backward.
#pragma once
#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "../api.h"
#include "../rnn.h"
#include "check.h"

extern "C" {
int cudnnCreate(void**);
int cudnnDestroy(void*);
int cudnnCreateTensorDescriptor(void**);
int cudnnDestroyTensorDescriptor(void*);
int cudnnSetTensorNdDescriptor(void*, int, int, const int*, const int*);
int cudnnGetTensorNdDescriptor(void*, int, int*, int*, int*, int*);
int cudnnCreateDropoutDescriptor(void**);
int cudnnDestroyDropoutDescriptor(void*);
int cudnnDropoutGetStatesSize(void*, size_t*);
int cudnnSetDropoutDescriptor(void*, void*, float, void*, size_t, unsigned long long);
int cudnnCreateRNNDescriptor(void**);
int cudnnDestroyRNNDescriptor(void*);
int cudnnSetRNNDescriptor_v8(void*, int, int, int, int, int, int, int, int, int32_t, int32_t,
                             int32_t, int32_t, void*, uint32_t);
int cudnnRNNSetClip_v9(void*, int, double, double);
int cudnnCreateRNNDataDescriptor(void**);
int cudnnDestroyRNNDataDescriptor(void*);
int cudnnSetRNNDataDescriptor(void*, int, int, int, int, int, const int*, void*);
int cudnnGetRNNWeightSpaceSize(void*, void*, size_t*);
int cudnnGetRNNWeightParams(void*, void*, int32_t, size_t, const void*, int32_t, void*, void**,
                            void*, void**);
int cudnnGetRNNTempSpaceSizes(void*, void*, int, void*, size_t*, size_t*);
int cudnnBuildRNNDynamic(void*, void*, int);
int cudnnRNNForward(void*, void*, int, const int32_t*, void*, const void*, void*, void*, void*,
                    const void*, void*, void*, const void*, void*, size_t, const void*, size_t,
                    void*, size_t, void*);
int cudnnRNNBackwardData_v8(void*, void*, const int32_t*, void*, const void*, const void*, void*,
                            void*, void*, const void*, const void*, void*, void*, const void*,
                            const void*, void*, size_t, const void*, size_t, void*, size_t, void*);
int cudnnRNNBackwardWeights_v8(void*, void*, int, const int32_t*, void*, const void*, void*,
                               const void*, void*, const void*, size_t, void*, size_t, void*,
                               size_t, void*);
}

namespace check {

using namespace sluice::cudnn;
using Values = std::vector<double>;

struct RnnSpec {
  int cell = LSTM, bias = DOUBLE_BIAS, directions = 1, layers = 1, inputs = 3, hidden = 4,
      projected = 4;
  std::vector<int> lengths{5, 3, 2};
  int layout = SEQ_MAJOR_UNPACKED;
  int type = DOUBLE, math = FMA_MATH, algorithm = STANDARD, input_mode = 0;
  float dropout = 0;
  bool clip = false;

  int batch() const { return static_cast<int>(lengths.size()); }
  int steps() const { return *std::max_element(lengths.begin(), lengths.end()); }
  int gates() const { return cell == LSTM ? 4 : cell == GRU ? 3 : 1; }
  int parts() const { return layers * directions; }
  int inputs_of(int layer) const { return layer == 0 ? inputs : directions * projected; }
  size_t vectors() const {
    size_t all = 0;
    for (int length : lengths) all += length;
    return layout == SEQ_MAJOR_PACKED ? all : size_t(steps()) * batch();
  }
  /** Where the vector of step t of sequence b lies. */
  size_t at(int t, int b) const {
    if (layout == SEQ_MAJOR_UNPACKED) return size_t(t) * batch() + b;
    if (layout == BATCH_MAJOR_UNPACKED) return size_t(b) * steps() + t;
    size_t before = b;
    for (int length : lengths) before += std::min(length, t);
    return before;
  }
};

/** Doubles in device memory, in the type of an RNN. */
class Array {
 public:
  Array(int type, size_t n) : type_(type), n_(n) {
    status(0, cuMemAlloc_v2(&at_, std::max<size_t>(n * size(), 1)), "cuMemAlloc");
  }
  Array(int type, const Values& values) : Array(type, values.size()) { put(values); }
  Array(const Array&) = delete;
  ~Array() { cuMemFree_v2(at_); }

  void put(const Values& values, size_t from = 0) {
    std::vector<char> host(values.size() * size());
    for (size_t i = 0; i < values.size(); i++)
      sluice::store<double>(element(), host.data(), i, values[i]);
    status(0, cuMemcpyHtoD_v2(at_ + from * size(), host.data(), host.size()), "cuMemcpyHtoD");
  }
  Values get() const { return get(at(), n_); }
  Values get(const void* from, size_t n) const {
    std::vector<char> host(n * size());
    Values values(n);
    status(0, cuCtxSynchronize(), "cuCtxSynchronize");
    status(0, cuMemcpyDtoH_v2(host.data(), reinterpret_cast<uint64_t>(from), host.size()),
           "cuMemcpyDtoH");
    sluice::widen(element(), host.data(), n, values.data());
    return values;
  }
  void* at() const { return reinterpret_cast<void*>(at_); }
  size_t size() const { return sluice::bytes(element()); }

 private:
  int type_;
  size_t n_;
  uint64_t at_ = 0;

  sluice::Element element() const {
    return type_ == DOUBLE  ? sluice::Element::f64
           : type_ == FLOAT ? sluice::Element::f32
           : type_ == HALF  ? sluice::Element::f16
                            : sluice::Element::bf16;
  }
};

/** Bytes in device memory. */
class Space {
 public:
  explicit Space(size_t bytes) : bytes(bytes) {
    status(0, cuMemAlloc_v2(&at_, std::max<size_t>(bytes, 1)), "cuMemAlloc");
  }
  Space(const Space&) = delete;
  ~Space() { cuMemFree_v2(at_); }
  void* at() const { return bytes == 0 ? nullptr : reinterpret_cast<void*>(at_); }
  void clear() {
    const std::vector<char> zeros(bytes);
    status(0, cuMemcpyHtoD_v2(at_, zeros.data(), bytes), "cuMemcpyHtoD");
  }

  const size_t bytes;

 private:
  uint64_t at_ = 0;
};

/** The matrices and biases of an RNN by (part, id, bias), in the order of their names. */
using Named = std::vector<Values>;

class Caller {
 public:
  Caller(void* handle, const RnnSpec& s);
  Caller(const Caller&) = delete;
  ~Caller();

  size_t weight_count() const { return params_.size(); }
  size_t weight_size(size_t i) const { return params_[i].elements; }
  void put_weights(const Named& values);
  Named weight_gradients();

  int forward(bool training);
  int backward_data();
  int backward_weights();

  const RnnSpec spec;
  std::unique_ptr<Array> x, y, hx, hy, cx, cy, dx, dy, dhx, dhy, dcx, dcy, lengths;
  std::unique_ptr<Space> weights, gradients, workspace, reserve;
  void *handle, *rnn = nullptr, *x_data = nullptr, *y_data = nullptr, *h_state = nullptr,
                *c_state = nullptr, *dropout = nullptr;

 private:
  struct Param {
    size_t offset, elements;
  };
  std::vector<Param> params_;
  std::unique_ptr<Space> states_;

  void find_params();
};

inline Caller::Caller(void* with, const RnnSpec& s) : spec(s), handle(with) {
  double zero = 0;
  size_t bytes = 0, work = 0, kept = 0;
  status(0, cudnnCreateDropoutDescriptor(&dropout), "cudnnCreateDropoutDescriptor");
  status(0, cudnnDropoutGetStatesSize(handle, &bytes), "cudnnDropoutGetStatesSize");
  states_ = std::make_unique<Space>(bytes);
  status(0, cudnnSetDropoutDescriptor(dropout, handle, s.dropout, states_->at(), bytes, 42),
         "cudnnSetDropoutDescriptor");
  status(0, cudnnCreateRNNDescriptor(&rnn), "cudnnCreateRNNDescriptor");
  const int precision = s.type == DOUBLE ? DOUBLE : FLOAT;
  status(0,
         cudnnSetRNNDescriptor_v8(rnn, s.algorithm, s.cell, s.bias, s.directions - 1, s.input_mode,
                                  s.type, precision, s.math, s.inputs, s.hidden, s.projected,
                                  s.layers, dropout, 1),
         "cudnnSetRNNDescriptor_v8");
  if (s.clip) status(0, cudnnRNNSetClip_v9(rnn, 1, -0.15, 0.2), "cudnnRNNSetClip_v9");
  auto data = [&](void** into, int vector) {
    status(0, cudnnCreateRNNDataDescriptor(into), "cudnnCreateRNNDataDescriptor");
    status(0,
           cudnnSetRNNDataDescriptor(*into, s.type, s.layout, s.steps(), s.batch(), vector,
                                     s.lengths.data(), &zero),
           "cudnnSetRNNDataDescriptor");
  };
  data(&x_data, s.inputs);
  data(&y_data, s.directions * s.projected);
  auto state = [&](void** into, int size) {
    const int dims[] = {s.parts(), s.batch(), size}, steps[] = {s.batch() * size, size, 1};
    status(0, cudnnCreateTensorDescriptor(into), "cudnnCreateTensorDescriptor");
    status(0, cudnnSetTensorNdDescriptor(*into, s.type, 3, dims, steps),
           "cudnnSetTensorNdDescriptor");
  };
  state(&h_state, s.projected);
  state(&c_state, s.hidden);
  status(0, cudnnGetRNNWeightSpaceSize(handle, rnn, &bytes), "cudnnGetRNNWeightSpaceSize");
  weights = std::make_unique<Space>(bytes);
  gradients = std::make_unique<Space>(bytes);
  if (s.algorithm == PERSIST_DYNAMIC)
    status(0, cudnnBuildRNNDynamic(handle, rnn, s.batch()), "cudnnBuildRNNDynamic");
  status(0, cudnnGetRNNTempSpaceSizes(handle, rnn, 1, x_data, &work, &kept),
         "cudnnGetRNNTempSpaceSizes");
  workspace = std::make_unique<Space>(work);
  reserve = std::make_unique<Space>(kept);
  auto array = [&](size_t n) { return std::make_unique<Array>(s.type, n); };
  const size_t H = size_t(s.parts()) * s.batch() * s.projected,
               C = size_t(s.parts()) * s.batch() * s.hidden;
  x = array(s.vectors() * s.inputs), dx = array(s.vectors() * s.inputs);
  y = array(s.vectors() * s.directions * s.projected),
  dy = array(s.vectors() * s.directions * s.projected);
  hx = array(H), hy = array(H), dhx = array(H), dhy = array(H);
  cx = array(C), cy = array(C), dcx = array(C), dcy = array(C);
  lengths = std::make_unique<Array>(FLOAT, s.lengths.size());
  cuMemcpyHtoD_v2(reinterpret_cast<uint64_t>(lengths->at()), s.lengths.data(),
                  s.lengths.size() * sizeof(int));
  find_params();
}

inline Caller::~Caller() {
  status(0, cudnnDestroyRNNDescriptor(rnn), "cudnnDestroyRNNDescriptor");
  status(0, cudnnDestroyDropoutDescriptor(dropout), "cudnnDestroyDropoutDescriptor");
  for (void* each : {x_data, y_data})
    status(0, cudnnDestroyRNNDataDescriptor(each), "cudnnDestroyRNNDataDescriptor");
  for (void* each : {h_state, c_state})
    status(0, cudnnDestroyTensorDescriptor(each), "cudnnDestroyTensorDescriptor");
}

inline void Caller::find_params() {
  void *matrix, *bias;
  status(0, cudnnCreateTensorDescriptor(&matrix), "cudnnCreateTensorDescriptor");
  status(0, cudnnCreateTensorDescriptor(&bias), "cudnnCreateTensorDescriptor");
  for (int part = 0; part < spec.parts(); part++) {
    for (int id = 0; id < 2 * spec.gates() + (spec.cell == LSTM ? 1 : 0); id++) {
      void* addresses[2];
      status(0,
             cudnnGetRNNWeightParams(handle, rnn, part, weights->bytes, weights->at(), id, matrix,
                                     &addresses[0], bias, &addresses[1]),
             "cudnnGetRNNWeightParams");
      for (int i = 0; i < 2; i++) {
        int type, count, dims[3] = {1, 1, 1}, steps[3];
        status(0, cudnnGetTensorNdDescriptor(i == 0 ? matrix : bias, 3, &type, &count, dims, steps),
               "cudnnGetTensorNdDescriptor");
        that((addresses[i] == nullptr) == (count == 0), "what has no address has no dimensions");
        const size_t offset = static_cast<char*>(addresses[i]) - static_cast<char*>(weights->at());
        params_.push_back(
            {offset, addresses[i] == nullptr ? 0 : size_t(dims[0]) * dims[1] * dims[2]});
      }
    }
  }
  cudnnDestroyTensorDescriptor(matrix);
  cudnnDestroyTensorDescriptor(bias);
}

inline void Caller::put_weights(const Named& values) {
  const size_t size = x->size();
  for (size_t i = 0; i < params_.size(); i++) {
    if (params_[i].elements == 0) continue;
    std::vector<char> host(values[i].size() * size);
    const auto element = size == 8           ? sluice::Element::f64
                         : size == 4         ? sluice::Element::f32
                         : spec.type == HALF ? sluice::Element::f16
                                             : sluice::Element::bf16;
    for (size_t j = 0; j < values[i].size(); j++)
      sluice::store<double>(element, host.data(), j, values[i][j]);
    status(0,
           cuMemcpyHtoD_v2(reinterpret_cast<uint64_t>(weights->at()) + params_[i].offset,
                           host.data(), host.size()),
           "cuMemcpyHtoD");
  }
}

inline Named Caller::weight_gradients() {
  Named all;
  for (const auto& param : params_) {
    all.push_back(param.elements == 0
                      ? Values{}
                      : x->get(static_cast<char*>(gradients->at()) + param.offset, param.elements));
  }
  return all;
}

inline int Caller::forward(bool training) {
  const bool lstm = spec.cell == LSTM;
  return cudnnRNNForward(handle, rnn, training, static_cast<int32_t*>(lengths->at()), x_data,
                         x->at(), y_data, y->at(), h_state, hx->at(), hy->at(), c_state,
                         lstm ? cx->at() : nullptr, lstm ? cy->at() : nullptr, weights->bytes,
                         weights->at(), workspace->bytes, workspace->at(),
                         training ? reserve->bytes : 0, training ? reserve->at() : nullptr);
}

inline int Caller::backward_data() {
  const bool lstm = spec.cell == LSTM;
  auto only = [&](const std::unique_ptr<Array>& array) { return lstm ? array->at() : nullptr; };
  return cudnnRNNBackwardData_v8(handle, rnn, static_cast<int32_t*>(lengths->at()), y_data, y->at(),
                                 dy->at(), x_data, dx->at(), h_state, hx->at(), dhy->at(),
                                 dhx->at(), c_state, only(cx), only(dcy), only(dcx), weights->bytes,
                                 weights->at(), workspace->bytes, workspace->at(), reserve->bytes,
                                 reserve->at());
}

inline int Caller::backward_weights() {
  return cudnnRNNBackwardWeights_v8(handle, rnn, 0, static_cast<int32_t*>(lengths->at()), x_data,
                                    x->at(), h_state, hx->at(), y_data, y->at(), gradients->bytes,
                                    gradients->at(), workspace->bytes, workspace->at(),
                                    reserve->bytes, reserve->at());
}

}  // namespace check
