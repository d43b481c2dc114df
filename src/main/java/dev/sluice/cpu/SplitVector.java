package dev.sluice.cpu;

import static dev.sluice.cpu.Lanes.ORDER;
import static dev.sluice.cpu.Lanes.STEP;
import static dev.sluice.cpu.Lanes.WIDTH;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Floats as sums of three of 8 bits each, over vectors. By float arithmetic alone: once the same
 * was done with integer vectors, the gates' loops took half as long again, whatever C2 learnt.
 */
final class SplitVector {
  /** 2^16 + 1: what it adds to a number is what is cut off (Veltkamp 1968). */
  private static final FloatVector CUT = Lanes.all(65_537);

  private SplitVector() {}

  /**
   * x = first + second + third, exactly, for |x| under 2^111.
   *
   * @param from floats
   * @param at bytes before them
   * @param count of the floats, whole vectors
   * @param to [3, count] floats
   */
  static void split(MemorySegment from, long at, long count, MemorySegment to) {
    long plane = 4 * count;
    for (long e = 0; e < plane; e += STEP) {
      var x = fromMemorySegment(WIDTH, from, at + e, ORDER);
      var t = x.mul(CUT);
      var first = t.sub(t.sub(x));
      first.intoMemorySegment(to, e, ORDER);
      var rest = x.sub(first);
      var u = rest.mul(CUT);
      var second = u.sub(u.sub(rest));
      second.intoMemorySegment(to, e + plane, ORDER);
      rest.sub(second).intoMemorySegment(to, e + 2 * plane, ORDER);
    }
  }
}
