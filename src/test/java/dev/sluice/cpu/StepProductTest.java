package dev.sluice.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.DType;
import dev.sluice.MathMode;
import dev.sluice.Samples;
import dev.sluice.bindings.NativeLibraries;
import dev.sluice.bindings.NativeLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StepProductTest {
  /** To one column from rows that lie apart oneDNN has no product of packed weights. */
  @ParameterizedTest
  @CsvSource({"32, 1, 33", "8, 1, 16", "8, 1, 8", "13, 5, 26"})
  void whateverOneDnnHasAllBatchesPackAlike(int in, int out, int stride) {
    NativeLibraries.load(NativeLibrary.ONEDNN);
    try (var engine = OneDnnEngine.open(MathMode.EXACT);
        var stream = new CpuStream(engine, 1);
        var arena = Arena.ofConfined()) {
      var weights = segment(arena, Samples.floats(1, (long) in * out));
      long packedBytes = -1;
      for (int batch : new int[] {2, 9, 110}) {
        var spec = new StepProduct.Spec(batch, in, out, stride, out, 0, true, true);
        var from = segment(arena, Samples.floats(batch, (long) batch * stride));
        var to = segment(arena, Samples.floats(3, (long) batch * out));
        var expected = expected(spec, weights, from, to);
        try (var product = StepProduct.of(engine, DType.FLOAT32, spec)) {
          assertEquals(
              packedBytes < 0 ? product.packedBytes() : packedBytes, product.packedBytes());
          packedBytes = product.packedBytes();
          var packed = packedBytes == 0 ? weights : arena.allocate(packedBytes, 64);
          product.pack(stream, weights, packed);
          product.run(stream, packed, from, 0, to, 0, false);
        }
        for (int i = 0; i < expected.length; i++) {
          assertEquals(expected[i], at(to, i), 1e-5, spec + ", element " + i);
        }
      }
    }
  }

  private static double[] expected(
      StepProduct.Spec spec, MemorySegment weights, MemorySegment from, MemorySegment to) {
    var sums = new double[spec.batch() * spec.out()];
    for (int i = 0; i < sums.length; i++) {
      sums[i] = at(to, i);
      for (int k = 0; k < spec.in(); k++) {
        double factor = at(from, i / spec.out() * spec.fromStride() + k);
        sums[i] += factor * at(weights, (long) i % spec.out() * spec.in() + k);
      }
    }
    return sums;
  }

  private static float at(MemorySegment floats, long i) {
    return floats.getAtIndex(ValueLayout.JAVA_FLOAT, i);
  }

  private static MemorySegment segment(Arena arena, float[] values) {
    return arena.allocate(4L * values.length, 64).copyFrom(MemorySegment.ofArray(values));
  }
}
