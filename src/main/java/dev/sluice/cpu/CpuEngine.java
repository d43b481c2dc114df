package dev.sluice.cpu;

import dev.sluice.Device;
import dev.sluice.EngineUnavailableException;
import dev.sluice.MathMode;
import dev.sluice.bindings.NativeLibraries;
import dev.sluice.bindings.NativeLibrary;
import dev.sluice.spi.Backend;
import dev.sluice.spi.Engine;
import dev.sluice.spi.EngineReport;
import java.util.LinkedHashMap;
import java.util.Map;

/** The embedded engine, {@code cpu}: there wherever oneDNN's natives are. */
public final class CpuEngine implements Engine {
  /** For {@link java.util.ServiceLoader}. */
  public CpuEngine() {}

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public int preference() {
    return 0;
  }

  @Override
  public EngineReport report() {
    var facts = new LinkedHashMap<String, String>();
    String reason = "";
    try {
      var found = NativeLibraries.load(NativeLibrary.ONEDNN);
      describe(facts);
      facts.put("library", found.file().toString());
    } catch (EngineUnavailableException e) {
      reason = e.diagnosis();
    }
    var candidates =
        NativeLibraries.candidates(NativeLibrary.ONEDNN).stream()
            .map(c -> new EngineReport.Candidate("oneDNN", c.source(), c.file(), c.refused()))
            .toList();
    return new EngineReport(name(), reason, facts, candidates);
  }

  private static void describe(Map<String, String> facts) {
    facts.put("oneDNN", OneDnn.version());
    facts.put("instruction set", OneDnn.isa());
    facts.put(
        "Vector API",
        VectorApi.PRESENT
            ? Lanes.COUNT * 32 + " bits"
            : "absent, plain loops instead; add --add-modules jdk.incubator.vector");
    facts.put("threads", String.valueOf(Cores.PHYSICAL));
    facts.put("affinity", Binding.of(System::getenv));
  }

  @Override
  public Backend open(Device.Options options) {
    if (!options.which().isEmpty()) {
      throw new IllegalArgumentException(
          "engine: expected cpu, of which there is one, got " + options.engine());
    }
    NativeLibraries.load(NativeLibrary.ONEDNN);
    requireMath(options.math());
    int threads = options.threads() > 0 ? options.threads() : Cores.PHYSICAL;
    return new CpuBackend(threads, options.math(), options.convolution());
  }

  /** AVX-512 BF16 alone is slower than float32: a ConvLSTM's step took thrice as long with it. */
  private static void requireMath(MathMode math) {
    if (math != MathMode.EXACT && math != MathMode.BFLOAT16) {
      throw new EngineUnavailableException(
          "expected math EXACT or BFLOAT16, which are what the CPU engine has, got " + math);
    }
    if (math == MathMode.BFLOAT16 && !OneDnn.hasAmx()) {
      throw new EngineUnavailableException(
          "bfloat16 products need a CPU with AMX; this one has " + OneDnn.isa());
    }
  }
}
