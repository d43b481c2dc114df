// A backend descriptor: attributes as they were set, and what finalising made of them.
#pragma once
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "../handles.h"
#include "api.h"
#include "graph.h"

namespace sluice::cudnn {

struct Descriptor;
using DescriptorPtr = std::shared_ptr<Descriptor>;

/** The value of an attribute: elements as they came, or the descriptors they stand for. */
struct Value {
  int type;
  int64_t count;
  std::string bytes;
  std::vector<DescriptorPtr> descriptors;

  template <class T>
  std::vector<T> all() const {
    std::vector<T> elements(bytes.size() / sizeof(T));
    std::memcpy(elements.data(), bytes.data(), elements.size() * sizeof(T));
    return elements;
  }
};

struct Descriptor {
  int type;
  bool finalized = false;
  std::map<int, Value> values;
  std::variant<std::monostate, Tensor, Convolution, Operation, Graph, Heuristic, Engine, Plan, Pack>
      made;

  explicit Descriptor(int type) : type(type) {}

  const Value* value(int attribute) const {
    auto at = values.find(attribute);
    return at == values.end() ? nullptr : &at->second;
  }

  template <class T>
  T first(int attribute, T otherwise) const {
    const Value* found = value(attribute);
    return found == nullptr || found->bytes.size() < sizeof(T) ? otherwise : found->all<T>()[0];
  }

  std::vector<int64_t> integers(int attribute) const {
    const Value* found = value(attribute);
    return found == nullptr ? std::vector<int64_t>{} : found->all<int64_t>();
  }

  /** What finalising made of the descriptor at this attribute; null when there is none such. */
  template <class T>
  const T* part(int attribute) const {
    const Value* found = value(attribute);
    if (found == nullptr || found->descriptors.empty()) return nullptr;
    const Descriptor& part = *found->descriptors[0];
    return part.finalized ? std::get_if<T>(&part.made) : nullptr;
  }
};

Handles<Descriptor>& descriptors();

/** Checks the attributes of a descriptor and makes its part; returns a status. */
int finalize(Descriptor& descriptor);

/** Enqueues a plan; returns a status. */
int execute(void* handle, const Plan& plan, const Pack& pack);

}  // namespace sluice::cudnn
