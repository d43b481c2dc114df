/* The oneDNN calls that Sluice makes, made from C. Requests and answers are lines of JSON:
 * {"threads": n} -> {"name", "version"};  {"name": work, "run": n} -> {"nanos": [...]}.
 * The works are those of NativeRaces.java, with the same shapes. */
#define _POSIX_C_SOURCE 199309L
#include <oneapi/dnnl/dnnl.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CALLS = 10000, T = 100, N = 32, C = 256, H = 256, GATES = 4 * H };
enum { BATCH = 8, SIDE = 16, IN = 128, OUT = 64, SAFE_DEPTH = 84 };

#define CHECK(call) check((call), #call)
static void check(dnnl_status_t status, const char *call) {
  if (status != dnnl_success) {
    fprintf(stderr, "onednn.c: %s: status %d\n", call, (int)status);
    exit(1);
  }
}

static float *numbers(size_t count) {
  float *values = aligned_alloc(64, (count * sizeof(float) + 63) / 64 * 64);
  if (!values) {
    fprintf(stderr, "onednn.c: no memory\n");
    exit(1);
  }
  for (size_t i = 0; i < count; i++) values[i] = (float)(rand() % 2001 - 1000) / 10000;
  return values;
}

/* The smallest native call that the library makes. */
static volatile int sink;
static void call(void) {
  for (int i = 0; i < CALLS; i++) sink = omp_get_max_threads();
}

static float *x, *h, *w_ih, *w_hh, *sums;

/* to = beta to + from w^T, w [GATES, depth], in slices as the library's, which says why. */
static void multiply(int rows, int depth, const float *from, const float *w, float beta, float *to) {
  int slices = (depth + SAFE_DEPTH - 1) / SAFE_DEPTH;
  for (int slice = 0; slice < slices; slice++) {
    int at = depth * slice / slices, next = depth * (slice + 1) / slices;
    CHECK(dnnl_sgemm('N', 'T', rows, GATES, next - at, 1, from + at, depth, w + at, depth,
        slice ? 1 : beta, to, GATES));
  }
}

static void recurrent(int t) { multiply(N, H, h, w_hh, 1, sums + (size_t)t * N * GATES); }

/* One step's recurrent product. */
static void product(void) { recurrent(0); }

/* All products of an LSTM over a sequence: the input's at once, then one a step. */
static void products(void) {
  multiply(T * N, C, x, w_ih, 0, sums);
  for (int t = 0; t < T; t++) recurrent(t);
}

static dnnl_engine_t engine;
static dnnl_stream_t stream;
static dnnl_primitive_t conv;
static dnnl_exec_arg_t arguments[4];

static dnnl_memory_desc_t tagged(int rank, const dnnl_dims_t dims, dnnl_format_tag_t tag) {
  dnnl_memory_desc_t md;
  CHECK(dnnl_memory_desc_create_with_tag(&md, rank, dims, dnnl_f32, tag));
  return md;
}

static dnnl_memory_t memory(const_dnnl_memory_desc_t md) {
  dnnl_memory_t made;
  CHECK(dnnl_memory_create(&made, md, engine, numbers(dnnl_memory_desc_get_size(md) / 4)));
  return made;
}

/* PredRNN's convolution of c and m, frames channels-last, weights in oneDNN's own layout. */
static void convolution(void) { CHECK(dnnl_primitive_execute(conv, stream, 4, arguments)); }

static void make_convolution(void) {
  dnnl_dims_t src = {BATCH, IN, SIDE, SIDE}, dst = {BATCH, OUT, SIDE, SIDE};
  dnnl_dims_t weights = {OUT, IN, 1, 1}, bias = {OUT};
  dnnl_dims_t ones = {1, 1}, none = {0, 0};
  dnnl_memory_desc_t s = tagged(4, src, dnnl_nhwc), d = tagged(4, dst, dnnl_nhwc);
  dnnl_memory_desc_t w = tagged(4, weights, dnnl_format_tag_any), b = tagged(1, bias, dnnl_x);
  dnnl_primitive_desc_t pd;
  CHECK(dnnl_engine_create(&engine, dnnl_cpu, 0));
  CHECK(dnnl_stream_create(&stream, engine, dnnl_stream_in_order));
  CHECK(dnnl_convolution_forward_primitive_desc_create(&pd, engine, dnnl_forward_training,
      dnnl_convolution_direct, s, w, b, d, ones, none, none, none, NULL));
  CHECK(dnnl_primitive_create(&conv, pd));
  arguments[0] = (dnnl_exec_arg_t){DNNL_ARG_SRC, memory(s)};
  arguments[1] = (dnnl_exec_arg_t){
      DNNL_ARG_WEIGHTS, memory(dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0))};
  arguments[2] = (dnnl_exec_arg_t){DNNL_ARG_BIAS, memory(b)};
  arguments[3] = (dnnl_exec_arg_t){DNNL_ARG_DST, memory(d)};
}

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void run(void (*work)(void), int rounds) {
  printf("{\"nanos\":[");
  for (int i = 0; i < rounds; i++) {
    long long start = now();
    work();
    printf("%s%lld", i ? "," : "", now() - start);
  }
  printf("]}\n");
}

static void answer(const char *line) {
  static const struct {
    const char *name;
    void (*work)(void);
  } works[] = {{"\"call\"", call}, {"\"product\"", product}, {"\"products\"", products},
      {"\"convolution\"", convolution}};
  const char *threads = strstr(line, "\"threads\":"), *rounds = strstr(line, "\"run\":");
  if (threads) {
    omp_set_num_threads(atoi(threads + strlen("\"threads\":")));
    const dnnl_version_t *v = dnnl_version();
    printf("{\"name\":\"oneDNN from C\",\"version\":\"%d.%d.%d\"}\n", v->major, v->minor, v->patch);
    return;
  }
  for (size_t i = 0; rounds && i < sizeof works / sizeof *works; i++) {
    if (strstr(line, works[i].name)) {
      run(works[i].work, atoi(rounds + strlen("\"run\":")));
      return;
    }
  }
  printf("{\"error\":\"unknown request\"}\n");
}

int main(void) {
  char line[256];
  x = numbers((size_t)T * N * C);
  h = numbers((size_t)N * H);
  w_ih = numbers((size_t)GATES * C);
  w_hh = numbers((size_t)GATES * H);
  sums = numbers((size_t)T * N * GATES);
  make_convolution();
  while (fgets(line, sizeof line, stdin)) {
    answer(line);
    fflush(stdout);
  }
  return 0;
}
