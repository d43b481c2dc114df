// libcublasLt is looked for beside libcublas; nothing of it is called.
#include <cstddef>

#include "api.h"

extern "C" size_t cublasLtGetVersion() { return sluice::cublas::VERSION; }
