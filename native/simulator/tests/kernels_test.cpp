// Planted faults in kernels must each be caught, and the same kernels without the fault must run
// and give the right numbers without a report.
#include <cmath>

#include "driver.h"

namespace {

constexpr int ILLEGAL_ADDRESS = 700, TIMEOUT = 702, MISALIGNED = 716, LAUNCH_FAILED = 719;

CASE(copy_is_exact) {
  Session s;
  auto from = upload(ramp(1000)), to = allocate(4000);
  EXPECT_EQUAL(0, s.run("copy", {.blocks = 4, .threads = 256}, to, from, 1000));
  EXPECT(download<float>(to, 1000) == ramp(1000));
  EXPECT_EQUAL(1ull, sluice_sim_launches());
  EXPECT_NO_REPORT();
}

CASE(fault_launch_out_of_bounds) {
  Session s;
  auto from = upload(ramp(100)), to = allocate(400);
  EXPECT_EQUAL(ILLEGAL_ADDRESS, s.run("copy_unguarded", {.blocks = 4}, to, from));
  EXPECT_REPORTED("out of bounds of the 400 bytes");
  EXPECT_REPORTED("kernel copy_unguarded, block (3, 0, 0)");
}

CASE(fault_store_out_of_bounds) {
  Session s;
  auto from = upload(ramp(128)), to = allocate(127 * 4);
  EXPECT_EQUAL(ILLEGAL_ADDRESS, s.run("copy_unguarded", {.blocks = 4}, to, from));
  EXPECT_REPORTED("thread (31, 0, 0): write of 4 bytes at offset 508");
}

CASE(fault_use_after_free) {
  Session s;
  auto from = upload(ramp(32)), to = allocate(128);
  EXPECT_EQUAL(0, cuMemFree_v2(from));
  EXPECT_EQUAL(ILLEGAL_ADDRESS, s.run("copy", {}, to, from, 32));
  EXPECT_REPORTED("which were freed");
}

CASE(fault_host_pointer) {
  Session s;
  float host[32] = {};
  auto to = allocate(128);
  EXPECT_EQUAL(ILLEGAL_ADDRESS, s.run("copy", {}, to, &host[0], 32));
  EXPECT_REPORTED("which is no device memory (a host pointer?)");
}

CASE(fault_null_pointer) {
  Session s;
  auto to = allocate(128);
  EXPECT_EQUAL(ILLEGAL_ADDRESS, s.run("copy", {}, to, DevicePointer(0), 32));
  EXPECT_REPORTED("(a null pointer?)");
}

CASE(fault_uninitialised_read) {
  Session s;
  auto from = allocate(128), to = allocate(128);
  EXPECT_EQUAL(0, cuMemsetD8Async(from, 0, 124, nullptr));
  EXPECT_EQUAL(LAUNCH_FAILED, s.run("copy", {}, to, from, 32));
  EXPECT_REPORTED("thread (31, 0, 0): read of bytes never written: offset 124 of the 128 bytes");
}

CASE(fault_misaligned) {
  Session s;
  auto x = upload(ramp(4));
  EXPECT_EQUAL(MISALIGNED, s.run("misaligned", {.threads = 1}, x));
}

CASE(vectors_of_four) {
  Session s;
  auto from = upload(ramp(64)), to = allocate(256);
  EXPECT_EQUAL(0, s.run("vectors", {}, to, from, 16));
  auto got = download<float>(to, 64);
  for (int i = 0; i < 64; i++) EXPECT_EQUAL(float(i / 4 * 4 + 4 - i % 4), got[i]);
}

CASE(rotation_with_all_barriers) {
  Session s;
  auto x = upload(ramp(256));
  EXPECT_EQUAL(0, s.run("rotate_right", {.threads = 256}, x));
  auto got = download<float>(x, 256);
  for (int i = 0; i < 256; i++) EXPECT_EQUAL(float((i + 2) % 256 + 1), got[i]);
  EXPECT_NO_REPORT();
}

CASE(fault_missing_barrier_before_read) {
  Session s;
  EXPECT_EQUAL(LAUNCH_FAILED, s.run("rotate_read_early", {.threads = 256}, upload(ramp(256))));
  EXPECT_REPORTED("shared memory race at byte 4: thread 0 reads what thread 1 wrote");
}

CASE(fault_missing_barrier_before_write) {
  Session s;
  EXPECT_EQUAL(LAUNCH_FAILED, s.run("rotate_write_early", {.threads = 256}, upload(ramp(256))));
  EXPECT_REPORTED("shared memory race");
  EXPECT_REPORTED("overwrites what");
}

CASE(fault_missing_barrier_before_second_read) {
  Session s;
  EXPECT_EQUAL(LAUNCH_FAILED, s.run("rotate_read_stale", {.threads = 256}, upload(ramp(256))));
  EXPECT_REPORTED("shared memory race");
}

CASE(fault_writers_race_in_shared_memory) {
  Session s;
  EXPECT_EQUAL(LAUNCH_FAILED, s.run("all_write_one", {}, upload(ramp(32))));
  EXPECT_REPORTED("overwrites what thread 0 wrote");
}

CASE(writing_the_same_is_no_race) {
  Session s;
  EXPECT_EQUAL(0, s.run("all_write_one", {}, upload(std::vector<float>(32, 5))));
}

CASE(exchange_within_a_warp) {
  Session s;
  auto x = upload(ramp(32));
  EXPECT_EQUAL(0, s.run("warp_exchange", {}, x, 1));
  EXPECT_EQUAL(32.f, download<float>(x, 1)[0]);
  EXPECT_EQUAL(LAUNCH_FAILED, s.run("warp_exchange", {}, x, 0));
  EXPECT_REPORTED("shared memory race");
}

CASE(fault_unwritten_shared_memory) {
  Session s;
  EXPECT_EQUAL(LAUNCH_FAILED, s.run("shared_unwritten", {.threads = 64}, upload(ramp(64))));
  EXPECT_REPORTED("shared memory read at byte 128, which was never written");
}

CASE(fault_shared_out_of_bounds) {
  Session s;
  EXPECT_EQUAL(ILLEGAL_ADDRESS, s.run("shared_out_of_bounds", {.threads = 64}, upload(ramp(64))));
  EXPECT_REPORTED("shared memory at offset 128, out of bounds of the 128 static and 0 dynamic");
}

CASE(dynamic_shared_memory) {
  Session s;
  auto x = upload(ramp(64));
  EXPECT_EQUAL(0, s.run("dynamic_shared", {.threads = 64, .shared = 256}, x));
  EXPECT_EQUAL(64.f, download<float>(x, 1)[0]);
  EXPECT_EQUAL(ILLEGAL_ADDRESS, s.run("dynamic_shared", {.threads = 64}, x));
  EXPECT_REPORTED("0 static and 0 dynamic bytes");
}

CASE(too_much_dynamic_shared_memory) {
  Session s;
  auto x = upload(ramp(64));
  EXPECT_EQUAL(1, s.run("dynamic_shared", {.threads = 64, .shared = 60000}, x));
  EXPECT_EQUAL(0, cuFuncSetAttribute(s.kernel("dynamic_shared"), 8, 60000));
  EXPECT_EQUAL(0, s.run("dynamic_shared", {.threads = 64, .shared = 60000}, x));
}

CASE(fault_different_barriers) {
  Session s;
  EXPECT_EQUAL(LAUNCH_FAILED, s.run("different_barriers", {.threads = 64}, upload(ramp(64))));
  EXPECT_REPORTED("meet at different barriers");
}

CASE(fault_barrier_for_some) {
  Session s;
  EXPECT_EQUAL(LAUNCH_FAILED, s.run("barrier_for_some", {.threads = 64}, upload(ramp(64))));
  EXPECT_REPORTED("wait for each other for ever");
}

CASE(shuffles) {
  Session s;
  auto x = upload(ramp(32));
  EXPECT_EQUAL(0, s.run("warp_sum", {}, x));
  for (float v : download<float>(x, 32)) EXPECT_EQUAL(528.f, v);
}

CASE(fault_shuffle_from_missing_lane) {
  Session s;
  EXPECT_EQUAL(LAUNCH_FAILED, s.run("warp_sum", {.threads = 20}, upload(ramp(20))));
  EXPECT_REPORTED("which takes no part");
}

CASE(lanes_meet_again_at_a_shuffle) {
  Session s;
  auto x = upload(ramp(32));
  EXPECT_EQUAL(0, s.run("divergent_sum", {}, x));
  double sum = 0;
  for (int t = 0; t < 32; t++) {
    float v = static_cast<float>(t + 1);
    for (int i = 0; i < t; i++) v = v * 0.5f + 1;
    sum += t % 3 ? v : -v;
  }
  for (float v : download<float>(x, 32)) EXPECT(std::fabs(v - sum) < 1e-4);
}

CASE(too_many_threads) {
  Session s;
  auto x = allocate(8192);
  EXPECT_EQUAL(1, s.run("small_blocks_only", {.threads = 65}, x));
  EXPECT_EQUAL(1, s.run("copy", {.threads = 1025}, x, x, 0));
  EXPECT_EQUAL(1, s.run("copy", {.threads = 0}, x, x, 0));
  EXPECT_EQUAL(0, s.run("small_blocks_only", {.threads = 64}, x));
}

CASE(atomics) {
  Session s;
  auto sum = upload(std::vector<float>{0});
  auto count = upload(std::vector<int>{0, -1});
  EXPECT_EQUAL(0, s.run("atomic_sum", {.blocks = 4}, sum, count, upload(ramp(100)), 100));
  EXPECT_EQUAL(5050.f, download<float>(sum, 1)[0]);
  EXPECT(download<int>(count, 2) == (std::vector<int>{100, 99}));
  EXPECT_NO_REPORT();
}

CASE(last_block_after_fences) {
  Session s;
  auto parts = allocate(40), finished = upload(std::vector<unsigned>{0}), sum = allocate(4);
  EXPECT_EQUAL(0, s.run("last_block_sums", {.blocks = 10}, parts, finished, sum));
  EXPECT_EQUAL(55.f, download<float>(sum, 1)[0]);
  EXPECT_NO_REPORT();
}

CASE(fault_reads_other_block) {
  Session s;
  EXPECT_EQUAL(LAUNCH_FAILED,
               s.run("reads_other_block", {.blocks = 4, .threads = 1}, allocate(16)));
  EXPECT_REPORTED("race between blocks at offset 0: it reads what was written by block 0");
}

CASE(fault_blocks_write_one) {
  Session s;
  EXPECT_EQUAL(LAUNCH_FAILED, s.run("blocks_write_one", {.blocks = 4, .threads = 1}, allocate(16)));
  EXPECT_REPORTED("it overwrites what was written by block 0");
}

CASE(fault_overwrites_what_others_read) {
  Session s;
  EXPECT_EQUAL(LAUNCH_FAILED, s.run("overwrites_what_others_read", {.blocks = 4, .threads = 1},
                                    upload(ramp(4)), allocate(16)));
  EXPECT_REPORTED("it overwrites what was read by block");
}

CASE(module_variables) {
  Session s;
  auto x = upload(std::vector<float>(5, 2)), seen = allocate(4);
  EXPECT_EQUAL(0, s.run("module_variables", {.threads = 5}, x, seen));
  EXPECT(download<float>(x, 5) == (std::vector<float>{2, 20, 200, 2000, 20000}));
  EXPECT_EQUAL(7, download<int>(seen, 1)[0]);
  DevicePointer counter = 0;
  size_t bytes = 0;
  EXPECT_EQUAL(0, cuModuleGetGlobal_v2(&counter, &bytes, s.module, "counter"));
  EXPECT_EQUAL(4u, bytes);
  EXPECT_EQUAL(8, download<int>(counter, 1)[0]);
}

CASE(local_arrays) {
  Session s;
  auto x = upload(std::vector<int>{1234, 7, 900});
  EXPECT_EQUAL(0, s.run("local_arrays", {.threads = 3}, x, 0));
  EXPECT(download<int>(x, 3) == (std::vector<int>{4321, 7, 9}));
  // Negative indices.
  EXPECT_EQUAL(ILLEGAL_ADDRESS, s.run("local_arrays", {.threads = 3}, x, -3));
  EXPECT_REPORTED("local memory");
}

CASE(structs_of_pointers) {
  Session s;
  struct {
    DevicePointer at[4];
    int count[4];
  } p;
  for (int i = 0; i < 4; i++) {
    p.count[i] = 10 * (i + 1);
    p.at[i] = upload(ramp(p.count[i]));
  }
  EXPECT_EQUAL(0, s.run("many_tensors", {.blocks = 4}, p, 2.f));
  for (int i = 0; i < 4; i++)
    EXPECT_EQUAL(2.f * p.count[i], download<float>(p.at[i], p.count[i]).back());
}

CASE(fault_endless_kernel) {
  Session s;
  sluice_sim_set_limit(1000000);
  EXPECT_EQUAL(TIMEOUT, s.run("never_ends", {.threads = 1}, upload(std::vector<int>{0})));
  EXPECT_REPORTED("does not end");
}

CASE(blocks_that_wait_for_each_other) {
  Session s;
  auto arrived = upload(std::vector<unsigned>{0}), seen = allocate(32);
  EXPECT_EQUAL(0, s.run("grid_barrier", {.blocks = 8, .cooperative = true}, arrived, seen));
  EXPECT(download<unsigned>(seen, 8) == std::vector<unsigned>(8, 8));
}

}  // namespace

int main() { return runCases(sluice_sim_reset); }
