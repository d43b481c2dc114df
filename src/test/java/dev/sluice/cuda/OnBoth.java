package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.Device;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A test whose methods compare the simulated device with the CPU; each leaves nothing behind. */
abstract class OnBoth {
  Device cuda;
  Device cpu;

  @BeforeEach
  void open() {
    cuda = Simulator.open();
    cpu = Device.open(Device.Options.defaults().engine("cpu").threads(1));
    Simulator.clear();
  }

  @AfterEach
  void close() {
    if (cuda != null) {
      cuda.close();
      cpu.close();
      assertEquals("", Simulator.report());
      assertEquals("", Simulator.ledger());
    }
  }
}
