package dev.sluice;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A test whose methods have the device of this run and an arena, each its own. */
@SuppressWarnings("exports")
public abstract class OnDevice {
  /** Open. */
  protected Device device;

  /** For what stays. */
  protected DeviceArena arena;

  /** For tests. */
  protected OnDevice() {}

  /** Before each. Public, since JUnit may not look into this package where no test of it runs. */
  @BeforeEach
  public final void openDevice() {
    device = TestDevice.open();
    arena = device.arena();
  }

  /** After each. */
  @AfterEach
  public final void closeDevice() {
    arena.close();
    device.close();
  }
}
