package dev.sluice.cuda;

import dev.sluice.bindings.NativeLibraries;
import dev.sluice.bindings.NativeLibrary;

/** A process that prints why the engine does not open, once for each status that cuInit gives. */
final class DoctorProcess {
  private DoctorProcess() {}

  public static void main(String[] statuses) {
    if (statuses.length == 0) {
      System.out.println(new CudaEngine().report().reason());
      return;
    }
    NativeLibraries.load(NativeLibrary.CUDA);
    for (var status : statuses) {
      Simulator.inject("cuInit", 1, Integer.parseInt(status));
      System.out.println(new CudaEngine().report().reason());
    }
  }
}
