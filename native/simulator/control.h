// What tests ask of the simulator; exported by its libcuda.so.1, beside what cuda.h has.
#pragma once
#include <cstddef>
#include <cstdint>

extern "C" {

// Forgets everything, as a new process would: contexts, memory, work, counts, injected failures,
// report and ledger. Environment variables are read again.
void sluice_sim_reset();

// Lets the `at`-th next call (1: the next) of the named function fail with `status`; of any
// function that the simulator counts, where the name is null or empty. Several may wait. What a
// failed call would have opened isn't opened; what it would have closed is closed.
void sluice_sim_inject(const char* name, int at, int status);
// The same, and the context is lost from then on: every later call returns that status.
void sluice_sim_inject_sticky(const char* name, int at, int status);
void sluice_sim_clear_injections();
// How many injected failures have happened since the last reset.
unsigned long long sluice_sim_injected();

// Times a function was called since the last reset or sluice_sim_clear_calls; null or "": all.
unsigned long long sluice_sim_calls(const char* name);
// "name count" lines, by name.
int sluice_sim_calls_text(char* into, int bytes);
void sluice_sim_clear_calls();

// Broken contracts, a line each. Texts are cut to `bytes` with their final 0; the result is what
// the whole text needs, its final 0 included.
int sluice_sim_report_text(char* into, int bytes);
void sluice_sim_clear_report();
// What is open: "kind handle" lines; device memory with its size.
int sluice_sim_ledger_text(char* into, int bytes);
unsigned long long sluice_sim_open_count();

unsigned long long sluice_sim_launches();
unsigned long long sluice_sim_thread_instructions();
// Work that waits for someone to need it.
unsigned long long sluice_sim_pending();

// Instructions of one warp after which a launch is taken to be endless (702).
void sluice_sim_set_limit(unsigned long long instructions);
// Bytes that each device has from now on.
void sluice_sim_set_memory(unsigned long long bytes);
// Chooses interleavings, weight layouts and odd sizes.
void sluice_sim_set_seed(unsigned long long seed);
// Bytes of workspace that every engine of a convolution wants for each frame from now on; 0 first.
void sluice_sim_set_hunger(unsigned long long bytes);
// "lazy": work runs when something that needs it is waited for (finds missing waits surely);
// "contrary": everything that may run before it does (finds what overwrites too early);
// "random": some of what may run does, by the seed; "eager": at once.
int sluice_sim_set_order(const char* order);
}
