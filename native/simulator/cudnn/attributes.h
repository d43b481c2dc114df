// Which attributes a backend descriptor has, and how cuDNN answers to a wrong one.
#pragma once
#include <cstddef>
#include <cstdint>

namespace sluice::cudnn {

enum class Count { one, some, any };

struct AttributeRule {
  int descriptor, attribute, type;
  Count count;
  /** The status when the type is another one. */
  int wrong_type;
  bool settable = true;
};

/** Null when the descriptor has no such attribute. */
const AttributeRule* rule(int descriptor, int attribute);

/** The size of an element in bytes. */
size_t element_bytes(int type);

}  // namespace sluice::cudnn
