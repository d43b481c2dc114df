// The driver's rules: order of streams, life of handles and memory, failures, graphs.
#include "driver.h"

#include <cstring>
#include <filesystem>

namespace {

constexpr int INVALID_VALUE = 1, OUT_OF_MEMORY = 2, INVALID_HANDLE = 400, NOT_READY = 600;
constexpr int ILLEGAL_ADDRESS = 700, LAUNCH_FAILED = 719;
constexpr size_t N = 256, BYTES = N * sizeof(float);
constexpr unsigned NON_BLOCKING = 1, BLOCKING = 0;

// ---- Beginning

CASE(nothing_before_init_and_without_a_context) {
  int count = 0;
  EXPECT_EQUAL(3, cuDeviceGetCount(&count));
  EXPECT_EQUAL(0, cuInit(0));
  EXPECT_EQUAL(0, cuDeviceGetCount(&count));
  EXPECT_EQUAL(1, count);
  DevicePointer address;
  EXPECT_EQUAL(201, cuMemAlloc_v2(&address, 4));
  char name[64];
  EXPECT_EQUAL(0, cuDeviceGetName(name, sizeof name, 0));
  EXPECT(std::strstr(name, "simulated"));
}

CASE(entry_points_by_name) {
  void* found = nullptr;
  EXPECT_EQUAL(0, cuGetProcAddress_v2("cuMemAlloc", &found, 12000, 0, nullptr));
  EXPECT(found == reinterpret_cast<void*>(&cuMemAlloc_v2));
  EXPECT_EQUAL(500, cuGetProcAddress_v2("cuNoSuchThing", &found, 12000, 0, nullptr));
}

// ---- Order

struct TwoStreams : Session {
  Handle first = makeStream(), second = makeStream();
  DevicePointer from = allocate(BYTES), middle = allocate(BYTES), to = allocate(BYTES);
  std::vector<float> values = ramp(N);

