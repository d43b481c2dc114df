package dev.sluice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class DeviceTest {
  private static final Device.Options CPU = Device.Options.defaults().engine("cpu");

  @Test
  void theBestDeviceIsOneOfTheEngines() {
    try (var device = Device.best()) {
      assertTrue(Device.engines().stream().anyMatch(e -> e.name().equals(device.engine())));
    }
  }

  @Test
  void refusesAnEngineThatNobodyKnows() {
    var e = assertThrows(IllegalArgumentException.class, () -> Device.open("abacus"));
    var names = Device.engines().stream().map(engine -> engine.name()).toList();
    assertEquals("engine: expected auto or one of " + names + ", got abacus", e.getMessage());
    e = assertThrows(IllegalArgumentException.class, () -> Device.open("cpu:1"));
    assertEquals("engine: expected cpu, of which there is one, got cpu:1", e.getMessage());
  }

  @Test
  void refusesOptionsThatMakeNoSense() {
    var e = assertThrows(IllegalArgumentException.class, () -> CPU.threads(-1));
    assertEquals("threads: expected 0 to 1024, got -1", e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> CPU.threads(1025));
    assertThrows(NullPointerException.class, () -> CPU.engine(null));
    assertThrows(NullPointerException.class, () -> CPU.math(null));
    assertThrows(NullPointerException.class, () -> CPU.convolution(null));
    assertThrows(IllegalArgumentException.class, () -> CPU.memoryCap(0));
    assertThrows(IllegalArgumentException.class, () -> CPU.memoryCap(-5));
  }

  @Test
  void engineReportsSayWhatTheyFound() {
    var cpu = Device.engines().stream().filter(e -> e.name().equals("cpu")).findFirst();
    var report = cpu.orElseThrow().report();
    assertTrue(report.opens(), report.reason());
    assertTrue(report.facts().get("oneDNN").matches("\\d+\\.\\d+\\.\\d+"), report.toString());
    assertTrue(Integer.parseInt(report.facts().get("threads")) >= 1);
    assertTrue(report.candidates().stream().anyMatch(c -> c.refused().isEmpty()));
  }

  @Test
  void refusesToCloseUnderOpenArenas() {
    var device = Device.open("cpu");
    var weights = device.arena("the weights");
    var states = device.arena("the states");
    var e = assertThrows(IllegalStateException.class, device::close);
    assertEquals(
        "device cpu: expected every arena closed before the device, but open are"
            + " [the weights, the states]",
        e.getMessage());
    assertEquals(Device.class.desiredAssertionStatus() ? 2 : 0, e.getSuppressed().length);
    assertEquals(0, weights.tensor(1).floats()[0], "the device stays usable");
    weights.close();
    assertThrows(IllegalStateException.class, device::close);
    states.close();
    device.close();
    device.close();
  }

  @Test
  void closedItDoesNothingMore() {
    var device = Device.open("cpu");
    device.close();
    String message = "device cpu: expected open, but it is closed";
    assertEquals(message, assertThrows(IllegalStateException.class, device::arena).getMessage());
    assertEquals(
        message, assertThrows(IllegalStateException.class, device::takeStream).getMessage());
  }

  @Test
  void opensAndClosesManyTimes() {
    for (int i = 0; i < 200; i++) {
      try (var device = Device.open(CPU.threads(1 + i % 3));
          var arena = device.arena()) {
        assertEquals(i, arena.tensor(Shape.of(1), new float[] {i}).floats()[0]);
      }
    }
  }

  @Test
  void aThreadKeepsItsStreamWhileItHoldsIt() {
    try (var device = Device.open("cpu")) {
      var stream = device.takeStream();
      assertSame(stream, device.takeStream());
      device.giveBack(stream);
      assertSame(stream, device.takeStream(), "one of two leases was given back");
      device.giveBack(stream);
      device.giveBack(stream);
      assertSame(stream, device.takeStream(), "idle streams are taken again");
      device.giveBack(stream);
    }
  }

  @Test
  void threadsGetStreamsOfTheirOwn() throws InterruptedException {
    try (var device = Device.open("cpu")) {
      var mine = device.takeStream();
      var theirs = new AtomicReference<Stream>();
      assertNull(
          Samples.thrownElsewhere(
              () -> {
                theirs.set(device.takeStream());
                device.giveBack(theirs.get());
              }));
      assertNotSame(mine, theirs.get());
      device.giveBack(mine);
    }
  }

  @Test
  void aStreamIsRefusedToASecondThread() throws InterruptedException {
    try (var device = Device.open("cpu")) {
      var stream = device.takeStream();
      var e = Samples.thrownElsewhere(stream::lease);
      assertEquals(IllegalStateException.class, e.getClass());
      assertEquals(
          "stream: expected one thread at a time, but "
              + Thread.currentThread().getName()
              + " holds it and stranger asked for it",
          e.getMessage());
      device.giveBack(stream);
      assertNull(
          Samples.thrownElsewhere(
              () -> {
                stream.lease();
                stream.release();
              }));
    }
  }

  @Test
  void anArenaWithoutAStreamServesAllThreads() throws InterruptedException {
    try (var device = Device.open("cpu");
        var arena = device.arena()) {
      var tensor = arena.tensor(Shape.of(2), new float[] {1, 2});
      assertNull(Samples.thrownElsewhere(() -> tensor.at(1).set(5)));
      assertEquals(5, tensor.floats()[1]);
    }
  }
}
