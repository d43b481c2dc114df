// cudnnTensorDescriptor_t
#pragma once
#include <cstdint>
#include <vector>

#include "../handles.h"

namespace sluice::cudnn {

struct TensorDescriptor {
  int type = 0;
  std::vector<int> dims, strides;
};

Handles<TensorDescriptor>& tensors();

/** The bytes of an element of a legacy data type; 0 when there is no such type. */
size_t legacy_bytes(int type);

/** Strides of dimensions without gaps, the last one innermost. */
std::vector<int> packed_strides(const std::vector<int>& dims);

}  // namespace sluice::cudnn
