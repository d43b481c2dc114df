package dev.sluice.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Vector arithmetic of the float loops. Only touched where {@link VectorApi#PRESENT}. */
final class Lanes {
  /** The widest vectors of this machine. */
  static final VectorSpecies<Float> WIDTH = FloatVector.SPECIES_PREFERRED;

  static final int COUNT = WIDTH.length();

  private Lanes() {}

  static FloatVector load(MemorySegment m, long byteOffset) {
    return FloatVector.fromMemorySegment(WIDTH, m, byteOffset, ByteOrder.LITTLE_ENDIAN);
  }

  static void store(FloatVector v, MemorySegment m, long byteOffset) {
    v.intoMemorySegment(m, byteOffset, ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * A quotient of polynomials of degree 13 and 6 on [-7.9, 7.9], the bounds outside: largest error
   * 2.7e-7. NaN stays NaN.
   */
  static FloatVector tanh(FloatVector v) {
    var low = v.blend(-7.905311f, v.compare(VectorOperators.LT, -7.905311f));
    var x = low.blend(7.905311f, low.compare(VectorOperators.GT, 7.905311f));
    var s = x.mul(x);
    var p = s.mul(-2.76076847742355e-16f).add(2.00018790482477e-13f);
    p = p.fma(s, s.broadcast(-8.60467152213735e-11f));
    p = p.fma(s, s.broadcast(5.12229709037114e-08f));
    p = p.fma(s, s.broadcast(1.48572235717979e-05f));
    p = p.fma(s, s.broadcast(6.37261928875436e-04f));
    p = p.fma(s, s.broadcast(4.89352455891786e-03f));
    var q = s.mul(1.19825839466702e-06f).add(1.18534705686654e-04f);
    q = q.fma(s, s.broadcast(2.26843463243900e-03f));
    q = q.fma(s, s.broadcast(4.89352518554385e-03f));
    return x.mul(p).div(q);
  }

  /** (1 + tanh(x / 2)) / 2: absolute error 1.6e-7. */
  static FloatVector sigmoid(FloatVector v) {
    return tanh(v.mul(0.5f)).mul(0.5f).add(0.5f);
  }
}