  void produce() {
    EXPECT_EQUAL(0, cuMemcpyHtoDAsync_v2(from, values.data(), BYTES, first));
    EXPECT_EQUAL(0, launch("copy", {.blocks = 8, .stream = first}, middle, from, int(N)));
  }
  int consume() {
    int status = launch("copy", {.blocks = 8, .stream = second}, to, middle, int(N));
    return status ? status : cuStreamSynchronize(second);
  }
};

CASE(an_event_orders_two_streams) {
  TwoStreams s;
  s.produce();
  Handle event = makeEvent();
  EXPECT_EQUAL(0, cuEventRecord(event, s.first));
  EXPECT_EQUAL(0, cuStreamWaitEvent(s.second, event, 0));
  EXPECT_EQUAL(0, s.consume());
  EXPECT(download<float>(s.to, N) == ramp(N));
  EXPECT_NO_REPORT();
}

CASE(fault_missing_event_wait) {
  TwoStreams s;
  s.produce();
  Handle event = makeEvent();
  EXPECT_EQUAL(0, cuEventRecord(event, s.first));
  EXPECT_EQUAL(LAUNCH_FAILED, s.consume());
  EXPECT_REPORTED("read of bytes never written");
}

CASE(fault_event_recorded_too_early) {
  TwoStreams s;
  Handle event = makeEvent();
  EXPECT_EQUAL(0, cuEventRecord(event, s.first));
  s.produce();
  EXPECT_EQUAL(0, cuStreamWaitEvent(s.second, event, 0));
  EXPECT_EQUAL(LAUNCH_FAILED, s.consume());
}

CASE(a_wait_is_for_the_record_that_it_saw) {
  TwoStreams s;
  s.produce();
  Handle event = makeEvent();
  EXPECT_EQUAL(0, cuEventRecord(event, s.first));
  EXPECT_EQUAL(0, cuStreamWaitEvent(s.second, event, 0));
  // Recorded anew elsewhere: the wait stays as it was.
  EXPECT_EQUAL(0, cuEventRecord(event, s.second));
  EXPECT_EQUAL(0, s.consume());
  EXPECT(download<float>(s.to, N) == ramp(N));
}

CASE(random_orders_respect_events) {
  int caught = 0;
  for (int seed = 1; seed <= 20; seed++)
    for (bool waits : {true, false}) {
      sluice_sim_reset();
      sluice_sim_set_order("random");
      sluice_sim_set_seed(seed);
      TwoStreams s;
      s.produce();
      Handle event = makeEvent();
      EXPECT_EQUAL(0, cuEventRecord(event, s.first));
      if (waits) EXPECT_EQUAL(0, cuStreamWaitEvent(s.second, event, 0));
      int status = s.consume();
      if (waits) EXPECT_EQUAL(0, status);
      else caught += status != 0;
    }
  EXPECT(caught > 0);
}

// A buffer is used again while another stream may still read it.
float overwritten(bool waits) {
  sluice_sim_set_order("contrary");
  TwoStreams s;
  s.produce();
  Handle produced = makeEvent(), consumed = makeEvent();
  EXPECT_EQUAL(0, cuEventRecord(produced, s.first));
  EXPECT_EQUAL(0, cuStreamWaitEvent(s.second, produced, 0));
  EXPECT_EQUAL(0, s.launch("copy", {.blocks = 8, .stream = s.second}, s.to, s.middle, int(N)));
  EXPECT_EQUAL(0, cuEventRecord(consumed, s.second));
  if (waits) EXPECT_EQUAL(0, cuStreamWaitEvent(s.first, consumed, 0));
  EXPECT_EQUAL(0, s.launch("add_one", {.blocks = 8, .stream = s.first}, s.middle, int(N)));
  EXPECT_EQUAL(0, cuStreamSynchronize(s.second));
  return download<float>(s.to, 1)[0];
}

CASE(fault_overwritten_too_early) {
  EXPECT_EQUAL(1.f, overwritten(true));
  sluice_sim_reset();
  EXPECT_EQUAL(2.f, overwritten(false));
}

CASE(blocking_streams_and_the_legacy_stream_wait_for_each_other) {
  Session s;
  Handle stream = makeStream(BLOCKING);
  auto from = allocate(BYTES), middle = allocate(BYTES), to = allocate(BYTES);
  std::vector<float> values = ramp(N);
  EXPECT_EQUAL(0, cuMemcpyHtoDAsync_v2(from, values.data(), BYTES, stream));
  EXPECT_EQUAL(0, s.launch("copy", {.blocks = 8}, middle, from, int(N)));
  EXPECT_EQUAL(0, s.launch("copy", {.blocks = 8, .stream = stream}, to, middle, int(N)));
  EXPECT_EQUAL(0, cuStreamSynchronize(stream));
  EXPECT_NO_REPORT();
  EXPECT(download<float>(to, N) == values);
}

CASE(work_of_a_destroyed_stream_still_runs_first) {
  Session s;
  Handle stream = makeStream(BLOCKING);
  auto from = allocate(BYTES);
  std::vector<float> values = ramp(N);
  EXPECT_EQUAL(0, cuMemcpyHtoDAsync_v2(from, values.data(), BYTES, stream));
  EXPECT_EQUAL(0, cuStreamDestroy_v2(stream));
  EXPECT(download<float>(from, N) == values);
}

CASE(fault_non_blocking_stream_after_synchronous_upload) {
  Session s;
  Handle stream = makeStream(NON_BLOCKING);
  auto from = allocate(BYTES), to = allocate(BYTES);
  std::vector<float> values = ramp(N);
  // Its bytes are on their way when it returns; only the legacy stream knows when they arrive.
  EXPECT_EQUAL(0, cuMemcpyHtoD_v2(from, values.data(), BYTES));
  EXPECT_EQUAL(0, s.launch("copy", {.blocks = 8, .stream = stream}, to, from, int(N)));
  EXPECT_EQUAL(LAUNCH_FAILED, cuStreamSynchronize(stream));
}

CASE(questions_make_progress) {
  TwoStreams s;
  s.produce();
  Handle event = makeEvent();
  EXPECT_EQUAL(0, cuEventQuery(event));  // never recorded
  EXPECT_EQUAL(0, cuEventRecord(event, s.first));
  int status, asked = 0;
  while ((status = cuEventQuery(event)) == NOT_READY) asked++;
  EXPECT_EQUAL(0, status);
  EXPECT(asked > 0 && asked < 10);
  s.produce();
  EXPECT_EQUAL(NOT_READY, cuStreamQuery(s.first));
  while ((status = cuStreamQuery(s.first)) == NOT_READY) {
  }
  EXPECT_EQUAL(0, status);
}

CASE(elapsed_time) {
  TwoStreams s;
  Handle begin = makeEvent(), end = makeEvent(), untimed = makeEvent(2);
  float milliseconds = -1;
  EXPECT_EQUAL(INVALID_HANDLE, cuEventElapsedTime(&milliseconds, begin, end));
  EXPECT_EQUAL(0, cuEventRecord(begin, s.first));
  s.produce();
  EXPECT_EQUAL(0, cuEventRecord(end, s.first));
  EXPECT_EQUAL(0, cuEventRecord(untimed, s.first));
  EXPECT_EQUAL(NOT_READY, cuEventElapsedTime(&milliseconds, begin, end));
  EXPECT_EQUAL(0, cuEventSynchronize(end));
  EXPECT_EQUAL(0, cuEventElapsedTime(&milliseconds, begin, end));
  EXPECT(milliseconds > 0);
  EXPECT_EQUAL(INVALID_HANDLE, cuEventElapsedTime(&milliseconds, begin, untimed));
}

CASE(host_functions_run_in_order) {
  TwoStreams s;
  s.produce();
  static int calls;
  calls = 0;
  EXPECT_EQUAL(
      0, cuLaunchHostFunc(s.first, [](void* data) { *static_cast<int*>(data) += 1; }, &calls));
  EXPECT_EQUAL(0, calls);
  EXPECT_EQUAL(0, cuStreamSynchronize(s.first));
  EXPECT_EQUAL(1, calls);
}

CASE(what_nobody_waits_for_is_bounded) {
  Session s;
  auto x = upload(ramp(32));
  Handle stream = makeStream();
  EXPECT_EQUAL(0, cuCtxSynchronize());
  for (int i = 0; i < 6000; i++) s.launch("add_one", {.stream = stream}, x, 32);
  EXPECT(sluice_sim_pending() <= 4096);
  EXPECT_EQUAL(0, cuStreamSynchronize(stream));
  EXPECT_EQUAL(0ull, sluice_sim_pending());
  EXPECT_EQUAL(6001.f, download<float>(x, 1)[0]);
}

// ---- Copies

CASE(pageable_bytes_are_taken_at_once) {
  Session s;
  Handle stream = makeStream();
  auto x = allocate(BYTES);
  std::vector<float> values = ramp(N);
  EXPECT_EQUAL(0, cuMemcpyHtoDAsync_v2(x, values.data(), BYTES, stream));
  std::fill(values.begin(), values.end(), 0.f);
  EXPECT_EQUAL(0, cuStreamSynchronize(stream));
  EXPECT(download<float>(x, N) == ramp(N));
}

CASE(fault_pinned_memory_changed_too_early) {
  Session s;
  Handle stream = makeStream();
  auto x = allocate(BYTES);
  float* host = pinned(N);
  std::fill_n(host, N, 1.f);
  EXPECT_EQUAL(0, cuMemcpyHtoDAsync_v2(x, host, BYTES, stream));
  host[3] = 2;
  EXPECT_EQUAL(0, cuStreamSynchronize(stream));
  EXPECT_REPORTED("pinned memory was changed before the copy from it was done");
}

CASE(fault_missing_synchronisation_before_reading) {
  Session s;
  Handle stream = makeStream();
  auto x = upload(ramp(N));
  EXPECT_EQUAL(0, cuCtxSynchronize());
  float* host = pinned(N);
  EXPECT_EQUAL(0, cuMemcpyDtoHAsync_v2(host, x, BYTES, stream));
  EXPECT(host[0] != 1);  // poison
  EXPECT_EQUAL(0, cuStreamSynchronize(stream));
  EXPECT_EQUAL(1.f, host[0]);
  EXPECT_NO_REPORT();
}

CASE(pinned_memory_down_and_up_again) {
  Session s;
  Handle stream = makeStream();
  auto x = upload(ramp(N)), y = allocate(BYTES);
  EXPECT_EQUAL(0, cuCtxSynchronize());
  float* host = pinned(N);
  EXPECT_EQUAL(0, cuMemcpyDtoHAsync_v2(host, x, BYTES, stream));
  EXPECT_EQUAL(0, cuMemcpyHtoDAsync_v2(y, host, BYTES, stream));
  EXPECT_EQUAL(0, cuStreamSynchronize(stream));
  EXPECT(download<float>(y, N) == ramp(N));
  EXPECT_NO_REPORT();
}

CASE(fault_copy_of_unwritten_bytes) {
  Session s;
  auto x = allocate(BYTES);
  std::vector<float> got(N);
  EXPECT_EQUAL(0, cuMemcpyDtoH_v2(got.data(), x, BYTES));
  EXPECT_REPORTED("copy to the host of bytes never written: offset 0 of the 1024 bytes");
  uint32_t bits;
  std::memcpy(&bits, &got[0], 4);
  EXPECT_EQUAL(0xCBCBCBCB, bits);
}

CASE(copies_within_carry_what_was_never_written) {
  Session s;
  auto from = allocate(BYTES), to = upload(ramp(N));
  EXPECT_EQUAL(0, cuMemcpyDtoDAsync_v2(to, from, BYTES, nullptr));
  EXPECT_EQUAL(LAUNCH_FAILED, s.run("add_one", {}, to, 1));
}

CASE(fault_copy_out_of_bounds) {
  Session s;
  auto x = allocate(BYTES);
  std::vector<float> values = ramp(N + 1);
  EXPECT_EQUAL(INVALID_VALUE, cuMemcpyHtoD_v2(x, values.data(), BYTES + 4));
  EXPECT_REPORTED("out of bounds of the 1024 bytes");
  EXPECT_EQUAL(INVALID_VALUE, cuMemcpyDtoH_v2(values.data(), x + 8, BYTES));
  EXPECT_EQUAL(INVALID_VALUE, cuMemsetD32Async(x + 2, 0, 1, nullptr));
}

// ---- Memory and handles

CASE(memory_runs_out) {
  sluice_sim_set_memory(1 << 20);
  Session s;
  auto x = allocate(900 << 10);
  DevicePointer more = 0;
  EXPECT_EQUAL(OUT_OF_MEMORY, cuMemAlloc_v2(&more, 200 << 10));
  size_t free = 0, total = 0;
  EXPECT_EQUAL(0, cuMemGetInfo_v2(&free, &total));
  EXPECT_EQUAL(size_t(1 << 20), total);
  EXPECT_EQUAL(size_t(124 << 10), free);
  EXPECT_EQUAL(0, cuMemFree_v2(x));
  EXPECT_EQUAL(0, cuMemAlloc_v2(&more, 200 << 10));
}

CASE(addresses_are_not_used_again_soon) {
  Session s;
  auto x = allocate(64);
  EXPECT_EQUAL(0, cuMemFree_v2(x));
  for (int i = 0; i < 100; i++) EXPECT(allocate(64) != x);
}

CASE(fault_double_free) {
  Session s;
  auto x = allocate(64), y = allocate(64);
  EXPECT_EQUAL(0, cuMemFree_v2(x));
  EXPECT_EQUAL(INVALID_VALUE, cuMemFree_v2(x));
  EXPECT_EQUAL(INVALID_VALUE, cuMemFree_v2(y + 8));
  EXPECT_REPORTED("which isn't the start of live device memory");
}

CASE(memory_in_the_order_of_a_stream) {
  Session s;
  Handle stream = makeStream();
  DevicePointer x = 0;
  std::vector<float> values = ramp(N);
  EXPECT_EQUAL(0, cuMemAllocAsync(&x, BYTES, stream));
  EXPECT_EQUAL(0, cuMemcpyHtoDAsync_v2(x, values.data(), BYTES, stream));
  EXPECT_EQUAL(0, s.launch("add_one", {.stream = stream}, x, 32));
  EXPECT_EQUAL(0, cuMemFreeAsync(x, stream));
  EXPECT_EQUAL(0, cuStreamSynchronize(stream));
  EXPECT_NO_REPORT();
  EXPECT_EQUAL(ILLEGAL_ADDRESS, s.run("add_one", {}, x, 1));
  EXPECT_REPORTED("of pool memory, which were freed");
}

CASE(fault_memory_used_before_its_turn) {
  Session s;
  Handle first = makeStream(), second = makeStream();
  DevicePointer x = 0;
  EXPECT_EQUAL(0, cuMemAllocAsync(&x, BYTES, first));
  EXPECT_EQUAL(0, cuMemsetD8Async(x, 0, BYTES, second));
  EXPECT_EQUAL(ILLEGAL_ADDRESS, cuStreamSynchronize(second));
  EXPECT_REPORTED("before their allocation's turn on its stream");
}

CASE(fault_stale_handles) {
  Session s;
  Handle stream = makeStream(), event = makeEvent();
  EXPECT_EQUAL(0, cuStreamDestroy_v2(stream));
  EXPECT_EQUAL(INVALID_HANDLE, cuStreamDestroy_v2(stream));
  EXPECT_EQUAL(INVALID_HANDLE, cuStreamSynchronize(stream));
  EXPECT_EQUAL(0, cuEventDestroy_v2(event));
  EXPECT_EQUAL(INVALID_HANDLE, cuEventRecord(event, nullptr));
  EXPECT_EQUAL(INVALID_HANDLE, cuStreamWaitEvent(nullptr, event, 0));
  Handle function = s.kernel("copy");
  EXPECT_EQUAL(0, cuModuleUnload(s.module));
  EXPECT_EQUAL(INVALID_HANDLE, cuModuleUnload(s.module));
  EXPECT_EQUAL(INVALID_HANDLE,
               cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr));
}

