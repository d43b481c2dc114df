package dev.sluice;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShapeTest {
  private static String refusal(long... dims) {
    return assertThrows(IllegalArgumentException.class, () -> Shape.of(dims)).getMessage();
  }

  @Test
  void countsElements() {
    assertEquals(24, Shape.of(2, 3, 4).elements());
    assertEquals(1, Shape.of().elements());
    assertEquals(0, Shape.of(5, 0, 7).elements());
    assertEquals(Long.MAX_VALUE, Shape.of(Long.MAX_VALUE, 1).elements());
    assertEquals(1L << 62, Shape.of(1L << 31, 1L << 31).elements());
  }

  @Test
  void refusesNegativeSizes() {
    assertEquals("shape [2, -1]: expected sizes of 0 or more, got -1", refusal(2, -1));
    assertEquals(
        "shape [-9223372036854775808]: expected sizes of 0 or more, got -9223372036854775808",
        refusal(Long.MIN_VALUE));
    assertEquals("shape [0, -3]: expected sizes of 0 or more, got -3", refusal(0, -3));
  }

  @Test
  void refusesProductsThatOverflow() {
    assertEquals(
        "shape [4294967296, 2147483648]: expected at most 2^63-1 elements, got more",
        refusal(1L << 32, 1L << 31));
    refusal(Long.MAX_VALUE, 2);
    // These products wrap around to 0 and to a small positive number.
    refusal(1L << 32, 1L << 32);
    refusal(3, 6148914691236517206L);
  }

  @Test
  void zeroBeatsOverflowWhereverItStands() {
    assertEquals(0, Shape.of(0, Long.MAX_VALUE, 2).elements());
    assertEquals(0, Shape.of(Long.MAX_VALUE, 2, 0).elements());
    assertEquals(0, Shape.of(Long.MAX_VALUE, 0, 2).elements());
  }

  @ParameterizedTest
  @CsvSource({"FLOAT32, 24", "FLOAT64, 48", "FLOAT16, 12", "BFLOAT16, 12", "INT32, 24"})
  void bytesFollowTheType(DType type, long bytes) {
    assertEquals(bytes, Shape.of(2, 3).bytes(type));
  }

  @Test
  void onlyIntegersDoNotFloat() {
    for (var type : DType.values()) {
      assertEquals(type != DType.INT32, type.floating(), type.name());
    }
  }

  @Test
  void bytesNeverOverflow() {
    assertEquals((1L << 62) - 8, Shape.of((1L << 59) - 1).bytes(DType.FLOAT64));
    for (var type : DType.values()) {
      var e = assertThrows(IllegalArgumentException.class, () -> Shape.of(1L << 59).bytes(type));
      assertEquals(
          "shape [576460752303423488]: expected fewer than 2^59 elements, got 576460752303423488",
          e.getMessage());
    }
  }

  @Test
  void axesCountFromBothEnds() {
    var shape = Shape.of(2, 3, 4);
    assertEquals(3, shape.rank());
    assertEquals(2, shape.dim(0));
    assertEquals(4, shape.dim(-1));
    assertEquals(2, shape.dim(-3));
    assertEquals(3, shape.size(1));
    assertEquals(
        "shape [2, 3, 4] has no axis 3",
        assertThrows(IllegalArgumentException.class, () -> shape.dim(3)).getMessage());
    assertThrows(IllegalArgumentException.class, () -> shape.dim(-4));
    assertThrows(IllegalArgumentException.class, () -> Shape.of().inner());
  }

  @Test
  void axesAreTakenOffAndPutOn() {
    assertEquals(Shape.of(3, 4), Shape.of(2, 3, 4).inner());
    assertEquals(Shape.of(), Shape.of(2).inner());
    assertEquals(Shape.of(9, 3), Shape.of(3).outer(9));
    assertThrows(IllegalArgumentException.class, () -> Shape.of(Long.MAX_VALUE).outer(2));
    assertThrows(IllegalArgumentException.class, () -> Shape.of(3).outer(-1));
  }

  @Test
  void nobodyChangesItFromOutside() {
    var dims = new long[] {2, 3};
    var shape = Shape.of(dims);
    dims[0] = 7;
    shape.dims()[1] = 7;
    assertArrayEquals(new long[] {2, 3}, shape.dims());
  }

  @Test
  void equalSizesAreEqualShapes() {
    assertEquals(Shape.of(2, 3), Shape.of(2, 3));
    assertEquals(Shape.of(2, 3).hashCode(), Shape.of(2, 3).hashCode());
    assertNotEquals(Shape.of(2, 3), Shape.of(3, 2));
    assertNotEquals(Shape.of(6), Shape.of(6, 1));
    assertEquals("[2, 3]", Shape.of(2, 3).toString());
    assertEquals("[]", Shape.of().toString());
  }
}
