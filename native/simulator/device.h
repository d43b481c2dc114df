// What the simulator's libcublas and libcudnn ask of its libcuda, which alone owns device memory,
// the order of work, injected failures and the ledger of what is open.
#pragma once
#include <cstddef>
#include <cstdint>

extern "C" {

enum { SLUICE_READ = 1, SLUICE_WRITE = 2 };

// Enqueues host work on a stream (null: the legacy default stream). `work(context)` runs when the
// stream runs, `drop(context)` after it or when the work is thrown away. Returns a CUresult.
int sluice_sim_enqueue(void* stream, const char* name, void (*work)(void*), void (*drop)(void*),
                       void* context);

// The host address of `bytes` of device memory, or null after a report and a sticky error: the
// range is not live device memory, or it is read and some of its bytes were never written. Only
// called while work runs.
void* sluice_sim_memory(const void* address, size_t bytes, int mode, const char* who);

// Whether the range is live device memory; asks without a report. For argument checks at enqueue.
int sluice_sim_is_memory(const void* address, size_t bytes);

// Fills a range with 0xCB and marks it never written: workspaces after use, outputs before.
void sluice_sim_poison(void* address, size_t bytes, const char* who);

// The ledger: what is open at exit is a leak, what is destroyed twice is reported.
void sluice_sim_opened(const char* kind, const void* handle);
int sluice_sim_closed(const char* kind, const void* handle);

// Counts a call and says what it must return: 0, or the status injected for it.
int sluice_sim_enter(const char* call);

// Adds a line to the report (what tests read): a contract was broken.
void sluice_sim_report(const char* format, ...);

// Chooses weight layouts, odd sizes and interleavings; SLUICE_SIMULATOR_SEED, 1 by default.
uint64_t sluice_sim_seed();

// Bytes of workspace that every convolution engine wants for each frame, besides its own.
uint64_t sluice_sim_hunger();

// The context that is current on this thread, or null.
const void* sluice_sim_context();
}