CASE(fault_leaks) {
  Session s;
  makeStream();
  allocate(100);
  EXPECT_EQUAL(3ull, sluice_sim_open_count());
  EXPECT(ledger().find("device memory") != std::string::npos);
  EXPECT(ledger().find("100 bytes") != std::string::npos);
  EXPECT_EQUAL(0, cuDevicePrimaryCtxRelease_v2(0));
  EXPECT_REPORTED("the context was destroyed with these open");
  EXPECT_EQUAL(0ull, sluice_sim_open_count());
}

CASE(nothing_is_left_when_all_is_closed) {
  Session s;
  Handle stream = makeStream(), event = makeEvent();
  auto x = allocate(4);
  float* host = pinned(1);
  EXPECT_EQUAL(0, cuMemFree_v2(x));
  EXPECT_EQUAL(0, cuMemFreeHost(host));
  EXPECT_EQUAL(0, cuEventDestroy_v2(event));
  EXPECT_EQUAL(0, cuStreamDestroy_v2(stream));
  EXPECT_EQUAL(0, cuModuleUnload(s.module));
  EXPECT_EQUAL(std::string(), ledger());
  EXPECT_EQUAL(0, cuDevicePrimaryCtxRelease_v2(0));
  EXPECT_NO_REPORT();
}

