// The cuDNN calls of a recurrent network from C, as one side of a race: cudnn_bench LIBCUDA LIBCUDNN.
//
//   {"cell": 2, "training": 1, "steps": T, "batch": N, "input": C, "hidden": H, "layers": L, "bidirectional": D, "math": M}
//       -> {"algorithm": NAME, "bytes": WORK_AND_RESERVE} of the fastest algorithm that cuDNN takes
//   {"run": n} -> {"nanos": [...]} of n rounds: forward; in training also backward to data and, from zero, to weights
//
// Both libraries are opened at run time, so that it is compiled and linked without them; no headers either.
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef uint64_t Device;  // a device address

#define CALLS(X)                                                                                               \
  X(cuInit, (unsigned))                                                                                        \
  X(cuDevicePrimaryCtxRetain, (void**, int))                                                                   \
  X(cuCtxSetCurrent, (void*))                                                                                  \
  X(cuCtxSynchronize, (void))                                                                                  \
  X(cuStreamCreate, (void**, unsigned))                                                                        \
  X(cuStreamSynchronize, (void*))                                                                              \
  X(cuMemAlloc_v2, (Device*, size_t))                                                                          \
  X(cuMemFree_v2, (Device))                                                                                    \
  X(cuMemcpyHtoD_v2, (Device, const void*, size_t))                                                            \
  X(cuMemsetD8Async, (Device, unsigned char, size_t, void*))                                                   \
  X(cudnnCreate, (void**))                                                                                     \
  X(cudnnSetStream, (void*, void*))                                                                            \
  X(cudnnCreateRNNDescriptor, (void**))                                                                        \
  X(cudnnDestroyRNNDescriptor, (void*))                                                                        \
  X(cudnnSetRNNDescriptor_v8, (void*, int, int, int, int, int, int, int, int, int, int, int, int, void*, unsigned)) \
  X(cudnnBuildRNNDynamic, (void*, void*, int))                                                                 \
  X(cudnnCreateRNNDataDescriptor, (void**))                                                                    \
  X(cudnnDestroyRNNDataDescriptor, (void*))                                                                    \
  X(cudnnSetRNNDataDescriptor, (void*, int, int, int, int, int, const int*, void*))                            \
  X(cudnnCreateTensorDescriptor, (void**))                                                                     \
  X(cudnnDestroyTensorDescriptor, (void*))                                                                     \
  X(cudnnSetTensorNdDescriptor, (void*, int, int, const int*, const int*))                                     \
  X(cudnnGetRNNWeightSpaceSize, (void*, void*, size_t*))                                                       \
  X(cudnnGetRNNTempSpaceSizes, (void*, void*, int, void*, size_t*, size_t*))                                   \
  X(cudnnRNNForward, (void*, void*, int, Device, void*, Device, void*, Device, void*, Device, Device, void*,   \
                      Device, Device, size_t, Device, size_t, Device, size_t, Device))                         \
  X(cudnnRNNBackwardData_v8, (void*, void*, Device, void*, Device, Device, void*, Device, void*, Device,       \
                              Device, Device, void*, Device, Device, Device, size_t, Device, size_t, Device,   \
                              size_t, Device))                                                                 \
  X(cudnnRNNBackwardWeights_v8, (void*, void*, int, Device, void*, Device, void*, Device, void*, Device,       \
                                 size_t, Device, size_t, Device, size_t, Device))

#define DECLARE(name, types) static int(*name) types;
CALLS(DECLARE)

static const char* NAMES[] = {"standard", "persist static", "persist dynamic", "persist static small h"};

static int algorithm, cell, training, steps, batch, inputs, hidden, layers, directions, math;
static void *stream, *handle, *rnn, *x_data, *y_data, *state;
static size_t weight_bytes, work_bytes, reserve_bytes;
static Device lengths, x, y, dx, dy, weights, dweights, work, reserve;

static int failed;            // the first status that was no success, of a problem
static const char* culprit;  // and its call

static int check(int status, const char* call) {
  if (status != 0 && failed == 0) failed = status, culprit = call;
  return status == 0;
}
#define CHECK(call, ...) check(call(__VA_ARGS__), #call)

