package dev.sluice.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sluice.Shape;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class DigitRowsTest {
  @Test
  void rowsComeOneAfterTheOther() {
    var batch = new DigitRows(500).batch(Split.TEST, 7, 1999);
    assertEquals(Shape.of(28, 2, 28), batch.shape());
    for (int n = 0; n < 2; n++) {
      int index = 8000 + (n == 0 ? 7 : 1999);
      var digit = new float[784];
      Digits.bundled().copy(index, digit, 0);
      assertEquals(Digits.bundled().label(index), batch.labels()[n]);
      for (int t = 0; t < 28; t++) {
        int at = (t * 2 + n) * 28;
        assertArrayEquals(
            Arrays.copyOfRange(digit, t * 28, t * 28 + 28),
            Arrays.copyOfRange(batch.x(), at, at + 28));
      }
    }
    assertArrayEquals(new int[] {28, 28}, batch.lengths());
  }

  @Test
  void sizesAreChecked() {
    assertEquals(500, new DigitRows(500).count(Split.TRAIN));
    assertEquals(2000, new DigitRows(DigitRows.MOST).count(Split.TEST));
    Refusals.call("1 to 8000 digits to train on, got 8001", () -> new DigitRows(8001));
    assertThrows(IndexOutOfBoundsException.class, () -> new DigitRows(500).batch(Split.TRAIN, 500));
  }
}
