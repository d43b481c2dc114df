package dev.sluice.cuda;

import dev.sluice.EngineUnavailableException;
import dev.sluice.NativeException;
import dev.sluice.bindings.Host;
import dev.sluice.bindings.NativeLibraries;
import dev.sluice.bindings.NativeLibraries.Found;
import dev.sluice.bindings.NativeLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The driver, cuDNN and cuBLAS of this machine: found, loaded, and made sure to fit together.
 *
 * @param driverVersion 12020 for a driver of CUDA 12.2
 * @param cudnnVersion 91900 for 9.19.0
 * @param cudnnCuda the CUDA release that cuDNN was built for: 13
 * @param devices how many there are, at least 1
 */
record Installation(
    Found driver,
    Found cudnn,
    Found cublas,
    int driverVersion,
    long cudnnVersion,
    int cudnnCuda,
    int devices) {
  private static final int STUB = 34;
  private static final int BUSY = 46;
  private static final int FABRIC = 802;
  private static final int MISMATCH = 803;
  private static final int COMPATIBILITY = 804;
  private static final int UNKNOWN = 999;

  private static final Map<String, String> FACTS = new LinkedHashMap<>();

  private static Installation loaded;

  /**
   * {@return what is there; looked for until it was found once}
   *
   * @throws EngineUnavailableException saying what was found where, why it will not do, and what to
   *     do
   */
  static synchronized Installation load() {
    if (loaded == null) {
      loaded = look();
    }
    return loaded;
  }

  static Installation look() {
    FACTS.clear();
    var host = Host.here();
    if (!host.module().isEmpty()) {
      FACTS.put("kernel module", "driver " + host.module());
    }
    var driver = NativeLibraries.load(NativeLibrary.CUDA);
    FACTS.put("driver", driver.file().toString());
    int version = driverVersion(driver, host);
    FACTS.put("driver", "CUDA %s, %s".formatted(cuda(version), driver.file()));
    int devices = devices(driver);
    var cudnn = NativeLibraries.load(NativeLibrary.CUDNN);
    FACTS.put("cuDNN", cudnn.file().toString());
    requireAlone(cudnn, mapped());
    requireParts(cudnn, Cudnn.partsFit());
    long cudnnVersion = Cudnn.version();
    int cuda = Cudnn.cudaVersion() / 1000;
    FACTS.put("cuDNN", "%s for CUDA %d, %s".formatted(cudnn(cudnnVersion), cuda, cudnn.file()));
    requireVersions(driver, version, cudnn, cudnnVersion, cuda);
    var cublas = NativeLibraries.load(NativeLibrary.CUBLAS, file -> unfitCublas(file, cuda));
    FACTS.put("cuBLAS", cublas.file().toString());
    return new Installation(driver, cudnn, cublas, version, cudnnVersion, cuda, devices);
  }

  /** {@return the versions that the last look found, as far as it came} */
  static synchronized Map<String, String> facts() {
    return new LinkedHashMap<>(FACTS);
  }

  private static int driverVersion(Found driver, Host host) {
    // Asked first: a driver that is too old may also be unable to start.
    int version = Driver.version();
    if (version < 12000) {
      throw new EngineUnavailableException(
          "the CUDA driver %s (%s) is %sfor CUDA %s, and driver 525 (CUDA 12.0) or newer is needed: update the driver, to 580 or newer for a cuDNN of CUDA 13"
              .formatted(
                  driver.file(),
                  driver.source(),
                  host.module().isEmpty() ? "" : host.module() + ", ",
                  cuda(version)));
    }
    try {
      Driver.init();
    } catch (NativeException e) {
      if (e.code() == Driver.NO_DEVICE) {
        throw noDevice(driver, e);
      }
      throw new EngineUnavailableException(
          "the CUDA driver %s (%s) does not start: %s: %s"
              .formatted(driver.file(), driver.source(), e.getMessage(), start(e.code(), host)),
          e);
    }
    return version;
  }

  /** What makes a driver start that refused with a status. */
  static String start(int status, Host host) {
    return switch (status) {
      case STUB ->
          "this is the toolkit's stub, for linking only; name the driver's own file by"
              + " SLUICE_LIBRARY_CUDA";
      case BUSY ->
          "another process has taken the device for itself; end it, or sudo nvidia-smi -c DEFAULT";
      case FABRIC ->
          "start the service that joins this machine's devices, sudo systemctl start"
              + " nvidia-fabricmanager";
      case MISMATCH ->
          "the library is of another version than the kernel module%s: restart the machine after an update of the driver; a container gets the host's library by --gpus all"
              .formatted(host.module().isEmpty() ? "" : ", which is " + host.module());
      case COMPATIBILITY ->
          "this is the forward compatibility package, which works on data centre devices only; name"
              + " the driver's own file by SLUICE_LIBRARY_CUDA";
      case UNKNOWN ->
          "load the driver's memory module again, sudo modprobe -r nvidia_uvm && sudo modprobe"
              + " nvidia_uvm, or restart the machine; after sleep this is usual";
      default -> "see that nvidia-smi works as this user, or restart the machine";
    };
  }

  private static int devices(Found driver) {
    int count = Driver.deviceCount();
    if (count == 0) {
      throw noDevice(driver, null);
    }
    return count;
  }

  private static EngineUnavailableException noDevice(Found driver, NativeException cause) {
    var visible = System.getenv("CUDA_VISIBLE_DEVICES");
    return new EngineUnavailableException(
        "the CUDA driver %s (%s) is there but shows no device%s: %s"
            .formatted(
                driver.file(),
                driver.source(),
                visible == null ? "" : ", with CUDA_VISIBLE_DEVICES=" + visible,
                visible == null
                    ? "see that nvidia-smi lists one; a container needs --gpus all"
                    : "unset CUDA_VISIBLE_DEVICES, or name devices that nvidia-smi lists"),
        cause);
  }

  /** The libraries of cuDNN that are mapped into this process. */
  private static List<Path> mapped() {
    try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines
          .filter(line -> line.contains("/libcudnn"))
          .map(line -> Path.of(line.substring(line.indexOf('/'))))
          .distinct()
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  static void requireAlone(Found cudnn, List<Path> mapped) {
    var folder = cudnn.file().getParent();
    for (var file : mapped) {
      if (!folder.equals(file.getParent())) {
        throw new EngineUnavailableException(
            "cuDNN %s (%s) was to be used, but this process has loaded %s, of another installation: keep to one folder, by LD_LIBRARY_PATH or SLUICE_LIBRARY_CUDNN"
                .formatted(cudnn.file(), cudnn.source(), file));
      }
    }
  }

  static void requireParts(Found cudnn, String misfit) {
    if (!misfit.isEmpty()) {
      throw new EngineUnavailableException(
          "cuDNN %s (%s) and the libraries beside it are of different versions: %s: pip install --force-reinstall nvidia-cudnn-cu12 into a new Python environment"
              .formatted(cudnn.file(), cudnn.source(), misfit));
    }
  }

  static void requireVersions(
      Found driver, int driverVersion, Found cudnn, long cudnnVersion, int cuda) {
    if (cudnnVersion / 10000 != 9) {
      throw new EngineUnavailableException(
          "cuDNN %s (%s) is version %s, and 9 is needed: pip install nvidia-cudnn-cu%d"
              .formatted(cudnn.file(), cudnn.source(), cudnn(cudnnVersion), driverVersion / 1000));
    }
    if (driverVersion / 1000 < cuda) {
      throw new EngineUnavailableException(
          "cuDNN %s (%s) is built for CUDA %d, and the driver %s (%s) is for CUDA %s: install driver %d or newer, or pip install nvidia-cudnn-cu%d"
              .formatted(
                  cudnn.file(),
                  cudnn.source(),
                  cuda,
                  driver.file(),
                  driver.source(),
                  cuda(driverVersion),
                  cuda >= 13 ? 580 : 525,
                  driverVersion / 1000));
    }
  }

  static String unfitCublas(Path file, int cuda) {
    return file.getFileName().toString().startsWith("libcublas.so." + cuda)
        ? ""
        : "cuDNN is built for CUDA " + cuda + " and needs its cuBLAS";
  }

  /** 12.2 for 12020. */
  static String cuda(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }

  /** 9.19.0 for 91900; 8.9.7 for 8907, as versions were counted before 9. */
  static String cudnn(long version) {
    long major = version < 90000 ? 1000 : 10000;
    return version / major + "." + version % major / 100 + "." + version % 100;
  }
}