CASE(pools_say_what_they_hold) {
  Session s;
  Handle pool = nullptr, stream = makeStream();
  EXPECT_EQUAL(0, cuDeviceGetDefaultMemPool(&pool, 0));
  auto attribute = [&](int which) {
    uint64_t value = 0;
    EXPECT_EQUAL(0, cuMemPoolGetAttribute(pool, which, &value));
    return value;
  };
  DevicePointer x = 0, y = 0;
  EXPECT_EQUAL(0, cuMemAllocAsync(&x, 1000, stream));
  EXPECT_EQUAL(0, cuMemAllocAsync(&y, 5000, stream));
  EXPECT_EQUAL(uint64_t(1024 + 5120), attribute(7));
  EXPECT_EQUAL(0, cuMemFreeAsync(x, stream));
  EXPECT_EQUAL(0, cuMemFreeAsync(y, stream));
  EXPECT_EQUAL(0u, attribute(7));
  EXPECT_EQUAL(uint64_t(1024 + 5120), attribute(8));
  EXPECT_EQUAL(INVALID_VALUE, cuMemFreeAsync(x, stream));
}

CASE(devices_are_apart) {
  setenv("SLUICE_SIMULATOR_DEVICES", "2", 1);
  sluice_sim_reset();
  unsetenv("SLUICE_SIMULATOR_DEVICES");
  Session s;
  auto x = upload(ramp(32));
  EXPECT_EQUAL(0, cuCtxSynchronize());
  Handle other = nullptr, module = nullptr, function = nullptr;
  EXPECT_EQUAL(0, cuDevicePrimaryCtxRetain(&other, 1));
  EXPECT_EQUAL(0, cuCtxSetCurrent(other));
  std::string source = fileText(SLUICE_TESTS "/faults.ptx");
  EXPECT_EQUAL(0, cuModuleLoadDataEx(&module, source.c_str(), 0, nullptr, nullptr));
  EXPECT_EQUAL(0, cuModuleGetFunction(&function, module, "add_one"));
  int n = 32;
  void* values[] = {&x, &n};
  EXPECT_EQUAL(0, cuLaunchKernel(function, 1, 1, 1, 32, 1, 1, 0, nullptr, values, nullptr));
  EXPECT_EQUAL(ILLEGAL_ADDRESS, cuCtxSynchronize());
  EXPECT_REPORTED("memory of device 0 by a kernel on device 1");
  // The first device goes on.
  EXPECT_EQUAL(0, cuCtxSetCurrent(s.context));
  EXPECT_EQUAL(1.f, download<float>(x, 1)[0]);
}

