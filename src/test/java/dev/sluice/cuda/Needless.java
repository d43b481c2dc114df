package dev.sluice.cuda;

import java.util.List;

/** Calls that a step at a shape that came before does without. */
final class Needless {
  static final List<String> CALLS =
      List.of(
          "cuMemAlloc_v2",
          "cuMemHostAlloc",
          "cuMemFree_v2",
          "cuMemcpyDtoHAsync_v2",
          "cuStreamSynchronize",
          "cuStreamCreate",
          "cuEventCreate",
          "cuModuleLoadDataEx",
          "cuModuleGetFunction",
          "cuStreamBeginCapture_v2",
          "cuGraphInstantiateWithFlags",
          "cudnnBackendCreateDescriptor",
          "cudnnBackendSetAttribute",
          "cudnnBackendFinalize",
          "cudnnCreate",
          "cublasCreate_v2");

  private Needless() {}
}
