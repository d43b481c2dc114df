package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sluice.EngineUnavailableException;
import dev.sluice.bindings.NativeLibraries.Found;
import dev.sluice.bindings.NativeLibrary;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Libraries that are there but do not fit together: each gives one paragraph. */
class InstallationTest {
  private static final Found DRIVER =
      new Found(NativeLibrary.CUDA, Path.of("/usr/lib/libcuda.so.535"), "system");
  private static final Found CUDNN =
      new Found(NativeLibrary.CUDNN, Path.of("/py/cudnn/libcudnn.so.9"), "site-packages");

  private static void refused(String message, Executable check) {
    assertEquals(message, assertThrows(EngineUnavailableException.class, check).getMessage());
  }

  @Test
  void aCudnnOfCuda13NeedsADriverOfCuda13() {
    refused(
        "cuDNN /py/cudnn/libcudnn.so.9 (site-packages) is built for CUDA 13, and the driver"
            + " /usr/lib/libcuda.so.535 (system) is for CUDA 12.2: install driver 580 or newer, or"
            + " pip install nvidia-cudnn-cu12",
        () -> Installation.requireVersions(DRIVER, 12020, CUDNN, 91900, 13));
    assertDoesNotThrow(() -> Installation.requireVersions(DRIVER, 13000, CUDNN, 91900, 12));
    assertDoesNotThrow(() -> Installation.requireVersions(DRIVER, 12020, CUDNN, 90100, 12));
  }

  @Test
  void cudnn8IsRefused() {
    refused(
        "cuDNN /py/cudnn/libcudnn.so.9 (site-packages) is version 8.9.7, and 9 is needed: pip"
            + " install nvidia-cudnn-cu12",
        () -> Installation.requireVersions(DRIVER, 12020, CUDNN, 8907, 12));
  }

  @Test
  void partsOfAnotherInstallationAreRefused() {
    var own = Path.of("/py/cudnn/libcudnn_ops.so.9");
    assertDoesNotThrow(() -> Installation.requireAlone(CUDNN, List.of(own)));
    refused(
        "cuDNN /py/cudnn/libcudnn.so.9 (site-packages) was to be used, but this process has loaded"
            + " /opt/other/libcudnn_graph.so.9, of another installation: keep to one folder, by"
            + " LD_LIBRARY_PATH or SLUICE_LIBRARY_CUDNN",
        () ->
            Installation.requireAlone(
                CUDNN, List.of(own, Path.of("/opt/other/libcudnn_graph.so.9"))));
  }

  @Test
  void partsOfAnotherVersionAreRefused() {
    assertDoesNotThrow(() -> Installation.requireParts(CUDNN, ""));
    refused(
        "cuDNN /py/cudnn/libcudnn.so.9 (site-packages) and the libraries beside it are of different"
            + " versions: libcudnn_ops (CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH): pip install"
            + " --force-reinstall nvidia-cudnn-cu12 into a new Python environment",
        () ->
            Installation.requireParts(
                CUDNN, "libcudnn_ops (CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH)"));
  }

  @Test
  void cublasIsOfTheCudaThatCudnnIsBuiltFor() {
    assertEquals("", Installation.unfitCublas(Path.of("/a/libcublas.so.12.8.4"), 12));
    assertEquals(
        "cuDNN is built for CUDA 12 and needs its cuBLAS",
        Installation.unfitCublas(Path.of("/a/libcublas.so.13"), 12));
  }
}
