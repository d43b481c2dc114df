// What the real libraries spread over several files lies in one here; the other files are there
// because a loader looks for them.
extern "C" const char sluice_sim_sublibrary[] = "simulated";
