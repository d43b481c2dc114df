package dev.sluice;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DeviceArenaTest {
  private static final long MIB = 1 << 20;

  private Device device = Device.open("cpu");

  @AfterEach
  void close() {
    device.close();
  }

  private void capped(long bytes) {
    device.close();
    device = Device.open(Device.Options.defaults().engine("cpu").memoryCap(bytes));
  }

  @Test
  void tensorsAreAlignedAndApart() {
    try (var arena = device.arena()) {
      var ends = new TreeMap<Long, Long>();
      for (int size : new int[] {1, 3, 64, 65, 0, 1000, 300_000, 1, 500_000}) {
        var memory = arena.empty(DType.FLOAT32, Shape.of(size)).memory();
        assertEquals(0, memory.address() % 256, "size " + size);
        assertEquals(4L * size, memory.byteSize());
        assertNull(ends.put(memory.address(), memory.address() + memory.byteSize()));
      }
      long end = 0;
      for (var range : ends.entrySet()) {
        assertTrue(range.getKey() >= end, "overlap");
        end = range.getValue();
      }
    }
  }

  @Test
  void tensorsKeepTheirValuesBesideOthers() {
    try (var arena = device.arena()) {
      var tensors = new ArrayList<Tensor>();
      for (int i = 0; i < 200; i++) {
        var values = new float[i * 37];
        Arrays.fill(values, i);
        tensors.add(arena.tensor(Shape.of(values.length), values));
      }
      for (int i = 0; i < 200; i++) {
        for (float value : tensors.get(i).floats()) {
          assertEquals(i, value);
        }
      }
    }
  }

  @Test
  void statisticsAddUp() {
    try (var arena = device.arena()) {
      assertEquals(new MemoryStats(0, 0, 0, Long.MAX_VALUE), device.memory());
      arena.tensor(1);
      arena.tensor(65);
      assertEquals(256 + 512, arena.bytes());
      assertEquals(new MemoryStats(MIB, 768, 768, Long.MAX_VALUE), device.memory());
      try (var other = device.arena()) {
        other.empty(DType.FLOAT64, Shape.of(MIB));
        assertEquals(768 + 8 * MIB, device.memory().used());
      }
      assertEquals(new MemoryStats(9 * MIB, 768, 768 + 8 * MIB, Long.MAX_VALUE), device.memory());
      device.resetHighWater();
      assertEquals(768, device.memory().highWater());
    }
    assertEquals(0, device.memory().used());
  }

  @Test
  void aSteadyLoopReservesNothingMore() {
    try (var stays = device.arena()) {
      stays.tensor(100);
      long reserved = 0;
      for (int round = 0; round < 50; round++) {
        try (var goes = device.arena()) {
          for (int i = 0; i < 20; i++) {
            goes.tensor(1 + 7919L * i);
          }
          try (var inner = device.arena()) {
            inner.tensor(700_000);
          }
        }
        assertEquals(
            round == 0 ? device.memory().reserved() : reserved, device.memory().reserved());
        reserved = device.memory().reserved();
      }
      assertEquals(256 * 2, device.memory().used());
    }
  }

  @Test
  void overTheCapSaysWhatWasAsked() {
    capped(4 * MIB);
    try (var arena = device.arena("the weights")) {
      arena.tensor(10);
      var e = assertThrows(OutOfDeviceMemoryException.class, () -> arena.tensor(1 << 20));
      assertEquals(
          "arena the weights returned OVER_CAP (0): asked for 4194304 bytes, cap 4194304, reserved"
              + " 1048576, in use 256, largest holders: the weights 1048576; raise the cap, close"
              + " arenas, or use a smaller batch",
          e.getMessage());
      assertEquals(256, arena.bytes());
      assertArrayEquals(new float[3], arena.tensor(3).floats());
    }
  }

  @Test
  void absurdSizesAreRefusedUnderACap() {
    capped(64 * MIB);
    absurdSizesAreRefused("cap 67108864");
  }

  @Test
  void absurdSizesAreRefusedBySystem() {
    absurdSizesAreRefused("use smaller shapes");
  }

  private void absurdSizesAreRefused(String reason) {
    try (var arena = device.arena()) {
      var before = arena.tensor(Shape.of(2), new float[] {1, 2});
      for (long size : new long[] {1L << 40, 1L << 50, (1L << 59) - 1}) {
        for (var type : DType.values()) {
          var e =
              assertThrows(
                  OutOfDeviceMemoryException.class, () -> arena.empty(type, Shape.of(size)));
          assertTrue(e.getMessage().contains("asked for "), e.getMessage());
          assertTrue(e.getMessage().contains(reason), e.getMessage());
        }
      }
      for (long size : new long[] {1L << 59, 1L << 60, Long.MAX_VALUE}) {
        assertThrows(
            IllegalArgumentException.class, () -> arena.empty(DType.FLOAT64, Shape.of(size)));
      }
      assertArrayEquals(new float[] {1, 2}, before.floats());
      assertArrayEquals(new float[2], arena.tensor(2).floats());
      assertEquals(512, device.memory().used());
      assertEquals(MIB, device.memory().reserved());
    }
  }

  @Test
  void idleBlocksMakeRoomUnderACap() {
    capped(8 * MIB);
    for (long size : new long[] {MIB, 2 * MIB, 4 * MIB, 8 * MIB, MIB}) {
      try (var arena = device.arena()) {
        arena.empty(DType.FLOAT32, Shape.of(size / 4));
        assertTrue(device.memory().reserved() <= 8 * MIB, () -> device.memory().toString());
      }
    }
  }

  @Test
  void aCapIsUsedToItsLastByte() {
    capped(5 * MIB);
    try (var arena = device.arena()) {
      arena.tensor(5 * MIB / 4);
      assertEquals(5 * MIB, device.memory().reserved());
    }
  }

  @Test
  void closesTwice() {
    var arena = device.arena();
    arena.tensor(1000);
    arena.close();
    arena.close();
    assertEquals(0, device.memory().used());
    assertThrows(IllegalStateException.class, () -> arena.tensor(1));
    // Its block was given back once, so two arenas never share it.
    try (var a = device.arena();
        var b = device.arena()) {
      var first = a.tensor(Shape.of(1), new float[] {1});
      var second = b.tensor(Shape.of(1), new float[] {2});
      assertEquals(1, first.floats()[0]);
      assertEquals(2, second.floats()[0]);
    }
  }

  @Test
  void saysItsNameWhenClosed() {
    var arena = device.arena("the states");
    arena.close();
    assertEquals(
        "tensor of the states: expected an open arena, but it is closed",
        assertThrows(IllegalStateException.class, () -> arena.tensor(1)).getMessage());
  }
}
