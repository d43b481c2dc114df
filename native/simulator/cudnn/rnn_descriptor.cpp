// Setting and reading RNN descriptors; the rules are those that cuDNN 9.19 was found to keep.
#include <cmath>

#include "message.h"
#include "rnn.h"

namespace sluice::cudnn {

Handles<Rnn>& rnns() {
  static auto* all = new Handles<Rnn>("cudnnRNNDescriptor_t", 0x0cd8000000000000);
  return *all;
}

namespace {

bool in(int value, int most) { return value >= 0 && value <= most; }

int check(const Rnn& r) {
  if (!in(r.algorithm, 3) || !in(r.cell, 3) || !in(r.bias, 3) || !in(r.direction, 1)
      || !in(r.input_mode, 1) || !in(r.math, 3)) {
    return fail(BAD_PARAM, "a mode is out of range");
  }
  if (r.flags > 1) return fail(BAD_PARAM, "auxFlags %u", r.flags);
  if (r.inputs < 1 || r.hidden < 1 || r.projected < 1 || r.layers < 1)
    return fail(BAD_PARAM, "a size is < 1");
  const bool single =
      r.precision == FLOAT && (r.type == FLOAT || r.type == HALF || r.type == BFLOAT16);
  const bool twice = r.precision == DOUBLE && r.type == DOUBLE
                     && (r.algorithm == STANDARD || r.algorithm == PERSIST_DYNAMIC);
  const bool half = r.precision == HALF && r.type == HALF && r.algorithm == STANDARD;
  if (!single && !twice && !half)
    return fail(NOT_SUPPORTED, "dataType %d with mathPrec %d", r.type, r.precision);
  if (r.projected > r.hidden) return fail(NOT_SUPPORTED, "projSize > hiddenSize");
  if (r.projected < r.hidden && (r.cell != LSTM || r.algorithm != STANDARD))
    return fail(NOT_SUPPORTED, "projection is for LSTM with the standard algorithm");
  if (r.bias != DOUBLE_BIAS && r.algorithm != STANDARD)
    return fail(NOT_SUPPORTED, "biasMode %d is for the standard algorithm", r.bias);
  return SUCCESS;
}

}  // namespace
}  // namespace sluice::cudnn

using namespace sluice::cudnn;

extern "C" {

int cudnnCreateRNNDescriptor(void** descriptor) {
  if (int injected = enter("cudnnCreateRNNDescriptor")) return injected;
  if (descriptor == nullptr) return fail(BAD_PARAM, "rnnDesc == NULL");
  *descriptor = rnns().open(std::make_shared<Rnn>());
  return SUCCESS;
}

int cudnnDestroyRNNDescriptor(void* descriptor) {
  return destroy("cudnnDestroyRNNDescriptor", rnns(), descriptor);
}

int cudnnSetRNNDescriptor_v8(void* descriptor, int algorithm, int cell, int bias, int direction,
                             int input_mode, int type, int precision, int math, int32_t inputs,
                             int32_t hidden, int32_t projected, int32_t layers, void* dropout,
                             uint32_t flags) {
  if (int injected = enter("cudnnSetRNNDescriptor_v8")) return injected;
  auto found = rnns().find(descriptor, "cudnnSetRNNDescriptor_v8");
  if (found == nullptr) return fail(BAD_PARAM, "rnnDesc == NULL");
  Rnn made = *found;
  made.set = true;
  made.algorithm = algorithm, made.cell = cell, made.bias = bias, made.direction = direction;
  made.input_mode = input_mode, made.type = type, made.precision = precision, made.math = math;
  made.inputs = inputs, made.hidden = hidden, made.projected = projected, made.layers = layers;
  made.flags = flags;
  made.built = 0;
  made.dropout_handle = dropout;
  made.dropout =
      dropout == nullptr ? nullptr : dropouts().find(dropout, "cudnnSetRNNDescriptor_v8");
  if (int status = check(made)) return status;
  *found = made;
  return SUCCESS;
}

int cudnnGetRNNDescriptor_v8(void* descriptor, int* algorithm, int* cell, int* bias, int* direction,
                             int* input_mode, int* type, int* precision, int* math, int32_t* inputs,
                             int32_t* hidden, int32_t* projected, int32_t* layers, void** dropout,
                             uint32_t* flags) {
  if (int injected = enter("cudnnGetRNNDescriptor_v8")) return injected;
  auto r = rnns().find(descriptor, "cudnnGetRNNDescriptor_v8");
  if (r == nullptr) return fail(BAD_PARAM, "rnnDesc == NULL");
  if (!r->set) return fail(NOT_INITIALIZED, "rnnDesc was not set");
  auto give = [](auto* to, auto value) {
    if (to != nullptr) *to = value;
  };
  give(algorithm, r->algorithm), give(cell, r->cell), give(bias, r->bias),
      give(direction, r->direction);
  give(input_mode, r->input_mode), give(type, r->type), give(precision, r->precision),
      give(math, r->math);
  give(inputs, r->inputs), give(hidden, r->hidden), give(projected, r->projected),
      give(layers, r->layers);
  give(dropout, r->dropout_handle), give(flags, r->flags);
  return SUCCESS;
}

int cudnnRNNSetClip_v9(void* descriptor, int mode, double low, double high) {
  if (int injected = enter("cudnnRNNSetClip_v9")) return injected;
  auto found = rnns().find(descriptor, "cudnnRNNSetClip_v9");
  if (found == nullptr) return fail(BAD_PARAM, "rnnDesc == NULL");
  if (std::isnan(low) || std::isnan(high) || low > high)
    return fail(BAD_PARAM, "lclip %g, rclip %g", low, high);
  found->clip_mode = mode;
  found->clip_low = low;
  found->clip_high = high;
  return SUCCESS;
}

int cudnnRNNGetClip_v9(void* descriptor, int* mode, double* low, double* high) {
  if (int injected = enter("cudnnRNNGetClip_v9")) return injected;
  auto found = rnns().find(descriptor, "cudnnRNNGetClip_v9");
  if (found == nullptr) return fail(BAD_PARAM, "rnnDesc == NULL");
  if (!found->set) return SUCCESS;
  if (mode != nullptr) *mode = found->clip_mode;
  if (low != nullptr) *low = found->clip_low;
  if (high != nullptr) *high = found->clip_high;
  return SUCCESS;
}
}
