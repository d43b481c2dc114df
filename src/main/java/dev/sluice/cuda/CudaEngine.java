package dev.sluice.cuda;

import static dev.sluice.bindings.cuda.Cuda_h.*;

import dev.sluice.ConvolutionMode;
import dev.sluice.Device;
import dev.sluice.EngineUnavailableException;
import dev.sluice.MathMode;
import dev.sluice.NativeException;
import dev.sluice.SluiceException;
import dev.sluice.bindings.NativeLibraries;
import dev.sluice.bindings.NativeLibrary;
import dev.sluice.spi.Backend;
import dev.sluice.spi.Engine;
import dev.sluice.spi.EngineReport;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * NVIDIA's devices, {@code cuda}: the first one, or {@code cuda:1} by ordinal, or {@code
 * cuda:GPU-...} by the identifier that the driver's tools print.
 */
public final class CudaEngine implements Engine {
  /** Turing: what our kernels are compiled for. */
  private static final int OLDEST = 75;

  private static final List<NativeLibrary> LIBRARIES =
      List.of(NativeLibrary.CUDA, NativeLibrary.CUDNN, NativeLibrary.CUBLAS);

  /** For {@link java.util.ServiceLoader}. */
  public CudaEngine() {}

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public int preference() {
    return 10;
  }

  @Override
  public EngineReport report() {
    String reason = "";
    var devices = new LinkedHashMap<String, String>();
    try {
      describe(Installation.load(), devices);
    } catch (EngineUnavailableException e) {
      reason = e.diagnosis();
    } catch (SluiceException e) {
      reason = e.getMessage();
    }
    var facts = Installation.facts();
    facts.putAll(devices);
    var candidates = new ArrayList<EngineReport.Candidate>();
    for (var library : LIBRARIES) {
      NativeLibraries.candidates(library).stream()
          .map(c -> new EngineReport.Candidate(library.title(), c.source(), c.file(), c.refused()))
          .forEach(candidates::add);
    }
    return new EngineReport(name(), reason, facts, candidates);
  }

  private static void describe(Installation found, Map<String, String> facts) {
    boolean newEnough = false;
    for (int ordinal = 0; ordinal < found.devices(); ordinal++) {
      int device = Driver.device(ordinal);
      facts.put("device " + ordinal, describe(device));
      newEnough |= capability(device) >= OLDEST;
    }
    if (!newEnough) {
      throw tooOld(0, Driver.device(0));
    }
  }

  private static String describe(int device) {
    return "%s, compute capability %d.%d, %d multiprocessors, %.1f GiB, %s"
        .formatted(
            Driver.deviceName(device),
            capability(device) / 10,
            capability(device) % 10,
            Driver.attribute(device, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT()),
            Driver.totalMemory(device) / (double) (1 << 30),
            Driver.deviceUuid(device));
  }

  private static int capability(int device) {
    return 10 * Driver.attribute(device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR())
        + Driver.attribute(device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR());
  }

  @Override
  public Backend open(Device.Options options) {
    var found = Installation.load();
    if (options.convolution() != ConvolutionMode.FAST) {
      throw new EngineUnavailableException(
          "expected convolution FAST, where cuDNN chooses the algorithm, got "
              + options.convolution()
              + ", which the cpu engine has");
    }
    try {
      return open(options, found);
    } catch (NativeException e) {
      throw new EngineUnavailableException(options.engine() + ": " + e.getMessage(), e);
    }
  }

  private static Backend open(Device.Options options, Installation found) {
    Driver.init();
    int ordinal = ordinal(options.which(), found.devices());
    int device = Driver.device(ordinal);
    if (capability(device) < OLDEST) {
      throw tooOld(ordinal, device);
    }
    var name = Driver.deviceName(device);
    var title = "cuda:%d (%s)".formatted(ordinal, name);
    return new CudaBackend(
        new Driver(ordinal), title, options.math(), choices(found, name, options.math()));
  }

  private static EngineUnavailableException tooOld(int ordinal, int device) {
    return new EngineUnavailableException(
        "device %d is %s, and compute capability 7.5 (Turing) or newer is needed: name another device, as --engine cuda:1, where there is one; the cpu engine needs none"
            .formatted(ordinal, describe(device)));
  }

  private static Choices choices(Installation found, String device, MathMode math) {
    var file =
        "plans-cudnn%s-%s-%s.txt"
            .formatted(
                Installation.cudnn(found.cudnnVersion()),
                device.replaceAll("[^A-Za-z0-9]+", "-"),
                math);
    return new Choices(NativeLibraries.cache().resolve(file));
  }

  /** Of an ordinal, an identifier or its beginning, or nothing for the first device. */
  private static int ordinal(String which, int devices) {
    for (int ordinal = 0; ordinal < devices; ordinal++) {
      if (which.isEmpty()
          || which.equals(String.valueOf(ordinal))
          || which.startsWith("GPU-")
              && Driver.deviceUuid(Driver.device(ordinal)).startsWith(which)) {
        return ordinal;
      }
    }
    var there = new ArrayList<String>();
    for (int ordinal = 0; ordinal < devices; ordinal++) {
      there.add(ordinal + " = " + Driver.deviceUuid(Driver.device(ordinal)));
    }
    throw new EngineUnavailableException(
        "cuda:" + which + ": expected one of the devices " + there + ", by number or identifier");
  }
}
