package dev.sluice.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.EachDevice;
import dev.sluice.Shape;
import dev.sluice.Stream;
import dev.sluice.TestDevice;
import dev.sluice.nn.Conv2d;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Rnn;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PlansTest {
  private static final class Queue extends Stream {
    @Override
    public void synchronize() {}

    @Override
    public void after(Stream other) {}

    @Override
    public void close() {}
  }

  private final Queue stream = new Queue();
  private final Set<Integer> ended = new HashSet<>();
  private final Plans<Integer, Integer> plans =
      new Plans<>(
          () -> List.of(stream),
          plan -> assertTrue(ended.add(plan), () -> plan + " is ended twice"));

  private void fill(int from, int count) {
    for (int i = from; i < from + count; i++) {
      assertEquals(i, plans.of(i, key -> key));
    }
  }

  @Test
  void aPlanIsMadeOnce() {
    var plan = new Object();
    var objects = new Plans<String, Object>(List::of, it -> {});
    assertSame(plan, objects.of("a", key -> plan));
    assertSame(plan, objects.of("a", key -> new Object()));
    assertNotSame(plan, objects.of("b", key -> new Object()));
  }

  @Test
  void thoseThatWereNotUsedForLongestAreEnded() {
    fill(0, Plans.KEPT);
    fill(0, 10);
    fill(Plans.KEPT, 3);
    assertEquals(Set.of(10, 11), ended);
    plans.close();
    assertEquals(Plans.KEPT + 3, ended.size());
  }

  @Test
  void noneIsEndedWhileItsStreamIsHeld() {
    stream.lease();
    fill(0, 2 * Plans.KEPT);
    assertEquals(Set.of(), ended);
    stream.lease();
    stream.release();
    fill(2 * Plans.KEPT, 1);
    assertEquals(Set.of(), ended, "still held once");
    stream.release();
    stream.lease();
    fill(2 * Plans.KEPT + 1, 1);
    assertEquals(Plans.KEPT + 1, ended.size(), "those of the holder before");
  }

  @Test
  void aFailureLeavesNone() {
    assertThrows(
        IllegalStateException.class,
        () ->
            plans.of(
                1,
                key -> {
                  throw new IllegalStateException();
                }));
    fill(1, 1);
    plans.close();
    assertEquals(Set.of(1), ended);
  }

  /** Each length and each batch is another plan; what the device has open stays bounded. */
  @Test
  @EachDevice
  void manyShapesLeaveFewObjects() {
    try (var device = TestDevice.open(1);
        var arena = device.arena()) {
      var lstm = Rnn.lstm(1, 2).build(Weights.random(1), arena);
      var frames = new Conv2d(1, 2, 1, Weights.random(2), arena);
      var open = new ArrayList<Long>();
      for (int n = 1; n <= 3 * Plans.KEPT; n++) {
        try (var pass = Pass.inference(device)) {
          lstm.forward(pass, pass.tensor(Shape.of(n, 2, 1), new float[2 * n]));
          frames.forward(pass, pass.tensor(Shape.of(n, 1, 1, 1), new float[n]));
        }
        open.add(device.backend().openObjects());
      }
      long full = open.get(2 * Plans.KEPT);
      assertTrue(full > 2 * Plans.KEPT, full + " objects");
      assertTrue(open.getLast() <= full + full / 20, open.getLast() + " objects after " + full);
    }
  }
}