// ---- Modules

CASE(bad_ptx_is_explained) {
  Session s;
  char log[400] = "";
  int options[] = {5, 6};
  void* values[] = {log, reinterpret_cast<void*>(sizeof log)};
  Handle module = nullptr;
  const char* head = ".version 8.0\n.target sm_75\n.address_size 64\n.visible .entry k()\n{\n";
  std::string unknown = std::string(head) + "  wgmma.fence.sync.aligned;\n  ret;\n}\n";
  EXPECT_EQUAL(218, cuModuleLoadDataEx(&module, unknown.c_str(), 2, options, values));
  EXPECT(std::strstr(log, "line 6: instruction `wgmma.fence.sync.aligned` isn't known"));
  values[1] = reinterpret_cast<void*>(sizeof log);
  std::string undeclared = std::string(head) + "  mov.u32 %r1, %tid.x;\n  ret;\n}\n";
  EXPECT_EQUAL(218, cuModuleLoadDataEx(&module, undeclared.c_str(), 2, options, values));
  EXPECT(std::strstr(log, "`%r1` isn't declared"));
  EXPECT_EQUAL(222,
               cuModuleLoadDataEx(&module, ".version 9.7\n.target sm_120\n", 0, nullptr, nullptr));
  EXPECT_EQUAL(500, cuModuleGetFunction(&module, s.module, "no_such_kernel"));
}

