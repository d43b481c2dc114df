// The calls of the backend (graph) API.
#include <algorithm>

#include "attributes.h"
#include "descriptor.h"
#include "handle.h"
#include "message.h"

namespace sluice::cudnn {

Handles<Descriptor>& descriptors() {
  static auto* all = new Handles<Descriptor>("cudnnBackendDescriptor_t", 0x0cde000000000000);
  return *all;
}

namespace {

bool known(int type) {
  switch (type) {
    case CONVOLUTION_DESCRIPTOR:
    case ENGINE:
    case ENGINE_CONFIG:
    case HEURISTIC:
    case PLAN:
    case FORWARD:
    case BACKWARD_FILTER:
    case BACKWARD_DATA:
    case GRAPH:
    case VARIANT_PACK:
    case TENSOR:
    case DEVICE: return true;
  }
  return false;
}

bool scale(int attribute) {
  switch (attribute) {
    case FORWARD_ALPHA:
    case FORWARD_BETA:
    case BACKWARD_DATA_ALPHA:
    case BACKWARD_DATA_BETA:
    case BACKWARD_FILTER_ALPHA:
    case BACKWARD_FILTER_BETA: return true;
  }
  return false;
}

/** alpha and beta are kept as doubles whatever they came as. */
Value scale_value(int type, const void* elements) {
  double value = 0;
  if (type == TYPE_DOUBLE) std::memcpy(&value, elements, 8);
  if (type == TYPE_FLOAT) value = *static_cast<const float*>(elements);
  if (type == TYPE_INT32) value = *static_cast<const int32_t*>(elements);
  return {TYPE_DOUBLE, 1, std::string(reinterpret_cast<char*>(&value), 8), {}};
}

bool count_fits(Count rule, int64_t count) {
  return rule == Count::one ? count == 1 : rule == Count::some ? count > 0 : count >= 0;
}

/** Whether a descriptor may stand at an attribute; the real library reads whatever it is given. */
bool fits(int attribute, int part) {
  switch (attribute) {
    case ENGINEHEUR_GRAPH:
    case ENGINE_OPERATION_GRAPH: return part == GRAPH;
    case ENGINECFG_ENGINE: return part == ENGINE;
    case ENGINECFG_KNOB_CHOICES: return part == KNOB_CHOICE;
    case PLAN_ENGINE_CONFIG: return part == ENGINE_CONFIG;
    case ENGINEHEUR_DEVICEPROP:
    case ENGINE_DEVICEPROP:
    case PLAN_DEVICEPROP: return part == DEVICE;
    case FORWARD_CONV:
    case BACKWARD_DATA_CONV:
    case BACKWARD_FILTER_CONV: return part == CONVOLUTION_DESCRIPTOR;
    case GRAPH_OPS: return part == FORWARD || part == BACKWARD_DATA || part == BACKWARD_FILTER;
  }
  return part == TENSOR;
}

/** Parts are copied as they are now: to finalise one later does not help who took it before. */
int set_descriptors(Descriptor& into, const AttributeRule& rule, int64_t count,
                    const void* elements) {
  Value value{TYPE_BACKEND_DESCRIPTOR, count, {}, {}};
  for (int64_t i = 0; i < count; i++) {
    void* handle = static_cast<void* const*>(elements)[i];
    auto part = descriptors().find(handle, "cudnnBackendSetAttribute");
    // Only a graph looks at its parts before it is finalised itself.
    const bool graph = rule.attribute == GRAPH_OPS;
    if (part == nullptr)
      return fail(graph ? BAD_PARAM_NULL_POINTER : BAD_PARAM, "descriptor %ld is NULL", (long)i);
    if (graph && !part->finalized)
      return fail(BAD_PARAM_NOT_FINALIZED, "descriptor %ld is not finalized", (long)i);
    if (!fits(rule.attribute, part->type)) {
      sluice_sim_report("cudnnBackendSetAttribute: a descriptor of type %d at attribute %d",
                        part->type, rule.attribute);
      return fail(BAD_PARAM, "descriptor %ld is of type %d", (long)i, part->type);
    }
    value.descriptors.push_back(std::make_shared<Descriptor>(*part));
  }
  into.values[rule.attribute] = std::move(value);
  return SUCCESS;
}

int set(Descriptor& into, int attribute, int type, int64_t count, const void* elements) {
  if (into.finalized) return fail(BAD_PARAM, "the descriptor is finalized");
  const AttributeRule* found = rule(into.type, attribute);
  if (found == nullptr) {
    return fail(into.type == BACKWARD_FILTER ? NOT_SUPPORTED : BAD_PARAM, "unknown attribute %d",
                attribute);
  }
  if (!found->settable) return fail(found->wrong_type, "attribute %d is read-only", attribute);
  const bool number = scale(attribute)
                      && (type == TYPE_FLOAT || type == TYPE_DOUBLE
                          || (type == TYPE_INT32 && into.type == FORWARD));
  if (type != found->type && !number && found->wrong_type != SUCCESS) {
    return fail(found->wrong_type, "attribute %d: expected type %d, got %d", attribute, found->type,
                type);
  }
  if (found->count == Count::any && count < 0) {
    return fail(found->type == TYPE_CHAR ? INTERNAL_ERROR_HOST_ALLOCATION_FAILED : BAD_PARAM,
                "count %ld", (long)count);
  }
  if (!count_fits(found->count, count)) {
    return fail(BAD_PARAM, "attribute %d: count %ld", attribute, (long)count);
  }
  if (elements == nullptr) return fail(BAD_PARAM, "arrayOfElements == NULL");
  if (found->type == TYPE_BACKEND_DESCRIPTOR) return set_descriptors(into, *found, count, elements);
  if (found->type == TYPE_HANDLE
      && use(*static_cast<void* const*>(elements), "cudnnBackendSetAttribute") == nullptr) {
    return fail(NOT_INITIALIZED, "handle == NULL");
  }
  into.values[attribute] = number ? scale_value(type, elements)
                                  : Value{found->type,
                                          count,
                                          std::string(static_cast<const char*>(elements),
                                                      count * element_bytes(found->type)),
                                          {}};
  return SUCCESS;
}

/** Gives the descriptors of a value in those that the caller made for them. */
int get_descriptors(const Value& value, int64_t requested, void* elements) {
  for (int64_t i = 0; i < std::min<int64_t>(requested, value.descriptors.size()); i++) {
    auto into = descriptors().find(static_cast<void**>(elements)[i], "cudnnBackendGetAttribute");
    if (into == nullptr || into->type != value.descriptors[i]->type) {
      return fail(BAD_PARAM, "element %ld is no descriptor of the type asked for", (long)i);
    }
    *into = *value.descriptors[i];
  }
  return SUCCESS;
}

/** Attributes that can be set and not be read: what the real library answers, else 0. */
int unreadable(int attribute) {
  switch (attribute) {
    case TENSOR_BYTE_ALIGNMENT:
    case PACK_UNIQUE_IDS:
    case PACK_DATA_POINTERS: return NOT_SUPPORTED;
    case CONVOLUTION_CONV_MODE:
    case TENSOR_REORDERING_MODE: return BAD_PARAM_ATTRIBUTE_TYPE;
  }
  return SUCCESS;
}

int get(const Descriptor& from, int attribute, int type, int64_t requested, int64_t* count,
        void* elements) {
  if (!from.finalized) return fail(NOT_INITIALIZED, "status");
  const AttributeRule* found = rule(from.type, attribute);
  if (found == nullptr) return fail(BAD_PARAM, "unknown attribute %d", attribute);
  if (int status = unreadable(attribute))
    return fail(status, "attribute %d cannot be read", attribute);
  if (type != found->type)
    return fail(found->wrong_type == SUCCESS ? BAD_PARAM : found->wrong_type, "type");
  if (requested < 0 || (found->count == Count::one && requested != 1))
    return fail(BAD_PARAM, "requestedElementCount %ld", (long)requested);
  int64_t unused;
  if (count == nullptr) count = &unused;
  *count = 0;
  const Value* value = from.value(attribute);
  if (value == nullptr) return SUCCESS;
  if (requested == 0 && attribute == ENGINEHEUR_RESULTS) {
    // The true count is told only to who asks for the results themselves.
    *count = value->count + 3;
    return SUCCESS;
  }
  *count =
      attribute == PLAN_JSON && requested == 0 ? value->count : std::min(requested, value->count);
  if (requested == 0 || elements == nullptr) return SUCCESS;
  if (value->type == TYPE_BACKEND_DESCRIPTOR) return get_descriptors(*value, requested, elements);
  std::memcpy(elements, value->bytes.data(), *count * element_bytes(value->type));
  return SUCCESS;
}

}  // namespace
}  // namespace sluice::cudnn