static Device memory(size_t bytes, int fill) {
  Device address = 0;
  bytes = (bytes + 3) / 4 * 4 + 4;
  if (!CHECK(cuMemAlloc_v2, &address, bytes)) return 0;
  float* values = malloc(bytes);
  for (size_t i = 0; i < bytes / 4; i++) values[i] = fill ? (float)(i * 7919 % 65) / 640 - 0.05f : 0;
  CHECK(cuMemcpyHtoD_v2, address, values, bytes);
  free(values);
  return address;
}

static void describe(void) {
  int* ends = malloc(batch * sizeof *ends);
  for (int n = 0; n < batch; n++) ends[n] = steps;
  CHECK(cudnnCreateRNNDescriptor, &rnn);
  CHECK(cudnnSetRNNDescriptor_v8, rnn, algorithm, cell, 2, directions - 1, 0, 0, 0, math, inputs, hidden, hidden, layers, NULL, 0);
  if (algorithm == 2) CHECK(cudnnBuildRNNDynamic, handle, rnn, batch);
  CHECK(cudnnCreateRNNDataDescriptor, &x_data);
  CHECK(cudnnSetRNNDataDescriptor, x_data, 0, 0, steps, batch, inputs, ends, NULL);
  CHECK(cudnnCreateRNNDataDescriptor, &y_data);
  CHECK(cudnnSetRNNDataDescriptor, y_data, 0, 0, steps, batch, directions * hidden, ends, NULL);
  const int sizes[] = {layers * directions, batch, hidden}, strides[] = {batch * hidden, hidden, 1};
  CHECK(cudnnCreateTensorDescriptor, &state);
  CHECK(cudnnSetTensorNdDescriptor, state, 0, 3, sizes, strides);
  CHECK(cudnnGetRNNWeightSpaceSize, handle, rnn, &weight_bytes);
  CHECK(cudnnGetRNNTempSpaceSizes, handle, rnn, training, x_data, &work_bytes, &reserve_bytes);
  if (failed == 0) {
    const size_t rows = (size_t)steps * batch * 4;
    lengths = memory(batch * 4, 0);
    CHECK(cuMemcpyHtoD_v2, lengths, ends, batch * 4);
    x = memory(rows * inputs, 1), y = memory(rows * directions * hidden, 0);
    weights = memory(weight_bytes, 1), work = memory(work_bytes, 0), reserve = memory(reserve_bytes, 0);
    if (training) {
      dx = memory(rows * inputs, 0), dy = memory(rows * directions * hidden, 1), dweights = memory(weight_bytes, 0);
    }
    // Copies from pageable memory may still be under way, and our stream does not wait for them.
    CHECK(cuCtxSynchronize);
  }
  free(ends);
}

static void forget(void) {
  Device* all[] = {&lengths, &x, &y, &dx, &dy, &weights, &dweights, &work, &reserve};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    if (*all[i] != 0) cuMemFree_v2(*all[i]);
    *all[i] = 0;
  }
  if (state != NULL) cudnnDestroyTensorDescriptor(state);
  if (y_data != NULL) cudnnDestroyRNNDataDescriptor(y_data);
  if (x_data != NULL) cudnnDestroyRNNDataDescriptor(x_data);
  if (rnn != NULL) cudnnDestroyRNNDescriptor(rnn);
  state = y_data = x_data = rnn = NULL;
}

static int64_t round_nanos(void) {
  struct timespec before, after;
  void* c = cell == 2 ? state : NULL;
  clock_gettime(CLOCK_MONOTONIC, &before);
  CHECK(cudnnRNNForward, handle, rnn, training, lengths, x_data, x, y_data, y, state, 0, 0, c, 0, 0, weight_bytes, weights,
        work_bytes, work, reserve_bytes, training ? reserve : 0);
  if (training) {
    CHECK(cudnnRNNBackwardData_v8, handle, rnn, lengths, y_data, y, dy, x_data, dx, state, 0, 0, 0, c, 0, 0, 0, weight_bytes,
          weights, work_bytes, work, reserve_bytes, reserve);
    CHECK(cuMemsetD8Async, dweights, 0, weight_bytes, stream);
    CHECK(cudnnRNNBackwardWeights_v8, handle, rnn, 0, lengths, x_data, x, state, 0, y_data, y, weight_bytes, dweights,
          work_bytes, work, reserve_bytes, reserve);
  }
  CHECK(cuStreamSynchronize, stream);
  clock_gettime(CLOCK_MONOTONIC, &after);
  return (after.tv_sec - before.tv_sec) * 1000000000LL + (after.tv_nsec - before.tv_nsec);
}