// What the library ships must be known to the machine to the last instruction.
CASE(shipped_modules_load) {
  Session s;
  int loaded = 0;
  if (!std::filesystem::exists(SLUICE_PTX)) return;
  for (const auto& file : std::filesystem::directory_iterator(SLUICE_PTX)) {
    if (file.path().extension() != ".ptx") continue;
    std::string source = fileText(file.path());
    Handle module = nullptr;
    EXPECT_EQUAL(0, cuModuleLoadDataEx(&module, source.c_str(), 0, nullptr, nullptr));
    loaded++;
  }
  EXPECT(loaded > 0);
  EXPECT_NO_REPORT();
}

CASE(fault_missing_parameters) {
  Session s;
  EXPECT_EQUAL(INVALID_VALUE,
               cuLaunchKernel(s.kernel("copy"), 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr));
  EXPECT_REPORTED("copy launched without all of its parameters");
}

// ---- Failures

CASE(injected_failures) {
  Session s;
  sluice_sim_inject("cuMemAlloc_v2", 2, OUT_OF_MEMORY);
  DevicePointer x = 0;
  EXPECT_EQUAL(0, cuMemAlloc_v2(&x, 4));
  EXPECT_EQUAL(OUT_OF_MEMORY, cuMemAlloc_v2(&x, 4));
  EXPECT_EQUAL(0, cuMemAlloc_v2(&x, 4));
  sluice_sim_inject("", 1, 999);
  EXPECT_EQUAL(999, cuCtxSynchronize());
  EXPECT_EQUAL(0, cuCtxSynchronize());
  EXPECT_EQUAL(2ull, sluice_sim_injected());
  // A free that fails has freed.
  sluice_sim_inject("cuMemFree_v2", 1, 999);
  unsigned long long open = sluice_sim_open_count();
  EXPECT_EQUAL(999, cuMemFree_v2(x));
  EXPECT_EQUAL(open - 1, sluice_sim_open_count());
  EXPECT_EQUAL(3ull, sluice_sim_calls("cuMemAlloc_v2"));
  EXPECT_NO_REPORT();
}

CASE(an_injected_failure_ends_a_capture) {
  Session s;
  Handle stream = makeStream(), graph = nullptr;
  EXPECT_EQUAL(0, cuStreamBeginCapture_v2(stream, 1));
  sluice_sim_inject("cuStreamEndCapture", 1, 999);
  EXPECT_EQUAL(999, cuStreamEndCapture(stream, &graph));
  EXPECT(graph == nullptr);
  EXPECT_EQUAL(0, cuStreamSynchronize(stream));
  EXPECT_EQUAL(2ull, sluice_sim_open_count());
  EXPECT_NO_REPORT();
}

CASE(sticky_failures_end_the_context) {
  Session s;
  auto x = allocate(4);
  sluice_sim_inject_sticky("cuStreamSynchronize", 1, 716);
  EXPECT_EQUAL(716, cuStreamSynchronize(nullptr));
  EXPECT_EQUAL(716, cuCtxSynchronize());
  EXPECT_EQUAL(716, cuMemFree_v2(x));
  EXPECT_EQUAL(716, cuMemAlloc_v2(&x, 4));
  EXPECT_EQUAL(0ull, sluice_sim_open_count());
  cuDevicePrimaryCtxRelease_v2(0);
  Session again;
  EXPECT_EQUAL(0, cuMemAlloc_v2(&x, 4));
}

