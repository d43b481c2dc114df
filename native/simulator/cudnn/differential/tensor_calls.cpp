// cudnnTensorDescriptor_t and cudnnDropoutDescriptor_t.
#include "library.h"

namespace differential {
namespace {

/** What a tensor is after a call; after one that failed it is half of this and half of that. */
void show(const std::string& what, int status, void* tensor) {
  if (status != 0) return line(what, status);
  int type = -7, count = -7;
  std::vector<int> dims(10, -7), strides(10, -7);
  size_t bytes = 7;
  const int got =
      call("cudnnGetTensorNdDescriptor", tensor, 8, &type, &count, dims.data(), strides.data());
  const int size = call("cudnnGetTensorSizeInBytes", tensor, &bytes);
  line(what, status, text(got, type, count) + text(dims) + text(strides) + text(size, bytes));
}

void tensor_nd(void* t, int type, const std::vector<int>& dims, const std::vector<int>& strides,
               int count) {
  const int status =
      call("cudnnSetTensorNdDescriptor", t, type, count, dims.data(), strides.data());
  show("cudnnSetTensorNdDescriptor " + text(type, count) + text(dims) + text(strides), status, t);
}

void shapes() {
  Made made("Tensor");
  void* t = made.handle;
  show("a new tensor", 0, t);
  const std::vector<int> dims{2, 3, 4, 5}, strides{60, 20, 5, 1};
  for (int type = -1; type < 25; type++) tensor_nd(t, type, dims, strides, 4);
  const std::vector<int> many{1, 2, 1, 2, 1, 2, 1, 2, 1, 2}, steps{16, 16, 8, 8, 4, 4, 2, 2, 1, 1};
  for (int count = -1; count < 11; count++) tensor_nd(t, 0, many, steps, count);
  for (int i = 0; i < 4; i++) {
    for (int value : {-1, 0, 1, 1000000, 2147483647}) {
      auto wrong = dims;
      wrong[i] = value;
      tensor_nd(t, 0, wrong, strides, 4);
      auto steps4 = strides;
      steps4[i] = value;
      tensor_nd(t, 0, dims, steps4, 4);
    }
  }
  tensor_nd(t, 0, dims, {1, 2, 6, 24}, 4);
  tensor_nd(t, 0, dims, {60, 1, 15, 3}, 4);
  tensor_nd(t, 0, dims, {120, 1, 30, 6}, 4);
  tensor_nd(t, 0, {1, 1, 1}, {1, 1, 1}, 3);
  tensor_nd(t, 2, {4, 7, 33}, {231, 33, 1}, 3);
  line("no tensor", guarded([&] {
         return call("cudnnSetTensorNdDescriptor", nullptr, 0, 4, dims.data(), strides.data());
       }));
}

void shapes_4d() {
  Made made("Tensor");
  void* t = made.handle;
  for (int format = -1; format < 4; format++) {
    for (int type : {0, 1, 2, 3, 4, 9, 20}) {
      show("cudnnSetTensor4dDescriptor " + text(format, type),
           call("cudnnSetTensor4dDescriptor", t, format, type, 2, 4, 3, 5), t);
    }
  }
  for (int i = 0; i < 4; i++) {
    for (int value : {-1, 0, 1}) {
      int d[4] = {2, 3, 4, 5};
      d[i] = value;
      show("cudnnSetTensor4dDescriptor " + text(d[0], d[1], d[2], d[3]),
           call("cudnnSetTensor4dDescriptor", t, 0, 0, d[0], d[1], d[2], d[3]), t);
      show("cudnnSetTensor4dDescriptorEx " + text(d[0], d[1], d[2], d[3]),
           call("cudnnSetTensor4dDescriptorEx", t, 0, d[0], d[1], d[2], d[3], 60, 20, 5, 1), t);
    }
  }
  int dims[4] = {2, 3, 4, 5};
  for (int format = -1; format < 4; format++) {
    show("cudnnSetTensorNdDescriptorEx " + text(format),
         call("cudnnSetTensorNdDescriptorEx", t, format, 0, 4, &dims[0]), t);
  }
}

void getters() {
  Made made("Tensor");
  void* t = made.handle;
  int type, count, dims[9], strides[9], v[8];
  const int three[] = {2, 3, 4}, steps[] = {12, 4, 1};
  call("cudnnSetTensorNdDescriptor", t, 0, 3, &three[0], &steps[0]);
  for (int wanted = -1; wanted < 11; wanted++) {
    for (auto& dim : dims) dim = -7;
    const int status = guarded([&] {
      return call("cudnnGetTensorNdDescriptor", t, wanted, &type, &count, &dims[0], &strides[0]);
    });
    if (status >= 0)
      call("cudnnGetTensorNdDescriptor", t, wanted, &type, &count, &dims[0], &strides[0]);
    line("cudnnGetTensorNdDescriptor " + text(wanted), status,
         text(dims[0], dims[1], dims[2], dims[3], dims[4]));
  }
  line("cudnnGetTensor4dDescriptor of three", call("cudnnGetTensor4dDescriptor", t, &type, v, v + 1,
                                                   v + 2, v + 3, v + 4, v + 5, v + 6, v + 7));
  call("cudnnSetTensor4dDescriptor", t, 1, 2, 2, 3, 4, 5);
  const int status = call("cudnnGetTensor4dDescriptor", t, &type, v, v + 1, v + 2, v + 3, v + 4,
                          v + 5, v + 6, v + 7);
  line("cudnnGetTensor4dDescriptor", status,
       text(type, v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]));
}

}  // namespace

void tensor_calls() {
  shapes();
  shapes_4d();
  getters();
}

void dropout_calls() {
  Made tensor("Tensor"), dropout("Dropout");
  for (int type : {0, 1, 2, 9}) {
    for (int n : {1, 7, 8, 9, 1000, 4099}) {
      size_t bytes = 7;
      const int dims[] = {n, 3, 1}, steps[] = {3, 1, 1};
      call("cudnnSetTensorNdDescriptor", tensor.handle, type, 3, &dims[0], &steps[0]);
      const int status = call("cudnnDropoutGetReserveSpaceSize", tensor.handle, &bytes);
      line("cudnnDropoutGetReserveSpaceSize " + text(type, n), status, text(bytes));
    }
  }
  size_t bytes = 0;
  line("cudnnDropoutGetReserveSpaceSize no tensor",
       guarded([&] { return call("cudnnDropoutGetReserveSpaceSize", nullptr, &bytes); }));
}

}  // namespace differential
