package dev.sluice.bindings;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A native library that the bindings call, and the files that it is made of. */
public enum NativeLibrary {
  /** The CUDA driver. It comes with the kernel module of the GPU and in no package. */
  CUDA("the CUDA driver", List.of(), new Binary("libcuda.so.1")),

  /** cuDNN 9. Its front library ends the process when the graph library is not beside it. */
  CUDNN(
      "cuDNN",
      List.of("nvidia/cudnn/lib"),
      new Binary(
          "libcudnn.so.9",
          "libcudnn_graph.so.9",
          "libcudnn_ops.so.9",
          "libcudnn_cnn.so.9",
          "libcudnn_adv.so.9",
          "libcudnn_heuristic.so.9",
          "libcudnn_engines_precompiled.so.9",
          "libcudnn_engines_runtime_compiled.so.9")),

  /** cuBLAS. */
  CUBLAS(
      "cuBLAS",
      List.of("nvidia/cu13/lib", "nvidia/cublas/lib"),
      new Binary("libcublas.so.13", "libcublasLt.so.13"),
      new Binary("libcublas.so.12", "libcublasLt.so.12")),

  /** NVRTC, the compiler from CUDA C++ to PTX. */
  NVRTC(
      "NVRTC",
      List.of("nvidia/cu13/lib", "nvidia/cuda_nvrtc/lib"),
      new Binary("libnvrtc.so.13"),
      new Binary("libnvrtc.so.12")),

  /** NCCL. */
  NCCL("NCCL", List.of("nvidia/nccl/lib"), new Binary("libnccl.so.2")),

  /** oneDNN with the OpenMP runtime that it runs on, so the gomp bindings work with it as well. */
  ONEDNN("oneDNN", List.of(), new Binary("libdnnl.so.3", "libgomp.so.1"));

  /**
   * One version of a library.
   *
   * @param file the name that the dynamic linker knows it by
   * @param companions the files that must lie beside it
   */
  record Binary(String file, List<String> companions) {
    Binary(String file, String... companions) {
      this(file, List.of(companions));
    }
  }

  private final String title;
  private final List<String> packageFolders;
  private final List<Binary> binaries;

  NativeLibrary(String title, List<String> packageFolders, Binary... binaries) {
    this.title = title;
    this.packageFolders = packageFolders;
    this.binaries = List.of(binaries);
  }

  /** What people call the library. */
  public String title() {
    return title;
  }

  /** The system property that names the library's file by its absolute path. */
  public String property() {
    return "sluice.library." + name().toLowerCase(Locale.ROOT);
  }

  /** The environment variable that names the library's file by its absolute path. */
  public String variable() {
    return "SLUICE_LIBRARY_" + name();
  }

  /** Where Python's packages put the library, below a site-packages folder. */
  List<String> packageFolders() {
    return packageFolders;
  }

  /** The versions that the bindings fit, the preferred one first. */
  List<Binary> binaries() {
    return binaries;
  }

  /** Functions that tell this library, new enough, from another of its name. */
  List<String> functions() {
    return switch (this) {
      case CUDA -> List.of("cuInit", "cuDriverGetVersion", "cuGraphInstantiateWithFlags");
      case CUDNN -> List.of("cudnnGetVersion", "cudnnBackendExecute", "cudnnRNNForward");
      case CUBLAS -> List.of("cublasCreate_v2", "cublasGemmEx", "cublasGetStatusName");
      case ONEDNN -> List.of("dnnl_version");
      default -> List.of();
    };
  }

  /** How a machine gets the library, where it has none. */
  Optional<String> remedy() {
    return switch (this) {
      case CUDA ->
          Optional.of(
              "it comes with NVIDIA's driver, 525 or newer, and with nothing else: install that, or"
                  + " start the container with the NVIDIA container toolkit (--gpus all)");
      case CUDNN ->
          Optional.of(
              "pip install nvidia-cudnn-cu12 (driver 525 or newer) or nvidia-cudnn-cu13 (580 or"
                  + " newer), and name its site-packages folder by SLUICE_SITE_PACKAGES");
      case CUBLAS ->
          Optional.of(
              "pip install nvidia-cublas-cu12, or nvidia-cublas beside a cuDNN for CUDA 13, and"
                  + " name its site-packages folder by SLUICE_SITE_PACKAGES");
      default -> Optional.empty();
    };
  }

  /**
   * The version that a file name stands for, with or without a longer version number at its end.
   */
  Binary binary(String fileName) {
    for (Binary binary : binaries) {
      if (fileName.startsWith(binary.file())) {
        return binary;
      }
    }
    return binaries.getFirst();
  }
}
