package dev.sluice.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.Samples;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One row times a matrix, against sums in double; a part leaves the other outputs alone. */
class RowVectorTest {
  /** Elements before the row and before the outputs. */
  private static final int FROM = 3;

  private static final int TO = 5;

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 5", "16, 64", "37, 65", "64, 200", "130, 67"})
  void partsOfTheOutputs(int in, int out) {
    int blocks = (out + RowVector.BLOCK - 1) / RowVector.BLOCK;
    for (boolean add : new boolean[] {false, true}) {
      for (int low : new int[] {0, blocks / 2}) {
        check(in, out, low, blocks, add, false);
        check(in, out, 0, blocks - low, add, true);
      }
    }
  }

  private static void check(int in, int out, int low, int high, boolean add, boolean back) {
    var w = Samples.floats(1, in * out);
    var x = Samples.floats(2, FROM + in);
    var y = Samples.floats(3, TO + out);
    try (var arena = Arena.ofConfined()) {
      var to = segment(arena, y);
      var from = segment(arena, x);
      var panels = panels(arena, w, in, out);
      RowVector.product(panels, from, FROM, to, TO, in, out, low, high, add, back);
      for (int o = 0; o < out; o++) {
        boolean part = o >= low * RowVector.BLOCK && o < high * RowVector.BLOCK;
        double sum = add || !part ? y[TO + o] : 0;
        for (int k = 0; part && k < in; k++) {
          sum += (double) x[FROM + k] * w[o * in + k];
        }
        assertEquals(sum, to.getAtIndex(ValueLayout.JAVA_FLOAT, TO + o), 1e-5, "output " + o);
      }
    }
  }

  /** w [out, in] as panels of outputs; what fills them up is not zero, since nobody may add it. */
  private static MemorySegment panels(Arena arena, float[] w, int in, int out) {
    int rows = (in + RowVector.ROWS - 1) / RowVector.ROWS * RowVector.ROWS;
    int panels = (out + RowVector.BLOCK - 1) / RowVector.BLOCK;
    var all = arena.allocate(4L * panels * rows * RowVector.BLOCK, 64);
    all.fill((byte) 0x40);
    for (int o = 0; o < out; o++) {
      for (int k = 0; k < in; k++) {
        int at = (o / RowVector.BLOCK * rows + k) * RowVector.BLOCK + o % RowVector.BLOCK;
        all.setAtIndex(ValueLayout.JAVA_FLOAT, at, w[o * in + k]);
      }
    }
    return all;
  }

  private static MemorySegment segment(Arena arena, float[] values) {
    return arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
  }
}
