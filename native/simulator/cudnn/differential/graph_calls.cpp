// Tensors, convolutions, operations and graphs: what finalising accepts, and what can be read back.
#include <cstring>

#include "../api.h"
#include "library.h"

namespace differential {
namespace {

using namespace sluice::cudnn;
using Integers = std::vector<int64_t>;

struct Backend {
  void* handle = nullptr;

  explicit Backend(int type) { call("cudnnBackendCreateDescriptor", type, &handle); }
  Backend(const Backend&) = delete;
  ~Backend() { call("cudnnBackendDestroyDescriptor", handle); }

  int integers(int name, const Integers& values) {
    return call("cudnnBackendSetAttribute", handle, name, int{TYPE_INT64},
                static_cast<int64_t>(values.size()), values.data());
  }
  template <class T>
  int one(int name, int type, T value) {
    return call("cudnnBackendSetAttribute", handle, name, type, int64_t{1}, &value);
  }
  int finalize() {
    return guarded([&] { return call("cudnnBackendFinalize", handle); }) < 0
               ? -1
               : call("cudnnBackendFinalize", handle);
  }
  int get(int name, int type, int64_t wanted, int64_t* count, void* values) {
    return call("cudnnBackendGetAttribute", handle, name, type, wanted, count, values);
  }
};

struct TensorSpec {
  Integers dims{2, 3, 8, 9}, strides{216, 72, 9, 1};
  int type = FLOAT;
  int64_t uid = 1, alignment = 16;
  bool has_type = true, has_uid = true, has_alignment = true;
};

int fill(Backend& t, const TensorSpec& s) {
  if (s.has_type) t.one(TENSOR_DATA_TYPE, TYPE_DATA_TYPE, s.type);
  if (!s.dims.empty()) t.integers(TENSOR_DIMENSIONS, s.dims);
  if (!s.strides.empty()) t.integers(TENSOR_STRIDES, s.strides);
  if (s.has_uid) t.integers(TENSOR_UNIQUE_ID, {s.uid});
  if (s.has_alignment) t.integers(TENSOR_BYTE_ALIGNMENT, {s.alignment});
  return t.finalize();
}

std::string name(const TensorSpec& s) {
  return text(s.dims) + text(s.strides)
         + text(s.type, s.uid, s.alignment, s.has_type, s.has_uid, s.has_alignment);
}

void tensor(const TensorSpec& s) {
  Backend t(TENSOR);
  const int status = fill(t, s);
  std::string values;
  for (auto [attribute, type] : std::vector<std::pair<int, int>>{{900, 3},
                                                                 {901, 1},
                                                                 {902, 3},
                                                                 {903, 3},
                                                                 {904, 3},
                                                                 {905, 3},
                                                                 {906, 3},
                                                                 {907, 2},
                                                                 {908, 2},
                                                                 {909, 20}}) {
    for (int64_t wanted : {0, 1, 8}) {
      int64_t count = -7, got[8] = {-7, -7, -7, -7, -7, -7, -7, -7};
      const int answer = t.get(attribute, type, wanted, &count, got);
      values += text(attribute, wanted, answer);
      if (answer != 0) continue;
      int64_t first = 0;
      std::memcpy(&first, got, type == TYPE_INT64 ? 8 : type == TYPE_BOOLEAN ? 1 : 4);
      values += text(count) + (wanted > 0 ? text(first) : "")
                + (type == TYPE_INT64 && wanted > 1 ? text(got[1], got[2], got[3], got[4]) : "");
    }
  }
  line("tensor " + name(s), status, values);
  if (status != 0) return;
  int64_t count, got[8];
  line("tensor got as another type " + name(s),
       t.get(TENSOR_DIMENSIONS, TYPE_INT32, 8, &count, got));
  line("tensor got an attribute of others " + name(s),
       t.get(CONVOLUTION_SPATIAL_DIMS, TYPE_INT64, 8, &count, got));
  line("tensor got with a negative count " + name(s),
       t.get(TENSOR_DIMENSIONS, TYPE_INT64, -1, &count, got));
  line("tensor got into nothing " + name(s),
       t.get(TENSOR_DIMENSIONS, TYPE_INT64, 4, &count, nullptr));
  line("tensor got without a count " + name(s),
       guarded([&] { return t.get(TENSOR_DIMENSIONS, TYPE_INT64, 4, nullptr, got); }));
  line("tensor set once finalized " + name(s), t.integers(TENSOR_UNIQUE_ID, {9}));
  line("tensor finalized again " + name(s), t.finalize());
}

void tensors() {
  tensor({});
  for (int type = 0; type < 22; type++) tensor({.type = type});
  for (int type : {FLOAT, DOUBLE, HALF, INT8}) {
    for (int64_t alignment : {-1, 0, 1, 2, 3, 4, 6, 8, 12, 16, 128, 4096})
      tensor({.type = type, .alignment = alignment});
  }
  for (int64_t uid : {-1, 0, 42}) tensor({.uid = uid});
  tensor({.dims = {2, 3, 8, 9}, .strides = {216, 1, 27, 3}});
  tensor({.dims = {2, 3, 8, 9}, .strides = {360, 1, 45, 5}});
  tensor({.dims = {2, 3, 8, 9}, .strides = {}});
  tensor({.dims = {}});
  tensor({.dims = {2, 3, 8}});
  tensor({.dims = {2, 3, 8, 9}, .strides = {216, 72, 9}});
  tensor({.dims = {2, 0, 8, 9}});
  tensor({.dims = {2, -3, 8, 9}});
  tensor({.dims = {2, 3, 8, 9}, .strides = {216, 72, 9, 0}});
  tensor({.dims = {2, 3, 8, 9}, .strides = {216, 72, 9, -1}});
  tensor({.dims = {2, 3, 8, 9}, .strides = {1, 1, 1, 1}});
  tensor({.dims = {1}, .strides = {1}});
  tensor({.dims = {1, 2, 3, 4, 5, 6, 7, 8}, .strides = {40320, 20160, 6720, 1680, 336, 56, 8, 1}});
  tensor({.has_type = false});
  tensor({.has_uid = false});
  tensor({.has_alignment = false});
}

struct ConvolutionSpec {
  int64_t spatial = 2;
  Integers before{1, 1}, after{1, 1}, stride{1, 1}, dilation{1, 1};
  int compute = FLOAT, mode = CROSS_CORRELATION;
};

int fill(Backend& c, const ConvolutionSpec& s) {
  if (s.spatial != 0) c.integers(CONVOLUTION_SPATIAL_DIMS, {s.spatial});
  if (s.compute >= 0) c.one(CONVOLUTION_COMP_TYPE, TYPE_DATA_TYPE, s.compute);
  if (s.mode >= 0) c.one(CONVOLUTION_CONV_MODE, TYPE_CONVOLUTION_MODE, s.mode);
  if (!s.before.empty()) c.integers(CONVOLUTION_PRE_PADDINGS, s.before);
  if (!s.after.empty()) c.integers(CONVOLUTION_POST_PADDINGS, s.after);
  if (!s.stride.empty()) c.integers(CONVOLUTION_FILTER_STRIDES, s.stride);
  if (!s.dilation.empty()) c.integers(CONVOLUTION_DILATIONS, s.dilation);
  return c.finalize();
}

void convolution(const ConvolutionSpec& s) {
  Backend c(CONVOLUTION_DESCRIPTOR);
  const int status = fill(c, s);
  std::string values;
  for (auto [attribute, type] : std::vector<std::pair<int, int>>{
           {100, 1}, {101, 7}, {102, 3}, {103, 3}, {104, 3}, {105, 3}, {106, 3}}) {
    for (int64_t wanted : {0, 1, 2, 8}) {
      int64_t count = -7, got[8] = {-7, -7, -7, -7, -7, -7, -7, -7}, first = 0;
      const int answer = c.get(attribute, type, wanted, &count, got);
      std::memcpy(&first, got, type == TYPE_INT64 ? 8 : 4);
      values += text(attribute, wanted, answer) + (answer == 0 ? text(count) : "")
                + (answer == 0 && wanted > 0 ? text(first) : "");
    }
  }
  line("convolution " + text(s.spatial) + text(s.before) + text(s.after) + text(s.stride)
           + text(s.dilation) + text(s.compute, s.mode),
       status, values);
}

void convolutions() {
  convolution({});
  for (int compute = -1; compute < 24; compute++) convolution({.compute = compute});
  for (int mode : {-1, 0, 1, 2}) convolution({.mode = mode});
  for (int64_t spatial : {-1, 0, 1, 2, 3, 6, 7}) convolution({.spatial = spatial});
  convolution({.spatial = 1, .before = {1}, .after = {1}, .stride = {1}, .dilation = {1}});
  convolution({.spatial = 3,
               .before = {1, 1, 1},
               .after = {1, 1, 1},
               .stride = {1, 1, 1},
               .dilation = {1, 1, 1}});
  for (const Integers& values : {Integers{}, Integers{0, 0}, Integers{-1, 1}, Integers{2, 3},
                                 Integers{1}, Integers{1, 1, 1}}) {
    convolution({.before = values});
    convolution({.after = values});
    convolution({.stride = values});
    convolution({.dilation = values});
  }
}

Integers last(const Integers& d) { return {d[1] * d[2] * d[3], 1, d[1] * d[3], d[1]}; }

struct OperationSpec {
  Integers x{2, 4, 8, 9}, w{6, 4, 3, 3}, y{2, 6, 8, 9};
  ConvolutionSpec convolution{};
  int type_x = FLOAT, type_w = FLOAT, type_y = FLOAT;
  int missing = -1;
  int64_t uid_y = 3;
  bool scales = true;
};

/** An operation and the graph of it. */
void operation(int direction, const OperationSpec& s) {
  Backend x(TENSOR), w(TENSOR), y(TENSOR), c(CONVOLUTION_DESCRIPTOR), o(direction), g(GRAPH);
  fill(x, {.dims = s.x, .strides = last(s.x), .type = s.type_x, .uid = 1});
  fill(w, {.dims = s.w, .strides = last(s.w), .type = s.type_w, .uid = 2});
  fill(y, {.dims = s.y, .strides = last(s.y), .type = s.type_y, .uid = s.uid_y});
  fill(c, s.convolution);
  const int first = direction == FORWARD ? 700 : direction == BACKWARD_DATA ? 706 : 712;
  std::string sets;
  if (s.scales) sets += text(o.one(first, TYPE_DOUBLE, 1.0), o.one(first + 1, TYPE_DOUBLE, 0.0));
  Backend* parts[] = {&c, &w, &x, &y};
  for (int i = 0; i < 4; i++) {
    if (i != s.missing)
      sets += text(o.one(first + 2 + i, TYPE_BACKEND_DESCRIPTOR, parts[i]->handle));
  }
  const int status = o.finalize();
  int64_t count = -7;
  double alpha = -7, beta = -7;
  const int got_alpha = o.get(first, TYPE_DOUBLE, 1, &count, &alpha),
            got_beta = o.get(first + 1, TYPE_DOUBLE, 1, &count, &beta);
  std::string values = sets + text(got_alpha, got_beta) + (got_alpha == 0 ? text(alpha, beta) : "");
  const int set = guarded([&] { return g.one(GRAPH_OPS, TYPE_BACKEND_DESCRIPTOR, o.handle); });
  values += text(set);
  if (set == 0) {
    g.one(GRAPH_OPS, TYPE_BACKEND_DESCRIPTOR, o.handle);
    values += text(g.finalize());
  }
  line(
      "operation " + text(direction) + text(s.x) + text(s.w) + text(s.y)
          + text(s.convolution.before) + text(s.convolution.stride) + text(s.convolution.dilation)
          + text(s.type_x, s.type_w, s.type_y, s.missing, s.uid_y, s.scales, s.convolution.compute),
      status, values);
}

void operations(int direction) {
  operation(direction, {});
  for (int missing = 0; missing < 4; missing++) operation(direction, {.missing = missing});
  operation(direction, {.scales = false});
  for (const Integers& y : {Integers{2, 6, 7, 9}, Integers{2, 6, 8, 8}, Integers{3, 6, 8, 9},
                            Integers{2, 5, 8, 9}, Integers{2, 6, 10, 11}})
    operation(direction, {.y = y});
  for (const Integers& w : {Integers{6, 4, 1, 1}, Integers{6, 4, 5, 5}, Integers{6, 3, 3, 3},
                            Integers{6, 2, 3, 3}, Integers{6, 8, 3, 3}, Integers{6, 4, 11, 11}})
    operation(direction, {.w = w});
  operation(direction, {.w = {6, 4, 5, 5}, .convolution = {.before = {2, 2}, .after = {2, 2}}});
  operation(direction, {.y = {2, 6, 4, 5}, .convolution = {.stride = {2, 2}}});
  operation(direction, {.y = {2, 6, 6, 7}, .convolution = {.dilation = {2, 2}}});
  operation(direction, {.x = {2, 4, 2, 2},
                        .w = {6, 4, 5, 5},
                        .y = {2, 6, 2, 2},
                        .convolution = {.before = {2, 2}, .after = {2, 2}}});
  for (int type : {DOUBLE, HALF, INT8, INT32, BFLOAT16}) {
    operation(direction, {.type_x = type});
    operation(direction, {.type_w = type});
    operation(direction, {.type_y = type});
    operation(direction, {.type_x = type, .type_w = type, .type_y = type});
    operation(direction, {.convolution = {.compute = type}});
  }
  operation(direction, {.uid_y = 1});
  operation(direction, {.uid_y = 2});
}

}  // namespace

void graph_calls() {
  tensors();
  convolutions();
  for (int direction : {FORWARD, BACKWARD_DATA, BACKWARD_FILTER}) operations(direction);
  Backend pack(VARIANT_PACK);
  void* pointers[3] = {&pack, &pack, &pack};
  int64_t count = 0, got[3] = {};
  line("pack ids", pack.integers(PACK_UNIQUE_IDS, {1, 2, 3}));
  line("pack pointers", call("cudnnBackendSetAttribute", pack.handle, int{PACK_DATA_POINTERS},
                             int{TYPE_VOID_PTR}, int64_t{3}, &pointers[0]));
  line("pack finalize", pack.finalize());
  line("pack ids got", pack.get(PACK_UNIQUE_IDS, TYPE_INT64, 3, &count, got),
       text(count, got[0], got[1], got[2]));
  line("pack pointers got", pack.get(PACK_DATA_POINTERS, TYPE_VOID_PTR, 3, &count, got),
       text(count, got[0] == reinterpret_cast<int64_t>(&pack)));
  line("pack workspace got", pack.get(PACK_WORKSPACE, TYPE_VOID_PTR, 1, &count, got), text(count));
  line("pack set once finalized", pack.integers(PACK_UNIQUE_IDS, {1, 2, 3}));
}

}  // namespace differential
