// cudnnRNNDataDescriptor_t: setting and reading.
#include <algorithm>
#include <cstring>

#include "message.h"
#include "rnn.h"
#include "tensor.h"

namespace sluice::cudnn {

Handles<RnnData>& rnn_datas() {
  static auto* all = new Handles<RnnData>("cudnnRNNDataDescriptor_t", 0x0cd9000000000000);
  return *all;
}

bool RnnData::equal_lengths() const {
  return std::all_of(lengths.begin(), lengths.end(), [&](int length) { return length == longest; });
}

namespace {

constexpr int LAST_TYPE = 21;

int check(const RnnData& d) {
  const bool known = d.type >= 0 && d.type <= LAST_TYPE;
  const bool supported =
      d.type == FLOAT || d.type == DOUBLE || d.type == HALF || d.type == BFLOAT16;
  if (known && !supported) return fail(NOT_SUPPORTED, "dataType %d", d.type);
  if (!known || d.layout < 0 || d.layout > BATCH_MAJOR_UNPACKED)
    return fail(BAD_PARAM, "dataType %d, layout %d", d.type, d.layout);
  const bool packed = d.layout == SEQ_MAJOR_PACKED;
  for (size_t i = 0; i < d.lengths.size(); i++) {
    const int length = d.lengths[i];
    if (length > d.longest || length < (packed ? 1 : 0))
      return fail(BAD_PARAM, "length %d of sequence %zu", length, i);
    if (packed && i > 0 && length > d.lengths[i - 1])
      return fail(BAD_PARAM, "packed sequences must be sorted by falling length");
  }
  if (packed && d.lengths[0] != d.longest)
    return fail(BAD_PARAM, "the longest sequence is not maxSeqLength long");
  return SUCCESS;
}

}  // namespace
}  // namespace sluice::cudnn

using namespace sluice::cudnn;

extern "C" {

int cudnnCreateRNNDataDescriptor(void** descriptor) {
  if (int injected = enter("cudnnCreateRNNDataDescriptor")) return injected;
  if (descriptor == nullptr) return fail(BAD_PARAM, "rnnDataDesc == NULL");
  *descriptor = rnn_datas().open(std::make_shared<RnnData>());
  return SUCCESS;
}

int cudnnDestroyRNNDataDescriptor(void* descriptor) {
  return destroy("cudnnDestroyRNNDataDescriptor", rnn_datas(), descriptor);
}

int cudnnSetRNNDataDescriptor(void* descriptor, int type, int layout, int longest, int batch,
                              int vector, const int* lengths, void* fill) {
  if (int injected = enter("cudnnSetRNNDataDescriptor")) return injected;
  auto found = rnn_datas().find(descriptor, "cudnnSetRNNDataDescriptor");
  if (found == nullptr || lengths == nullptr) return fail(BAD_PARAM, "an argument is NULL");
  if (longest < 1 || batch < 1 || vector < 1) return fail(BAD_PARAM, "a size is < 1");
  RnnData made{type, layout, longest, batch, vector, {lengths, lengths + batch}, {}};
  if (int status = check(made)) return status;
  if (fill != nullptr) made.fill.assign(static_cast<const char*>(fill), legacy_bytes(type));
  *found = std::move(made);
  return SUCCESS;
}

int cudnnGetRNNDataDescriptor(void* descriptor, int* type, int* layout, int* longest, int* batch,
                              int* vector, int wanted, int* lengths, void* fill) {
  if (int injected = enter("cudnnGetRNNDataDescriptor")) return injected;
  auto d = rnn_datas().find(descriptor, "cudnnGetRNNDataDescriptor");
  if (d == nullptr || wanted < 0)
    return fail(BAD_PARAM, "rnnDataDesc == NULL or arrayLengthRequested %d", wanted);
  if (type != nullptr) *type = d->type;
  if (layout != nullptr) *layout = d->layout;
  if (longest != nullptr) *longest = d->longest;
  if (batch != nullptr) *batch = d->batch;
  if (vector != nullptr) *vector = d->vector;
  // What is asked for beyond the batch is 0.
  for (int i = 0; i < wanted && lengths != nullptr; i++)
    lengths[i] = i < d->batch ? d->lengths[i] : 0;
  if (fill != nullptr && !d->fill.empty()) std::memcpy(fill, d->fill.data(), d->fill.size());
  return SUCCESS;
}
}
