#include "view.h"

#include <algorithm>

#include "../device.h"
#include "api.h"

namespace sluice::cudnn {

Element element(int data_type) {
  switch (data_type) {
    case DOUBLE: return Element::f64;
    case HALF: return Element::f16;
    case BFLOAT16: return Element::bf16;
  }
  return Element::f32;
}

View::View(const Tensor& tensor, void* address, const std::vector<int64_t>& dense, const char* call)
    : tensor_(tensor),
      address_(static_cast<char*>(address)),
      dense_(dense),
      call_(call),
      type_(element(tensor.type)),
      inner_(0),
      run_(1) {
  for (int i = 0; i < static_cast<int>(tensor.dims.size()); i++) {
    if (tensor.dims[i] > 1) order_.push_back(i);
  }
  std::sort(order_.begin(), order_.end(),
            [&](int a, int b) { return tensor.strides[a] > tensor.strides[b]; });
  for (size_t i = order_.size(); i-- > 0 && tensor.strides[order_[i]] == static_cast<int64_t>(run_);
       inner_++) {
    run_ *= tensor.dims[order_[i]];
  }
}

size_t View::extent() const {
  int64_t last = 0;
  for (int i : order_) last += (tensor_.dims[i] - 1) * tensor_.strides[i];
  return (last + 1) * bytes(type_);
}

/** Visits (device address, dense index) of each run of elements without gaps, until one says no. */
template <class Visit>
bool View::each_run(Visit visit) const {
  const size_t outer = order_.size() - inner_;
  std::vector<int64_t> at(outer);
  while (true) {
    int64_t offset = 0, dense = 0;
    for (size_t i = 0; i < outer; i++) {
      offset += at[i] * tensor_.strides[order_[i]];
      dense += at[i] * dense_[order_[i]];
    }
    if (!visit(address_ + offset * static_cast<int64_t>(bytes(type_)), dense)) return false;
    size_t i = outer;
    while (i > 0 && ++at[i - 1] == tensor_.dims[order_[i - 1]]) at[--i] = 0;
    if (i == 0) return true;
  }
}

/** Visits (index in the run, dense index) of each element of a run. */
template <class Visit>
void View::each_element(int64_t dense, Visit visit) const {
  const size_t outer = order_.size() - inner_;
  std::vector<int64_t> at(inner_);
  const int last = inner_ == 0 ? 0 : order_.back();
  const int64_t length = inner_ == 0 ? 1 : tensor_.dims[last],
                step = inner_ == 0 ? 0 : dense_[last];
  for (size_t index = 0; index < run_; index += length) {
    int64_t base = dense;
    for (size_t i = 0; i + 1 < inner_; i++) base += at[i] * dense_[order_[outer + i]];
    for (int64_t j = 0; j < length; j++) visit(index + j, base + j * step);
    size_t i = inner_ == 0 ? 0 : inner_ - 1;
    while (i > 0 && ++at[i - 1] == tensor_.dims[order_[outer + i - 1]]) at[--i] = 0;
  }
}

template <class T>
std::optional<std::vector<T>> View::read() const {
  size_t total = 1;
  for (auto dim : tensor_.dims) total *= dim;
  std::vector<T> values(total);
  const bool whole = each_run([&](char* at, int64_t dense) {
    const void* from = sluice_sim_memory(at, run_ * bytes(type_), SLUICE_READ, call_);
    if (from == nullptr) return false;
    each_element(dense, [&](size_t i, int64_t to) { values[to] = load<T>(type_, from, i); });
    return true;
  });
  return whole ? std::optional(std::move(values)) : std::nullopt;
}

template <class T>
void View::write(const std::vector<T>& values, T alpha, T beta) const {
  const int mode = beta == 0 ? SLUICE_WRITE : SLUICE_READ | SLUICE_WRITE;
  each_run([&](char* at, int64_t dense) {
    void* to = sluice_sim_memory(at, run_ * bytes(type_), mode, call_);
    if (to == nullptr) return false;
    each_element(dense, [&](size_t i, int64_t from) {
      const T old = beta == 0 ? 0 : beta * load<T>(type_, to, i);
      store<T>(type_, to, i, alpha * values[from] + old);
    });
    return true;
  });
}

template std::optional<std::vector<float>> View::read() const;
template std::optional<std::vector<double>> View::read() const;
template void View::write(const std::vector<float>&, float, float) const;
template void View::write(const std::vector<double>&, double, double) const;

}  // namespace sluice::cudnn