CASE(a_fault_is_met_by_every_later_call) {
  Session s;
  auto x = upload(ramp(4));
  EXPECT_EQUAL(0, s.launch("add_one", {}, x, 32));
  EXPECT_EQUAL(ILLEGAL_ADDRESS, cuCtxSynchronize());
  EXPECT_EQUAL(ILLEGAL_ADDRESS, cuCtxSynchronize());
  float got;
  EXPECT_EQUAL(ILLEGAL_ADDRESS, cuMemcpyDtoH_v2(&got, x, 4));
  Handle stream;
  EXPECT_EQUAL(ILLEGAL_ADDRESS, cuStreamCreate(&stream, 0));
}

CASE(everything_given_back_after_many_steps) {
  Session s;
  Handle stream = makeStream(), event = makeEvent();
  unsigned long long open = sluice_sim_open_count();
  for (int i = 0; i < 20000; i++) {
    DevicePointer x = 0;
    float v = 1;
    cuMemAllocAsync(&x, 64, stream);
    cuMemcpyHtoDAsync_v2(x, &v, 4, stream);
    s.launch("add_one", {.threads = 1, .stream = stream}, x, 1);
    cuMemcpyDtoHAsync_v2(&v, x, 4, stream);
    cuMemFreeAsync(x, stream);
    cuEventRecord(event, stream);
    if (i % 100 == 0) EXPECT_EQUAL(0, cuEventSynchronize(event));
    if (v != 2) EXPECT_EQUAL(2.f, v);
  }
  EXPECT_EQUAL(0, cuStreamSynchronize(stream));
  EXPECT_EQUAL(open, sluice_sim_open_count());
  EXPECT_EQUAL(0ull, sluice_sim_pending());
  EXPECT_NO_REPORT();
}

// ---- Graphs

Handle instantiate(Handle stream) {
  Handle graph = nullptr, executable = nullptr;
  EXPECT_EQUAL(0, cuStreamEndCapture(stream, &graph));
  EXPECT_EQUAL(0, cuGraphInstantiateWithFlags(&executable, graph, 0));
  EXPECT_EQUAL(0, cuGraphDestroy(graph));
  return executable;
}

CASE(a_captured_step_is_replayed) {
  Session s;
  Handle stream = makeStream();
  auto x = upload(ramp(32)), y = allocate(128);
  EXPECT_EQUAL(0, cuCtxSynchronize());
  EXPECT_EQUAL(0, cuStreamBeginCapture_v2(stream, 1));
  EXPECT_EQUAL(0, s.launch("add_one", {.stream = stream}, x, 32));
  EXPECT_EQUAL(0, s.launch("copy", {.stream = stream}, y, x, 32));
  EXPECT_EQUAL(0ull, sluice_sim_launches());
  Handle executable = instantiate(stream);
  for (int i = 0; i < 5; i++) EXPECT_EQUAL(0, cuGraphLaunch(executable, stream));
  EXPECT_EQUAL(0, cuStreamSynchronize(stream));
  EXPECT_EQUAL(10ull, sluice_sim_launches());
  EXPECT_EQUAL(6.f, download<float>(y, 1)[0]);
  EXPECT_EQUAL(0, cuGraphExecDestroy(executable));
  EXPECT_NO_REPORT();
}

CASE(captured_copies_read_when_the_graph_runs) {
  Session s;
  Handle stream = makeStream();
  auto x = allocate(4);
  float *from = pinned(1), *to = pinned(1);
  EXPECT_EQUAL(0, cuStreamBeginCapture_v2(stream, 1));
  EXPECT_EQUAL(0, cuMemcpyHtoDAsync_v2(x, from, 4, stream));
  EXPECT_EQUAL(0, s.launch("add_one", {.stream = stream}, x, 1));
  EXPECT_EQUAL(0, cuMemcpyDtoHAsync_v2(to, x, 4, stream));
  Handle executable = instantiate(stream);
  for (float v : {1.f, 5.f}) {
    *from = v;
    EXPECT_EQUAL(0, cuGraphLaunch(executable, stream));
    EXPECT_EQUAL(0, cuStreamSynchronize(stream));
    EXPECT_EQUAL(v + 1, *to);
  }
  EXPECT_NO_REPORT();
}

