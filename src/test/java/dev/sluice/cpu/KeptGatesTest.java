package dev.sluice.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.Device;
import dev.sluice.spi.RnnSpec.CellClip;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One step's gates, kept and had again, against the same step in float64. */
class KeptGatesTest {
  private static final int ROWS = 3;

  /** Half a step of a gate, and what tanh misses. */
  private static final double NEAR = 5.1e-7;

  /** Loads what a team's threads need. */
  @BeforeAll
  static void load() {
    Device.open("cpu").close();
  }

  /** A step, forward and what of it is had again. */
  private static final class Step implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final Team team = new Team(2, new Tape());
    private final LstmGates gates;
    private final int length;
    final MemorySegment sums;
    final MemorySegment before;
    final MemorySegment after;
    final MemorySegment h;
    final MemorySegment kept;
    final MemorySegment[] peephole;

    Step(int length, boolean peephole) {
      this.length = length;
      this.gates = new LstmGates(Reals.FLOATS, length, CellClip.NONE, 1);
      this.sums = floats(4 * ROWS);
      this.before = floats(ROWS);
      this.after = floats(ROWS);
      this.h = floats(ROWS);
      this.kept = floats(2 * ROWS);
      this.peephole = peephole ? new MemorySegment[] {floats(1), floats(1), floats(1)} : null;
    }

    MemorySegment floats(int rows) {
      return arena.allocate(4L * rows * length, 64);
    }

    float[] copy(MemorySegment of) {
      return of.toArray(JAVA_FLOAT);
    }

    void forward() {
      var s = new LstmGates.Forward(sums, null, peephole, before, after, null, h, null, 0, null);
      s.kept = kept;
      gates.forward(team, ROWS, s);
    }

    MemorySegment again() {
      var c = floats(ROWS);
      gates.again(team, ROWS, kept, before, c);
      return c;
    }

    /** Gradients of the sums, from a dh of ones; c_t is spent. */
    MemorySegment backward(MemorySegment dc) {
      var da = floats(4 * ROWS);
      var dh = floats(ROWS);
      for (long e = 0; e < ROWS * length; e++) {
        dh.setAtIndex(JAVA_FLOAT, e, 1);
      }
      var s = new LstmGates.Backward(da, peephole, before, again(), null, length, dh, dc, null);
      s.kept = kept;
      s.h = h;
      gates.backward(team, ROWS, s);
      return da;
    }

