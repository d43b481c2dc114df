package dev.sluice.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.Device;
import dev.sluice.DeviceLostException;
import dev.sluice.EngineUnavailableException;
import dev.sluice.NativeException;
import dev.sluice.OutOfDeviceMemoryException;
import dev.sluice.Shape;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@Simulated
class CudaFaultTest {
  private static final int ILLEGAL_ADDRESS = 700;
  private static final long MIB = 1 << 20;

  @BeforeEach
  void simulated() {
    Simulator.open().close();
    Simulator.clear();
  }

  @AfterEach
  void restore() {
    Simulator.reset();
  }

  @Test
  void afterAStickyErrorEveryCallThrowsTheFirstCauseWithoutTheDriver() {
    var device = Simulator.open();
    var arena = device.arena();
    var tensor = arena.tensor(Shape.of(3), new float[] {1, 2, 3});
    Simulator.injectSticky("cuStreamSynchronize", 1, ILLEGAL_ADDRESS);
    var first = assertThrows(DeviceLostException.class, tensor::floats);
    assertEquals("cuStreamSynchronize", first.call());
    assertEquals("CUDA_ERROR_ILLEGAL_ADDRESS", first.status());
    Simulator.clear();
    for (int i = 0; i < 3; i++) {
      var again = assertThrows(DeviceLostException.class, tensor::floats);
      assertEquals(first.getMessage(), again.getMessage());
      assertSame(first.getCause(), again.getCause());
    }
    assertThrows(DeviceLostException.class, () -> arena.tensor(1 << 20));
    assertThrows(DeviceLostException.class, arena::close);
    device.close();
    assertEquals("", Simulator.calls());
  }

  @Test
  void anErrorThatIsNotStickyLeavesTheDeviceUsable() {
    try (var device = Simulator.open();
        var arena = device.arena()) {
      var tensor = arena.tensor(Shape.of(3), new float[] {1, 2, 3});
      Simulator.inject("cuMemcpyDtoHAsync_v2", 1, Driver.INVALID_VALUE);
      var e = assertThrows(NativeException.class, tensor::floats);
      assertTrue(
          e.getMessage().startsWith("cuMemcpyDtoHAsync returned CUDA_ERROR_INVALID_VALUE (1)"),
          e.getMessage());
      assertArrayEquals(new float[] {1, 2, 3}, tensor.floats());
    }
    assertEquals("", Simulator.ledger());
  }

  @Test
  void withoutMemoryTheMessageSaysWhoHoldsIt() {
    try (var device = Simulator.open();
        var weights = device.arena("the weights")) {
      var tensor = weights.tensor(Shape.of(3), new float[] {1, 2, 3});
      weights.tensor(8 * MIB / 4);
      Simulator.setMemory(64 * MIB);
      var e =
          assertThrows(
              OutOfDeviceMemoryException.class, () -> weights.tensor(1 << 20, 100).floats());
      var pattern =
          "cuMemAlloc returned CUDA_ERROR_OUT_OF_MEMORY \\(2\\): asked for \\d+ bytes, free \\d+,"
              + " total 67108864; reserved 9437184, in use \\d+, largest holders: the weights"
              + " 9437184; close arenas, or use a smaller batch";
      assertTrue(e.getMessage().matches(pattern), e.getMessage());
      assertArrayEquals(new float[] {1, 2, 3}, tensor.floats());
    }
    assertEquals("", Simulator.ledger());
  }

  @Test
  void aDeviceThatFailsToOpenLeavesNothing() {
    for (var call : new String[] {"cuDevicePrimaryCtxRetain", "cuDeviceGetAttribute"}) {
      Simulator.inject(call, 1, Driver.INVALID_VALUE);
      var e = assertThrows(EngineUnavailableException.class, () -> Device.open("cuda"));
      assertTrue(e.getMessage().contains(call + " returned CUDA_ERROR_INVALID_VALUE"));
      assertEquals("", Simulator.ledger());
    }
  }
}
