// The RNN calls that need a handle: sizes, weight addresses, forward and backward.
#include <algorithm>

#include "../work.h"
#include "handle.h"
#include "message.h"
#include "rnn_layout.h"
#include "rnn_run.h"
#include "tensor.h"

namespace sluice::cudnn {
namespace {

/** Which sizes the persistent algorithms take here: narrower than any GPU, so that callers must be
 * ready. */
int check_algorithm(const Rnn& r, const RnnData& x) {
  if (r.algorithm == STANDARD) return SUCCESS;
  if (!x.equal_lengths())
    return fail(NOT_SUPPORTED, "persistent algorithms take equal lengths only");
  if (r.algorithm == PERSIST_STATIC && (r.hidden % 8 != 0 || r.hidden > 1024))
    return fail(NOT_SUPPORTED, "hiddenSize %d", r.hidden);
  if (r.algorithm == PERSIST_STATIC_SMALL_H && (r.hidden > 128 || r.directions() > 1))
    return fail(NOT_SUPPORTED, "hiddenSize %d", r.hidden);
  if (r.algorithm == PERSIST_DYNAMIC && r.built != x.batch)
    return fail(NOT_SUPPORTED, "built for a batch of %d, used with %d", r.built, x.batch);
  return SUCCESS;
}

int check_data(const Rnn& r, const RnnData& x, const RnnData& y) {
  if (x.vector == 0 || y.vector == 0) return fail(BAD_PARAM, "xDesc or yDesc was not set");
  if (x.type != r.type || y.type != r.type)
    return fail(BAD_PARAM, "xDesc, yDesc and rnnDesc have different types");
  if (x.vector != r.inputs)
    return fail(BAD_PARAM, "vectorSize of xDesc is %d, inputSize is %d", x.vector, r.inputs);
  if (y.vector != r.directions() * r.projected)
    return fail(BAD_PARAM, "vectorSize of yDesc is %d", y.vector);
  if (r.skips_input() && r.inputs != r.hidden)
    return fail(BAD_PARAM, "CUDNN_SKIP_INPUT needs inputSize == hiddenSize");
  if (x.layout != y.layout || x.longest != y.longest || x.batch != y.batch
      || x.lengths != y.lengths) {
    return fail(BAD_PARAM, "xDesc and yDesc differ in layout, maxSeqLength, batchSize or lengths");
  }
  if (*std::min_element(x.lengths.begin(), x.lengths.end()) < 1)
    return fail(BAD_PARAM, "a sequence of length 0");
  if (x.layout != SEQ_MAJOR_PACKED && !x.equal_lengths() && (r.flags & 1) == 0) {
    return fail(BAD_PARAM,
                "unequal lengths in an unpacked layout need CUDNN_RNN_PADDED_IO_ENABLED");
  }
  return check_algorithm(r, x);
}

/** hDesc or cDesc: [L * D, B, size] without gaps. */
int check_state(const Rnn& r, const RnnData& x, void* descriptor, int size, const char* call,
                bool needed) {
  if (!needed && descriptor == nullptr) return SUCCESS;
  auto found = tensors().find(descriptor, call);
  if (found == nullptr) return fail(BAD_PARAM, "the descriptor of a state is NULL");
  const std::vector<int> expected{r.layers * r.directions(), x.batch, size};
  if (found->type != r.type || found->dims != expected
      || found->strides != packed_strides(expected)) {
    return fail(BAD_PARAM, "a state must be [%d, %d, %d], packed", expected[0], expected[1],
                expected[2]);
  }
  return SUCCESS;
}

/** What the three calls are given, before any check. */
struct Given {
  const char* call;
  void *handle, *rnn, *x, *y, *h, *c;
  bool needs_h, needs_c, training;
  size_t weights_size;
  const void* weights;
  size_t workspace_size;
  void* workspace;
  size_t reserve_size;
  void* reserve;
};

/** Checks all that the calls share and fills `run` with it; the stream comes back in `stream`. */
int check(const Given& g, RnnRun& run, void** stream) {
  auto handle = use(g.handle, g.call);
  auto rnn = rnns().find(g.rnn, g.call);
  auto x = rnn_datas().find(g.x, g.call), y = rnn_datas().find(g.y, g.call);
  if (handle == nullptr || rnn == nullptr || x == nullptr || y == nullptr)
    return fail(BAD_PARAM, "a handle or descriptor is NULL");
  if (!rnn->set) return fail(BAD_PARAM, "rnnDesc was not set");
  if (int status = check_data(*rnn, *x, *y)) return status;
  if (int status = check_state(*rnn, *x, g.h, rnn->projected, g.call, g.needs_h)) return status;
  if (rnn->cell == LSTM) {
    if (int status = check_state(*rnn, *x, g.c, rnn->hidden, g.call, g.needs_c)) return status;
  }
  const size_t weights = WeightLayout(*rnn).bytes, work = workspace_bytes(*rnn, *x, g.training),
               reserve = reserve_bytes(*rnn, *x);
  if (g.weights == nullptr || g.weights_size < weights)
    return fail(BAD_PARAM, "weightSpaceSize %zu, needed %zu", g.weights_size, weights);
  if (g.workspace == nullptr || g.workspace_size < work)
    return fail(BAD_PARAM, "workSpaceSize %zu, needed %zu", g.workspace_size, work);
  if (g.training && (g.reserve == nullptr || g.reserve_size < reserve))
    return fail(BAD_PARAM, "reserveSpaceSize %zu, needed %zu", g.reserve_size, reserve);
  const float p = rnn->dropout == nullptr ? 0 : rnn->dropout->probability;
  if (g.training && p > 0 && rnn->layers > 1 && rnn->dropout->states == nullptr)
    return fail(BAD_PARAM, "the dropout descriptor has no states");
  run.call = g.call;
  run.rnn = *rnn, run.x_data = *x, run.y_data = *y;
  run.weights = g.weights, run.workspace = g.workspace, run.reserve = g.reserve;
  run.workspace_size = g.workspace_size, run.reserve_size = g.reserve_size;
  *stream = handle->stream;
  return SUCCESS;
}

template <class Run>
int submit(void* stream, const Run& run) {
  return enqueue(stream, run.call, run) == 0 ? SUCCESS
                                             : fail(EXECUTION_FAILED, "the stream took no work");
}

/** Gives a matrix [1, rows, columns] or, when there is none, a descriptor without dimensions. */
int give(const WeightEntry* entry, int type, const void* weights, void* descriptor, void** address,
         const char* call) {
  auto tensor = tensors().find(descriptor, call);
  if (tensor == nullptr) return fail(BAD_PARAM, "mDesc or bDesc == NULL");
  *address = nullptr;
  *tensor = {type, {}, {}};
  if (entry == nullptr) return SUCCESS;
  tensor->dims = {1, entry->rows, entry->columns};
  tensor->strides = packed_strides(tensor->dims);
  *address = const_cast<char*>(static_cast<const char*>(weights)) + entry->offset;
  return SUCCESS;
}

}  // namespace
}  // namespace sluice::cudnn

