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
  @ParameterizedTest
  @CsvSource({"1, 1", "3, 5", "16, 64", "37, 65", "64, 200", "130, 67"})
  void bothWays(int in, int out) {
    for (boolean add : new boolean[] {false, true}) {
      for (int low : new int[] {0, out / 3}) {
        check(in, out, low, add, true);
        check(in, out, low, add, false);
      }
    }
  }

  private static void check(int in, int out, int low, boolean add, boolean dots) {
    var w = Samples.floats(1, in * out);
    var x = Samples.floats(2, in);
    var y = Samples.floats(3, out);
    int high = out - out / 5;
    try (var arena = Arena.ofConfined()) {
      var to = segment(arena, y);
      if (dots) {
        RowVector.dots(segment(arena, w), segment(arena, x), to, in, low, high, add);
      } else {
        RowVector.sums(segment(arena, w), segment(arena, x), to, in, out, low, high, add);
      }
      for (int o = 0; o < out; o++) {
        double sum = add || o < low || o >= high ? y[o] : 0;
        for (int k = 0; o >= low && o < high && k < in; k++) {
          sum += (double) x[k] * w[dots ? o * in + k : k * out + o];
        }
        assertEquals(sum, to.getAtIndex(ValueLayout.JAVA_FLOAT, o), 1e-5, "output " + o);
      }
    }
  }

  private static MemorySegment segment(Arena arena, float[] values) {
    return arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
  }
}
