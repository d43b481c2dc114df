package dev.sluice.bindings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What the machine says of its GPU before any library is loaded.
 *
 * @param container whether this process runs in one
 * @param wsl whether this is Linux on Windows, which takes the driver of Windows
 * @param gpu whether a device of NVIDIA's is on the PCI bus
 * @param module the version of NVIDIA's kernel module that runs, or an empty string
 */
public record Host(boolean container, boolean wsl, boolean gpu, String module) {
  private static final Pattern MODULE = Pattern.compile("Kernel Module.*?\\s(\\d+\\.[\\d.]+)");

  /** {@return this machine} */
  public static Host here() {
    return of(Path.of("/"), System.getenv());
  }

  /** The machine below a root folder. */
  static Host of(Path root, Map<String, String> environment) {
    boolean container =
        Files.exists(root.resolve(".dockerenv"))
            || Files.exists(root.resolve("run/.containerenv"))
            || environment.containsKey("KUBERNETES_SERVICE_HOST");
    return new Host(container, Files.exists(root.resolve("dev/dxg")), gpu(root), module(root));
  }

  private static boolean gpu(Path root) {
    try (var devices = Files.newDirectoryStream(root.resolve("sys/bus/pci/devices"))) {
      for (Path device : devices) {
        // 0x10de is NVIDIA, class 0x03 a display controller.
        if (text(device.resolve("vendor")).startsWith("0x10de")
            && text(device.resolve("class")).startsWith("0x03")) {
          return true;
        }
      }
    } catch (IOException e) {
      // No PCI bus.
    }
    return false;
  }

  private static String module(Path root) {
    var found = MODULE.matcher(text(root.resolve("proc/driver/nvidia/version")));
    return found.find() ? found.group(1) : "";
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "";
    }
  }

  /** What gives this machine a CUDA driver where no libcuda.so.1 was found. */
  String driver() {
    if (wsl) {
      return "install NVIDIA's driver 525 or newer on Windows, not in WSL; it puts libcuda.so.1"
          + " into /usr/lib/wsl/lib";
    }
    if (container) {
      return "the container has no driver: start it with --gpus all, on a host with a GPU, driver"
          + " 525 or newer and the NVIDIA container toolkit";
    }
    if (!module.isEmpty()) {
      return "the kernel module of driver %s runs, and its library is not installed: install the"
              .formatted(module)
          + " driver's compute package of that version (libnvidia-compute on Debian and Ubuntu)";
    }
    return gpu
        ? "there is an NVIDIA GPU and no driver: install NVIDIA's driver 525 or newer"
        : "no NVIDIA GPU is on the PCI bus; on a machine that has one, install NVIDIA's driver 525"
            + " or newer";
  }
}