using namespace sluice::cudnn;

extern "C" {

int cudnnGetRNNWeightSpaceSize(void* handle, void* descriptor, size_t* size) {
  constexpr const char* call = "cudnnGetRNNWeightSpaceSize";
  if (int injected = enter(call)) return injected;
  auto rnn = rnns().find(descriptor, call);
  if (use(handle, call) == nullptr || rnn == nullptr || size == nullptr)
    return fail(BAD_PARAM, "!handle || !rnnDesc || !weightSpaceSize");
  if (!rnn->set) return fail(BAD_PARAM, "rnnDesc was not set");
  *size = WeightLayout(*rnn).bytes;
  return SUCCESS;
}

int cudnnGetRNNWeightParams(void* handle, void* descriptor, int32_t part, size_t size,
                            const void* weights, int32_t id, void* matrix, void** matrix_address,
                            void* bias, void** bias_address) {
  constexpr const char* call = "cudnnGetRNNWeightParams";
  if (int injected = enter(call)) return injected;
  auto rnn = rnns().find(descriptor, call);
  if (use(handle, call) == nullptr || rnn == nullptr || weights == nullptr
      || matrix_address == nullptr || bias_address == nullptr) {
    return fail(BAD_PARAM, "an argument is NULL");
  }
  if (!rnn->set) return fail(BAD_PARAM, "rnnDesc was not set");
  const WeightLayout layout(*rnn);
  if (size < layout.bytes)
    return fail(BAD_PARAM, "weightSpaceSize %zu, needed %zu", size, layout.bytes);
  if (part < 0 || part >= rnn->layers * rnn->directions())
    return fail(BAD_PARAM, "pseudoLayer %d", part);
  const int ids = 2 * rnn->gates() + (rnn->cell == LSTM ? 1 : 0);
  if (id < 0 || id >= ids) return fail(BAD_PARAM, "linLayerID %d", id);
  if (int status =
          give(layout.find(part, id, false), rnn->type, weights, matrix, matrix_address, call))
    return status;
  return give(layout.find(part, id, true), rnn->type, weights, bias, bias_address, call);
}

int cudnnGetRNNTempSpaceSizes(void* handle, void* descriptor, int mode, void* x, size_t* work,
                              size_t* reserve) {
  constexpr const char* call = "cudnnGetRNNTempSpaceSizes";
  if (int injected = enter(call)) return injected;
  auto rnn = rnns().find(descriptor, call);
  auto data = rnn_datas().find(x, call);
  if (use(handle, call) == nullptr || rnn == nullptr || data == nullptr)
    return fail(BAD_PARAM, "an argument is NULL");
  if (!rnn->set || data->vector == 0 || mode < 0 || mode > 1)
    return fail(BAD_PARAM, "a descriptor was not set, or fwdMode %d", mode);
  if (int status = check_algorithm(*rnn, *data)) return status;
  if (work != nullptr) *work = workspace_bytes(*rnn, *data, mode == 1);
  if (reserve != nullptr) *reserve = mode == 1 ? reserve_bytes(*rnn, *data) : 0;
  return SUCCESS;
}

int cudnnBuildRNNDynamic(void* handle, void* descriptor, int batch) {
  constexpr const char* call = "cudnnBuildRNNDynamic";
  if (int injected = enter(call)) return injected;
  auto rnn = rnns().find(descriptor, call);
  if (use(handle, call) == nullptr || rnn == nullptr) return fail(BAD_PARAM, "an argument is NULL");
  if (!rnn->set || rnn->algorithm != PERSIST_DYNAMIC)
    return fail(BAD_PARAM, "the algorithm is not CUDNN_RNN_ALGO_PERSIST_DYNAMIC");
  if (batch < 1) return fail(BAD_PARAM, "miniBatch %d", batch);
  rnn->built = batch;
  return SUCCESS;
}

int cudnnRNNForward(void* handle, void* rnn, int mode, const int32_t* lengths, void* x_data,
                    const void* x, void* y_data, void* y, void* h_state, const void* hx, void* hy,
                    void* c_state, const void* cx, void* cy, size_t weights_size,
                    const void* weights, size_t workspace_size, void* workspace,
                    size_t reserve_size, void* reserve) {
  constexpr const char* call = "cudnnRNNForward";
  if (int injected = enter(call)) return injected;
  if (mode < 0 || mode > 1) return fail(BAD_PARAM, "fwdMode %d", mode);
  if (x == nullptr || y == nullptr) return fail(BAD_PARAM, "x or y == NULL");
  RnnForward run{};
  void* stream;
  const bool h = hx != nullptr || hy != nullptr, c = cx != nullptr || cy != nullptr;
  if (int status = check({call, handle, rnn, x_data, y_data, h_state, c_state, h, c, mode == 1,
                          weights_size, weights, workspace_size, workspace, reserve_size, reserve},
                         run, &stream))
    return status;
  run.lengths = lengths, run.x = x, run.y_out = y, run.hx = hx, run.hy = hy, run.cx = cx,
  run.cy = cy;
  run.training = mode == 1;
  return submit(stream, run);
}

int cudnnRNNBackwardData_v8(void* handle, void* rnn, const int32_t* lengths, void* y_data,
                            const void* y, const void* dy, void* x_data, void* dx, void* h_state,
                            const void* hx, const void* dhy, void* dhx, void* c_state,
                            const void* cx, const void* dcy, void* dcx, size_t weights_size,
                            const void* weights, size_t workspace_size, void* workspace,
                            size_t reserve_size, void* reserve) {
  constexpr const char* call = "cudnnRNNBackwardData_v8";
  if (int injected = enter(call)) return injected;
  if (y == nullptr || dy == nullptr || dx == nullptr) return fail(BAD_PARAM, "y, dy or dx == NULL");
  RnnBackwardData run{};
  void* stream;
  const bool h = hx != nullptr || dhy != nullptr || dhx != nullptr,
             c = cx != nullptr || dcy != nullptr || dcx != nullptr;
  if (int status = check({call, handle, rnn, x_data, y_data, h_state, c_state, h, c, true,
                          weights_size, weights, workspace_size, workspace, reserve_size, reserve},
                         run, &stream))
    return status;
  run.lengths = lengths, run.y = y, run.dy = dy, run.dx = dx, run.hx = hx, run.dhy = dhy,
  run.dhx = dhx;
  run.cx = cx, run.dcy = dcy, run.dcx = dcx;
  return submit(stream, run);
}

int cudnnRNNBackwardWeights_v8(void* handle, void* rnn, int mode, const int32_t* lengths,
                               void* x_data, const void* x, void* h_state, const void* hx,
                               void* y_data, const void* y, size_t weights_size, void* dweights,
                               size_t workspace_size, void* workspace, size_t reserve_size,
                               void* reserve) {
  constexpr const char* call = "cudnnRNNBackwardWeights_v8";
  if (int injected = enter(call)) return injected;
  if (x == nullptr || y == nullptr) return fail(BAD_PARAM, "x or y == NULL");
  if (mode != 0)
    return fail(mode == 1 ? NOT_SUPPORTED : BAD_PARAM, "only CUDNN_WGRAD_MODE_ADD is there");
  RnnBackwardWeights run{};
  void* stream;
  if (int status =
          check({call, handle, rnn, x_data, y_data, h_state, nullptr, hx != nullptr, false, true,
                 weights_size, dweights, workspace_size, workspace, reserve_size, reserve},
                run, &stream))
    return status;
  run.lengths = lengths, run.x = x, run.y = y, run.hx = hx, run.dweights = dweights;
  return submit(stream, run);
}
}