using namespace sluice::cudnn;

extern "C" {

int cudnnBackendCreateDescriptor(int type, void** descriptor) {
  if (int injected = enter("cudnnBackendCreateDescriptor")) return injected;
  if (!known(type)) return fail(INTERNAL_ERROR_HOST_ALLOCATION_FAILED, "descriptor type %d", type);
  *descriptor = descriptors().open(std::make_shared<Descriptor>(type));
  return SUCCESS;
}

int cudnnBackendDestroyDescriptor(void* descriptor) {
  return destroy("cudnnBackendDestroyDescriptor", descriptors(), descriptor);
}

int cudnnBackendSetAttribute(void* descriptor, int attribute, int type, int64_t count,
                             const void* elements) {
  if (int injected = enter("cudnnBackendSetAttribute")) return injected;
  auto found = descriptors().find(descriptor, "cudnnBackendSetAttribute");
  return found == nullptr ? fail(BAD_PARAM_NULL_POINTER, "descriptor == NULL")
                          : set(*found, attribute, type, count, elements);
}

int cudnnBackendGetAttribute(void* descriptor, int attribute, int type, int64_t requested,
                             int64_t* count, void* elements) {
  if (int injected = enter("cudnnBackendGetAttribute")) return injected;
  auto found = descriptors().find(descriptor, "cudnnBackendGetAttribute");
  return found == nullptr ? fail(BAD_PARAM, "descriptor == NULL")
                          : get(*found, attribute, type, requested, count, elements);
}

int cudnnBackendFinalize(void* descriptor) {
  if (int injected = enter("cudnnBackendFinalize")) return injected;
  auto found = descriptors().find(descriptor, "cudnnBackendFinalize");
  if (found == nullptr) return fail(BAD_PARAM_NULL_POINTER, "descriptor == NULL");
  if (found->finalized) return fail(BAD_PARAM, "the descriptor is finalized");
  const int status = finalize(*found);
  found->finalized = status == SUCCESS;
  return status;
}

int cudnnBackendExecute(void* handle, void* plan, void* pack) {
  if (int injected = enter("cudnnBackendExecute")) return injected;
  auto run = descriptors().find(plan, "cudnnBackendExecute");
  auto with = descriptors().find(pack, "cudnnBackendExecute");
  if (handle == nullptr || run == nullptr || with == nullptr) {
    return fail(BAD_PARAM, "handle, executionPlan or varianPack == NULL");
  }
  auto* planned = std::get_if<Plan>(&run->made);
  auto* packed = std::get_if<Pack>(&with->made);
  if (!run->finalized || !with->finalized || planned == nullptr || packed == nullptr) {
    return fail(BAD_PARAM_NOT_FINALIZED, "executionPlan or varianPack is not finalized");
  }
  return execute(handle, *planned, *packed);
}
}
