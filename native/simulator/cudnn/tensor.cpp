#include "tensor.h"

#include <algorithm>
#include <cstdlib>

#include "message.h"

namespace sluice::cudnn {

Handles<TensorDescriptor>& tensors() {
  static auto* all = new Handles<TensorDescriptor>("cudnnTensorDescriptor_t", 0x0cd7000000000000);
  return *all;
}

size_t legacy_bytes(int type) {
  static constexpr size_t bytes[] = {4, 8, 2, 1, 4, 4, 1, 4, 32, 2};
  return type >= 0 && type < 10 ? bytes[type] : 0;
}

std::vector<int> packed_strides(const std::vector<int>& dims) {
  std::vector<int> strides(dims.size());
  int64_t step = 1;
  for (size_t i = dims.size(); i-- > 0; step *= dims[i]) strides[i] = static_cast<int>(step);
  return strides;
}

namespace {

constexpr int NCHW = 0, NHWC = 1;
constexpr size_t MOST_DIMS = 8;

int64_t extent(const TensorDescriptor& tensor) {
  int64_t last = 0;
  for (size_t i = 0; i < tensor.dims.size(); i++) {
    last += static_cast<int64_t>(tensor.dims[i] - 1)
            * std::abs(static_cast<int64_t>(tensor.strides[i]));
  }
  return tensor.dims.empty() ? 0 : last + 1;
}

std::vector<int> channels_last_strides(const std::vector<int>& d) {
  auto strides = packed_strides(d);
  int64_t step = d[1];
  strides[1] = 1;
  for (size_t i = d.size(); i-- > 2; step *= d[i]) strides[i] = static_cast<int>(step);
  return strides;
}

int set(void* descriptor, const char* call, int type, std::vector<int> dims,
        std::vector<int> strides) {
  auto found = tensors().find(descriptor, call);
  if (found == nullptr) return fail(BAD_PARAM, "tensorDesc == NULL");
  if (legacy_bytes(type) == 0) return fail(BAD_PARAM, "data type %d", type);
  for (size_t i = 0; i < dims.size(); i++) {
    if (dims[i] <= 0)
      return fail(BAD_PARAM, "Tensor dimension %zu has invalid size %d (must be > 0).", i, dims[i]);
    if (strides[i] == 0) return fail(BAD_PARAM, "Tensor stride %zu is 0", i);
  }
  *found = {type, std::move(dims), std::move(strides)};
  return extent(*found) > INT32_MAX
             ? fail(NOT_SUPPORTED, "the tensor has more than 2^31 - 1 elements")
             : SUCCESS;
}

int check_count(int count) {
  if (count < 2) return fail(BAD_PARAM, "nbDims %d", count);
  return count > static_cast<int>(MOST_DIMS) ? fail(NOT_SUPPORTED, "nbDims %d", count) : SUCCESS;
}

}  // namespace
}  // namespace sluice::cudnn

using namespace sluice::cudnn;

extern "C" {

int cudnnCreateTensorDescriptor(void** descriptor) {
  if (int injected = enter("cudnnCreateTensorDescriptor")) return injected;
  if (descriptor == nullptr) return fail(BAD_PARAM, "tensorDesc == NULL");
  *descriptor = tensors().open(std::make_shared<TensorDescriptor>());
  return SUCCESS;
}

int cudnnDestroyTensorDescriptor(void* descriptor) {
  return destroy("cudnnDestroyTensorDescriptor", tensors(), descriptor);
}

int cudnnSetTensorNdDescriptor(void* descriptor, int type, int count, const int* dims,
                               const int* strides) {
  if (int injected = enter("cudnnSetTensorNdDescriptor")) return injected;
  if (descriptor == nullptr || dims == nullptr || strides == nullptr)
    return fail(BAD_PARAM, "an argument is NULL");
  if (int status = check_count(count)) return status;
  return set(descriptor, "cudnnSetTensorNdDescriptor", type, {dims, dims + count},
             {strides, strides + count});
}

int cudnnSetTensorNdDescriptorEx(void* descriptor, int format, int type, int count,
                                 const int* dims) {
  if (int injected = enter("cudnnSetTensorNdDescriptorEx")) return injected;
  if (descriptor == nullptr || dims == nullptr) return fail(BAD_PARAM, "an argument is NULL");
  if (int status = check_count(count)) return status;
  if (format != NCHW && format != NHWC) return fail(BAD_PARAM, "format %d", format);
  const std::vector<int> d(dims, dims + count);
  return set(descriptor, "cudnnSetTensorNdDescriptorEx", type, d,
             format == NCHW ? packed_strides(d) : channels_last_strides(d));
}

int cudnnSetTensor4dDescriptor(void* descriptor, int format, int type, int n, int c, int h, int w) {
  if (int injected = enter("cudnnSetTensor4dDescriptor")) return injected;
  if (format != NCHW && format != NHWC) return fail(BAD_PARAM, "format %d", format);
  const std::vector<int> d{n, c, h, w};
  if (*std::min_element(d.begin(), d.end()) < 1) return fail(BAD_PARAM, "a dimension is < 1");
  return set(descriptor, "cudnnSetTensor4dDescriptor", type, d,
             format == NCHW ? packed_strides(d) : channels_last_strides(d));
}

int cudnnSetTensor4dDescriptorEx(void* descriptor, int type, int n, int c, int h, int w, int sn,
                                 int sc, int sh, int sw) {
  if (int injected = enter("cudnnSetTensor4dDescriptorEx")) return injected;
  return set(descriptor, "cudnnSetTensor4dDescriptorEx", type, {n, c, h, w}, {sn, sc, sh, sw});
}

int cudnnGetTensorNdDescriptor(void* descriptor, int wanted, int* type, int* count, int* dims,
                               int* strides) {
  if (int injected = enter("cudnnGetTensorNdDescriptor")) return injected;
  auto found = tensors().find(descriptor, "cudnnGetTensorNdDescriptor");
  if (found == nullptr) return fail(BAD_PARAM, "tensorDesc == NULL");
  *type = found->type;
  *count = static_cast<int>(found->dims.size());
  for (int i = 0; i < std::min(wanted, *count); i++) {
    dims[i] = found->dims[i];
    strides[i] = found->strides[i];
  }
  return SUCCESS;
}

int cudnnGetTensor4dDescriptor(void* descriptor, int* type, int* n, int* c, int* h, int* w, int* sn,
                               int* sc, int* sh, int* sw) {
  if (int injected = enter("cudnnGetTensor4dDescriptor")) return injected;
  auto found = tensors().find(descriptor, "cudnnGetTensor4dDescriptor");
  if (found == nullptr) return fail(BAD_PARAM, "tensorDesc == NULL");
  int* dims[] = {n, c, h, w};
  int* strides[] = {sn, sc, sh, sw};
  *type = found->type;
  for (size_t i = 0; i < std::min<size_t>(4, found->dims.size()); i++) {
    *dims[i] = found->dims[i];
    *strides[i] = found->strides[i];
  }
  return SUCCESS;
}

int cudnnGetTensorSizeInBytes(void* descriptor, size_t* size) {
  if (int injected = enter("cudnnGetTensorSizeInBytes")) return injected;
  auto found = tensors().find(descriptor, "cudnnGetTensorSizeInBytes");
  if (found == nullptr || size == nullptr) return fail(BAD_PARAM, "an argument is NULL");
  *size = extent(*found) * legacy_bytes(found->type);
  return SUCCESS;
}
}