    @Override
    public void close() {
      team.close();
      arena.close();
    }
  }

  private static void draw(MemorySegment to, Random random, double bound) {
    for (long e = 0; e < to.byteSize() / 4; e++) {
      to.setAtIndex(JAVA_FLOAT, e, (float) (bound * random.nextDouble(-1, 1)));
    }
  }

  private static double sigmoid(double a) {
    return 1 / (1 + Math.exp(-a));
  }

  /** Vectors and what is left over of them, gates in their middle and at their ends. */
  @ParameterizedTest
  @ValueSource(ints = {1, 5, 16, 37, 64, 200})
  void gradientsAreThoseOfFloat64(int length) {
    for (double bound : new double[] {0, 1e-30, 1e-3, 1, 5, 40}) {
      for (boolean peephole : new boolean[] {false, true}) {
        try (var step = new Step(length, peephole)) {
          var random = new Random(length);
          draw(step.sums, random, bound);
          draw(step.before, random, 3 * bound);
          for (int i = 0; peephole && i < 3; i++) {
            draw(step.peephole[i], random, 0.5);
          }
          compare(step, length);
        }
      }
    }
  }

  private static void compare(Step step, int length) {
    var a = step.copy(step.sums);
    step.forward();
    var dc = step.floats(ROWS);
    var da = step.copy(step.backward(dc));
    for (int row = 0; row < ROWS; row++) {
      for (int j = 0; j < length; j++) {
        int e = row * length + j;
        var p = new double[3];
        for (int i = 0; step.peephole != null && i < 3; i++) {
          p[i] = step.peephole[i].getAtIndex(JAVA_FLOAT, j);
        }
        double c = step.before.getAtIndex(JAVA_FLOAT, e);
        int at = row * 4 * length + j;
        double i = sigmoid(a[at] + p[0] * c);
        double f = sigmoid(a[at + length] + p[1] * c);
        double g = Math.tanh(a[at + 2 * length]);
        double after = f * c + i * g;
        double o = sigmoid(a[at + 3 * length] + p[2] * after);
        double t = Math.tanh(after);
        double through = o * (1 - t * t) + t * o * (1 - o) * p[2];
        var expected =
            new double[] {
              through * g * i * (1 - i),
              through * c * f * (1 - f),
              through * i * (1 - g * g),
              t * o * (1 - o)
            };
        near(after, step.after.getAtIndex(JAVA_FLOAT, e), c, "c");
        near(o * t, step.h.getAtIndex(JAVA_FLOAT, e), c, "h");
        for (int gate = 0; gate < 4; gate++) {
          near(expected[gate], da[at + gate * length], c, "gradient of gate " + gate);
        }
        double back = through * f + expected[0] * p[0] + expected[1] * p[1];
        near(back, dc.getAtIndex(JAVA_FLOAT, e), c, "gradient of c");
      }
    }
  }

  /** An error of f counts as many times as the cell is large. */
  private static void near(double expected, double got, double cell, String what) {
    assertEquals(expected, got, 2 * NEAR * Math.max(1, Math.abs(cell)), what);
  }

  /** What backward makes of c has the bits that forward had. */
  @ParameterizedTest
  @ValueSource(ints = {1, 16, 37, 4096})
  void cellsAreTheSameBits(int length) {
    try (var step = new Step(length, true)) {
      var random = new Random(1);
      draw(step.sums, random, 8);
      draw(step.before, random, 3);
      step.forward();
      assertEquals(-1, step.after.mismatch(step.again()));
    }
  }

  /** Black frames: c is zero, and o can still be had of h. */
  @Test
  void theOutputGateIsThereWhereTheCellIsZero() {
    try (var step = new Step(32, false)) {
      for (int row = 0; row < ROWS; row++) {
        for (int j = 0; j < 32; j++) {
          step.sums.setAtIndex(JAVA_FLOAT, row * 128 + 96 + j, j / 4f - 4);
        }
      }
      step.forward();
      var dc = step.floats(ROWS);
      step.backward(dc);
      for (int j = 0; j < 32; j++) {
        assertEquals(0, step.after.getAtIndex(JAVA_FLOAT, j), 0);
        assertEquals(0, step.h.getAtIndex(JAVA_FLOAT, j), 1e-19);
        // dc_{t-1} = f o where tanh(c) is 0.
        assertEquals(0.5 * sigmoid(j / 4f - 4), dc.getAtIndex(JAVA_FLOAT, j), NEAR);
      }
    }
  }

  /** Whichever gate it comes from. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void notANumberStaysSo(int gate) {
    for (int j : new int[] {3, 35}) {
      try (var step = new Step(37, false)) {
        step.sums.setAtIndex(JAVA_FLOAT, 37 * gate + j, Float.NaN);
        step.forward();
        assertTrue(Float.isNaN(step.h.getAtIndex(JAVA_FLOAT, j)), "h");
        var dc = step.floats(ROWS);
        var da = step.backward(dc);
        assertTrue(Float.isNaN(dc.getAtIndex(JAVA_FLOAT, j)), "gradient of c");
        assertTrue(Float.isNaN(da.getAtIndex(JAVA_FLOAT, 3 * 37 + j)), "gradient of o");
        assertTrue(Float.isFinite(step.h.getAtIndex(JAVA_FLOAT, j + 1)), "its neighbour");
      }
    }
  }
}