static long number(const char* line, const char* key) {
  char quoted[64];
  snprintf(quoted, sizeof quoted, "\"%s\":", key);
  const char* at = strstr(line, quoted);
  return at == NULL ? -1 : strtol(at + strlen(quoted), NULL, 10);
}

static void answer_failure(void) { printf("{\"error\": \"%s returned %d\"}\n", culprit, failed); }

static void open_problem(const char* line) {
  cell = number(line, "cell"), training = number(line, "training"), steps = number(line, "steps");
  batch = number(line, "batch"), inputs = number(line, "input"), hidden = number(line, "hidden");
  layers = number(line, "layers"), directions = 1 + number(line, "bidirectional"), math = number(line, "math");
  int best = -1, refused = 0;
  int64_t fastest = 0;
  const char* refusal = NULL;
  for (algorithm = 0; algorithm < 4; algorithm++) {
    failed = 0;
    describe();
    int64_t nanos = 0;
    for (int i = 0; i < 3 && failed == 0; i++) {
      const int64_t now = round_nanos();
      nanos = i == 0 || now < nanos ? now : nanos;
    }
    if (failed == 0 && (best < 0 || nanos < fastest)) best = algorithm, fastest = nanos;
    if (algorithm == 0) refused = failed, refusal = culprit;
    forget();
  }
  if (best < 0) {
    failed = refused, culprit = refusal;
    answer_failure();
    return;
  }
  algorithm = best, failed = 0;
  describe();
  if (failed != 0) answer_failure();
  else printf("{\"algorithm\": \"%s\", \"bytes\": %zu}\n", NAMES[best], work_bytes + reserve_bytes);
}

static void run(long rounds) {
  if (rnn == NULL) {
    printf("{\"error\": \"no problem is open\"}\n");
    return;
  }
  int64_t* nanos = malloc((rounds + 1) * sizeof *nanos);
  for (long i = 0; i < rounds; i++) nanos[i] = round_nanos();
  if (failed != 0) answer_failure();
  else {
    printf("{\"nanos\": [");
    for (long i = 0; i < rounds; i++) printf("%s%lld", i == 0 ? "" : ", ", (long long)nanos[i]);
    printf("]}\n");
  }
  free(nanos);
}

int main(int count, char** arguments) {
  if (count != 3) {
    fprintf(stderr, "usage: cudnn_bench LIBCUDA LIBCUDNN\n");
    return 2;
  }
  void* libraries[2];
  for (int i = 0; i < 2; i++) {
    libraries[i] = dlopen(arguments[i + 1], RTLD_NOW | RTLD_GLOBAL);
    if (libraries[i] == NULL) {
      fprintf(stderr, "cudnn_bench: %s\n", dlerror());
      return 1;
    }
  }
#define FIND(name, types)                                                                                                     \
  *(void**)&name = dlsym(libraries[strncmp(#name, "cudnn", 5) == 0], #name);                                                  \
  if (name == NULL) {                                                                                                         \
    fprintf(stderr, "cudnn_bench: %s has no %s\n", arguments[1 + (strncmp(#name, "cudnn", 5) == 0)], #name);                  \
    return 1;                                                                                                                 \
  }
  CALLS(FIND)
  void* context;
  if (!CHECK(cuInit, 0) || !CHECK(cuDevicePrimaryCtxRetain, &context, 0) || !CHECK(cuCtxSetCurrent, context)
      || !CHECK(cuStreamCreate, &stream, 1) || !CHECK(cudnnCreate, &handle) || !CHECK(cudnnSetStream, handle, stream)) {
    fprintf(stderr, "cudnn_bench: %s returned %d\n", culprit, failed);
    return 1;
  }
  char line[4096];
  while (fgets(line, sizeof line, stdin) != NULL) {
    const long rounds = number(line, "run");
    if (rounds >= 0) run(rounds);
    else {
      forget();
      open_problem(line);
    }
    fflush(stdout);
  }
  forget();
  return 0;
}
