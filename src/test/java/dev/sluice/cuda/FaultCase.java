package dev.sluice.cuda;

import dev.sluice.Device;
import dev.sluice.DeviceLostException;
import dev.sluice.EngineUnavailableException;
import dev.sluice.NativeException;
import dev.sluice.SluiceException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** A scenario in which one call fails, and what is wrong with what came of it. */
final class FaultCase {
  private static final float TOLERANCE = 1e-5f;

  private final FaultScenario scenario;
  private final Fault fault;
  private final Path folder;
  private final float[] expected;
  private final List<String> problems = new ArrayList<>();
  private SluiceException failure;
  private boolean happened;
  private boolean leaked;

  FaultCase(FaultScenario scenario, Fault fault, Path folder, float[] expected) {
    this.scenario = scenario;
    this.fault = fault;
    this.folder = folder;
    this.expected = expected;
  }

  /** Whether the call came at all. */
  boolean happened() {
    return happened;
  }

  boolean leaked() {
    return leaked;
  }

  /** What was thrown, or null. */
  SluiceException failure() {
    return failure;
  }

  List<String> problems() {
    return problems;
  }

  void run() {
    Simulator.clear();
    long before = Simulator.injected();
    var device = scenario.opens() ? null : Simulator.open();
    long retained = contexts();
    fault.inject();
    try {
      compare(scenario.run(device, folder));
    } catch (SluiceException e) {
      failure = e;
    }
    happened = Simulator.injected() > before;
    if (device != null) {
      if (failure != null) {
        afterwards(device);
      }
      close(device);
      happened = Simulator.injected() > before;
    }
    judge();
    var open = report() + Simulator.ledger();
    if (!open.isEmpty()) {
      leaked(open);
    }
    long kept = contexts() - (device == null ? retained : 0);
    if (!fault.sticky() && kept != 0) {
      leaked("primary context retained " + kept + " times more than released");
    }
  }

  /** Without what the simulator says of a handle whose closing loses the context it was in. */
  private String report() {
    var lines = Simulator.report().lines();
    return lines
        .filter(line -> !fault.sticky() || !line.endsWith("was closed and isn't open"))
        .collect(Collectors.joining("\n"));
  }

  /** Retained less released, those calls left out that failed. */
  private long contexts() {
    String retain = "cuDevicePrimaryCtxRetain";
    long failed = happened && fault.call().equals(retain) ? 1 : 0;
    return Simulator.calls(retain) - failed - Simulator.calls("cuDevicePrimaryCtxRelease_v2");
  }

  private void leaked(String what) {
    leaked = true;
    problems.add(what);
  }

  private void compare(float[] got) {
    if (got.length != expected.length) {
      problems.add("expected " + expected.length + " numbers, got " + got.length);
      return;
    }
    for (int i = 0; i < got.length; i++) {
      if (!(Math.abs(got[i] - expected[i]) <= TOLERANCE)) {
        problems.add("expected " + Arrays.toString(expected) + ", got " + Arrays.toString(got));
        return;
      }
    }
  }

  private void afterwards(Device device) {
    if (failure instanceof DeviceLostException) {
      long calls = Simulator.calls("");
      for (int i = 0; i < 2; i++) {
        stillLost(device);
      }
      if (Simulator.calls("") != calls) {
        problems.add("the driver was asked after the device was lost");
      }
    } else if (!fault.sticky()) {
      compare(scenario.run(device, folder));
    }
  }

  private void stillLost(Device device) {
    try {
      scenario.run(device, folder);
      problems.add("works though it is lost");
    } catch (DeviceLostException e) {
      if (!e.getMessage().equals(failure.getMessage())) {
        problems.add("lost by " + failure.getMessage() + ", then by " + e.getMessage());
      }
    }
  }

  private void close(Device device) {
    long calls = Simulator.calls("");
    try {
      device.close();
    } catch (SluiceException e) {
      failure = failure == null ? e : failure;
    }
    device.close();
    boolean before = happened && failure instanceof DeviceLostException;
    if (before && Simulator.calls("") != calls) {
      problems.add("the driver was asked to close a lost device");
    }
  }

  private void judge() {
    if (happened && failure == null) {
      if (!fault.mayPass()) {
        problems.add("no exception");
      }
    } else if (failure != null && happened) {
      if (fault.sticky() && !scenario.opens() && !(failure instanceof DeviceLostException)) {
        problems.add("expected a lost device, got " + failure);
      }
      if (!named()) {
        problems.add("expected " + fault.call() + " by name, got " + failure);
      }
    } else if (failure != null) {
      problems.add("failed though no call did: " + failure);
    }
  }

  private boolean named() {
    var name = fault.call().replaceAll("_v\\d$", "");
    return switch (failure) {
      case NativeException e ->
          e.getMessage().contains(name)
              && e.code() == fault.status()
              && !e.status().contains("unknown status")
              && !e.reason().isBlank();
      case EngineUnavailableException e -> e.getMessage().contains(name);
      default -> false;
    };
  }
}
