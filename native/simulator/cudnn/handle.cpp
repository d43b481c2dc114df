#include "handle.h"

#include "message.h"

namespace sluice::cudnn {

Handles<Handle>& handles() {
  static auto* all = new Handles<Handle>("cudnnHandle_t", 0x0cd0000000000000);
  return *all;
}

std::shared_ptr<Handle> use(const void* handle, const char* call) {
  auto found = handles().find(handle, call);
  if (found != nullptr && found->context != sluice_sim_context()) {
    sluice_sim_report("%s: the handle was made in another context than the current one", call);
  }
  return found;
}

}  // namespace sluice::cudnn

using namespace sluice::cudnn;

extern "C" {

size_t cudnnGetVersion() { return VERSION; }

size_t cudnnGetCudartVersion() { return 12090; }

size_t cudnnGetMaxDeviceVersion() { return 1210; }

int cudnnGetProperty(int type, int* value) {
  const int parts[] = {VERSION / 10000, VERSION / 100 % 100, VERSION % 100};
  if (type < 0 || type > 2) return fail(BAD_PARAM, "type");
  *value = parts[type];
  return SUCCESS;
}

int cudnnGraphVersionCheck() { return SUCCESS; }
int cudnnOpsVersionCheck() { return SUCCESS; }
int cudnnCnnVersionCheck() { return SUCCESS; }
int cudnnAdvVersionCheck() { return SUCCESS; }

int cudnnCreate(void** handle) {
  if (int injected = enter("cudnnCreate")) return injected;
  if (handle == nullptr) return fail(BAD_PARAM, "handle == NULL");
  auto made = std::make_shared<Handle>();
  made->context = sluice_sim_context();
  *handle = handles().open(std::move(made));
  return SUCCESS;
}

int cudnnDestroy(void* handle) { return destroy("cudnnDestroy", handles(), handle); }

int cudnnSetStream(void* handle, void* stream) {
  if (int injected = enter("cudnnSetStream")) return injected;
  auto found = use(handle, "cudnnSetStream");
  if (found == nullptr) return fail(BAD_PARAM, "handle == NULL");
  found->stream = stream;
  return SUCCESS;
}

int cudnnGetStream(void* handle, void** stream) {
  if (int injected = enter("cudnnGetStream")) return injected;
  auto found = use(handle, "cudnnGetStream");
  if (found == nullptr || stream == nullptr) return fail(BAD_PARAM, "handle or streamId == NULL");
  *stream = found->stream;
  return SUCCESS;
}
}