CASE(a_capture_forks_and_joins) {
  Session s;
  Handle first = makeStream(), second = makeStream(), fork = makeEvent(), join = makeEvent();
  auto x = upload(ramp(32)), y = upload(ramp(32)), z = allocate(128);
  EXPECT_EQUAL(0, cuCtxSynchronize());
  EXPECT_EQUAL(0, cuStreamBeginCapture_v2(first, 0));
  EXPECT_EQUAL(0, s.launch("add_one", {.stream = first}, x, 32));
  EXPECT_EQUAL(0, cuEventRecord(fork, first));
  EXPECT_EQUAL(0, cuStreamWaitEvent(second, fork, 0));
  int status = 0;
  EXPECT_EQUAL(0, cuStreamIsCapturing(second, &status));
  EXPECT_EQUAL(1, status);
  EXPECT_EQUAL(0, s.launch("copy", {.stream = second}, y, x, 32));
  EXPECT_EQUAL(0, cuEventRecord(join, second));
  EXPECT_EQUAL(0, cuStreamWaitEvent(first, join, 0));
  EXPECT_EQUAL(0, s.launch("copy", {.stream = first}, z, y, 32));
  Handle executable = instantiate(first);
  EXPECT_EQUAL(0, cuGraphLaunch(executable, first));
  EXPECT_EQUAL(0, cuStreamSynchronize(first));
  EXPECT_EQUAL(2.f, download<float>(z, 1)[0]);
}

CASE(fault_a_capture_is_not_joined) {
  Session s;
  Handle first = makeStream(), second = makeStream(), fork = makeEvent();
  auto x = upload(ramp(32));
  EXPECT_EQUAL(0, cuStreamBeginCapture_v2(first, 0));
  EXPECT_EQUAL(0, cuEventRecord(fork, first));
  EXPECT_EQUAL(0, cuStreamWaitEvent(second, fork, 0));
  EXPECT_EQUAL(0, s.launch("add_one", {.stream = second}, x, 32));
  Handle graph = nullptr;
  EXPECT_EQUAL(904, cuStreamEndCapture(first, &graph));
  EXPECT(graph == nullptr);
}

// What a capture forbids, each from a fresh capture.
void inCapture(int expected, const std::function<int(Session&, Handle)>& act) {
  sluice_sim_reset();
  Session s;
  Handle stream = makeStream(BLOCKING);
  EXPECT_EQUAL(0, cuStreamBeginCapture_v2(stream, 1));
  EXPECT_EQUAL(expected, act(s, stream));
  Handle graph = nullptr;
  EXPECT_EQUAL(901, cuStreamEndCapture(stream, &graph));
  EXPECT_EQUAL(0, cuStreamSynchronize(stream));
}

CASE(fault_what_a_capture_forbids) {
  inCapture(900, [](Session&, Handle stream) { return cuStreamSynchronize(stream); });
  inCapture(900, [](Session&, Handle stream) { return cuStreamQuery(stream); });
  inCapture(900, [](Session&, Handle) { return cuCtxSynchronize(); });
  inCapture(900, [](Session&, Handle) {
    DevicePointer x;
    return cuMemAlloc_v2(&x, 4);
  });
  inCapture(906, [](Session& s, Handle) { return s.launch("add_one", {}, DevicePointer(0), 0); });
  inCapture(905, [](Session&, Handle stream) {
    Handle other = makeStream(), event = makeEvent();
    EXPECT_EQUAL(0, cuEventRecord(event, other));
    return cuStreamWaitEvent(stream, event, 0);
  });
}

CASE(fault_in_a_replayed_graph) {
  Session s;
  Handle stream = makeStream();
  auto x = upload(ramp(32));
  EXPECT_EQUAL(0, cuCtxSynchronize());
  EXPECT_EQUAL(0, cuStreamBeginCapture_v2(stream, 1));
  EXPECT_EQUAL(0, s.launch("add_one", {.stream = stream}, x, 32));
  Handle executable = instantiate(stream);
  EXPECT_EQUAL(0, cuMemFree_v2(x));
  EXPECT_EQUAL(0, cuGraphLaunch(executable, stream));
  EXPECT_EQUAL(ILLEGAL_ADDRESS, cuStreamSynchronize(stream));
  EXPECT_REPORTED("which were freed");
}

}  // namespace

int main() { return runCases(sluice_sim_reset); }
