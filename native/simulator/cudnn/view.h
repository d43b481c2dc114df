// A tensor of any strides in device memory, read into and written from a dense host copy.
#pragma once
#include <optional>
#include <vector>

#include "../element.h"
#include "graph.h"

namespace sluice::cudnn {

Element element(int data_type);

/** A tensor of four dimensions at a device address; `dense` holds the strides of its host copy. */
class View {
 public:
  View(const Tensor& tensor, void* address, const std::vector<int64_t>& dense, const char* call);

  /** Empty after a report: out of bounds, freed, or never written. */
  template <class T>
  std::optional<std::vector<T>> read() const;

  /** to = alpha * values + beta * to; what is there is read only when beta is not 0. */
  template <class T>
  void write(const std::vector<T>& values, T alpha, T beta) const;

  /** The bytes from the first element to behind the last. */
  size_t extent() const;

 private:
  const Tensor& tensor_;
  char* address_;
  std::vector<int64_t> dense_;
  const char* call_;
  Element type_;
  /** Dimensions by falling stride; the last `inner_` of them lie without gaps. */
  std::vector<int> order_;
  size_t inner_;
  size_t run_;

  template <class Visit>
  bool each_run(Visit visit) const;

  template <class Visit>
  void each_element(int64_t dense, Visit visit) const;
};

}  // namespace sluice::cudnn
