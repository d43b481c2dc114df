package dev.sluice.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

class MovingDigitsTest {
  private static final int PIXELS = 64 * 64;

  @Test
  void theSameSeedAndIndexGiveTheSameSequenceWhateverCameBefore() {
    var data = MovingDigits.standard(Split.TRAIN, 7);
    float[] first = sequence(data, 41);
    sequence(data, 3);
    assertArrayEquals(first, sequence(MovingDigits.standard(Split.TRAIN, 7), 41));
  }

  @Test
  void anotherSeedIndexOrSplitGivesAnotherSequence() {
    float[] one = sequence(MovingDigits.standard(Split.TRAIN, 7), 41);
    assertFalse(Arrays.equals(one, sequence(MovingDigits.standard(Split.TRAIN, 8), 41)));
    assertFalse(Arrays.equals(one, sequence(MovingDigits.standard(Split.TRAIN, 7), 42)));
    assertFalse(Arrays.equals(one, sequence(MovingDigits.standard(Split.TEST, 7), 41)));
  }

  @Test
  void sequencesNeverChangeBetweenMachinesOrVersions() {
    assertEquals(TRAIN_CRC, crc(sequence(MovingDigits.standard(Split.TRAIN, 1), 0)));
    assertEquals(TEST_CRC, crc(sequence(MovingDigits.standard(Split.TEST, 1), 123_456_789_012L)));
  }

  @Test
  void aBatchIsTimeMajorAndHoldsTheSameSequences() {
    var data = MovingDigits.standard(Split.TEST, 2);
    var batch = new float[5 + 20 * 3 * PIXELS];
    Arrays.fill(batch, 9f);
    data.batch(10, 3, batch, 5);
    assertEquals(9f, batch[4]);
    for (int n = 0; n < 3; n++) {
      float[] one = sequence(data, 10 + n);
      for (int t = 0; t < 20; t++) {
        int at = 5 + (t * 3 + n) * PIXELS;
        assertArrayEquals(
            Arrays.copyOfRange(one, t * PIXELS, (t + 1) * PIXELS),
            Arrays.copyOfRange(batch, at, at + PIXELS));
      }
    }
  }

  @Test
  void valuesGoFromZeroToOne() {
    float[] one = sequence(MovingDigits.standard(Split.TRAIN, 1), 0);
    float most = 0;
    for (float value : one) {
      assertTrue(value >= 0 && value <= 1, "value " + value);
      most = Math.max(most, value);
    }
    assertTrue(most > 0.9f);
  }

  @Test
  void eachSplitShowsItsOwnDigitsOnly() {
    for (Split split : Split.values()) {
      var data = new MovingDigits(split, 3, 1, 64, 1);
      var seen = new boolean[10_000];
      for (int i = 0; i < 200; i++) {
        seen[find(sequence(data, i))] = true;
      }
      for (int d = 0; d < 10_000; d++) {
        assertFalse(seen[d] && (d < 8_000) != (split == Split.TRAIN), split + " showed " + d);
      }
    }
  }

  @Test
  void oneDigitKeepsItsShapeWhileItMoves() {
    float[] one = sequence(new MovingDigits(Split.TRAIN, 5, 20, 64, 1), 0);
    double ink = ink(one, 0);
    boolean moved = false;
    for (int t = 1; t < 20; t++) {
      assertEquals(ink, ink(one, t), 1e-3, "frame " + t);
      moved |=
          !Arrays.equals(
              Arrays.copyOfRange(one, 0, PIXELS),
              Arrays.copyOfRange(one, t * PIXELS, (t + 1) * PIXELS));
    }
    assertTrue(moved);
  }

  @Test
  void theBrighterPixelWinsWhereDigitsOverlap() {
    // In 32x32 pixels two digits always overlap; added up they would have more ink than this.
    for (int i = 0; i < 20; i++) {
      float[] both = sequence(new MovingDigits(Split.TRAIN, 5, 1, 32, 2), i);
      float[] first = sequence(new MovingDigits(Split.TRAIN, 5, 1, 32, 1), i);
      for (int p = 0; p < both.length; p++) {
        assertTrue(both[p] >= first[p] && both[p] <= 1f);
      }
    }
  }

  @Test
  void theMeanImageIsTheMeanOfTheFrames() {
    var data = new MovingDigits(Split.TRAIN, 1, 3, 40, 2);
    float[] mean = data.meanImage(5);
    var sum = new double[40 * 40];
    for (int i = 0; i < 5; i++) {
      float[] one = sequence(data, i);
      for (int p = 0; p < one.length; p++) {
        sum[p % sum.length] += one[p] / 15.0;
      }
    }
    for (int p = 0; p < sum.length; p++) {
      assertEquals(sum[p], mean[p], 1e-6);
    }
  }

  @Test
  void badSizesAreNamed() {
    assertNamed("frames of 1 to 65536, got 0", () -> of(0, 64, 2));
    assertNamed("size of 32 to 4096, got 28", () -> of(20, 28, 2));
    assertNamed("digits of 1 to 1000, got -1", () -> of(20, 64, -1));
    assertNamed("fewer than 2^31 pixels", () -> of(1000, 4096, 2));
    var data = MovingDigits.standard(Split.TRAIN, 1);
    assertNamed("room for [20, 1, 64, 64]", () -> data.fill(0, new float[81_919], 0));
    assertNamed("got index -1", () -> data.fill(-1, new float[81_920], 0));
    assertNamed("room for [20, 0, 64, 64]", () -> data.batch(0, 0, new float[81_920], 0));
  }

  private static MovingDigits of(int frames, int size, int digits) {
    return new MovingDigits(Split.TRAIN, 1, frames, size, digits);
  }

  private static void assertNamed(String part, org.junit.jupiter.api.function.Executable call) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertTrue(message.contains(part), message);
  }

  private static float[] sequence(MovingDigits data, long index) {
    var out = new float[data.frames() * data.size() * data.size()];
    data.fill(index, out, 0);
    return out;
  }

  private static double ink(float[] frames, int t) {
    double sum = 0;
    for (int p = t * PIXELS; p < (t + 1) * PIXELS; p++) {
      sum += frames[p];
    }
    return sum;
  }

  /** Finds the digit that a frame shows by its pixels, wherever it is. */
  private static int find(float[] frame) {
    String wanted = crop(frame, 64);
    var digit = new float[784];
    for (int d = 0; d < 10_000; d++) {
      Digits.bundled().copy(d, digit, 0);
      if (ink28(digit) == ink28(frame) && crop(digit, 28).equals(wanted)) {
        return d;
      }
    }
    throw new AssertionError("no digit looks like this frame");
  }

  private static int ink28(float[] image) {
    int sum = 0;
    for (float value : image) {
      sum += Math.round(value * 255);
    }
    return sum;
  }

  private static String crop(float[] image, int width) {
    int top = width;
    int left = width;
    for (int p = 0; p < image.length; p++) {
      if (image[p] > 0) {
        top = Math.min(top, p / width);
        left = Math.min(left, p % width);
      }
    }
    var text = new StringBuilder();
    for (int p = 0; p < image.length; p++) {
      if (image[p] > 0) {
        text.append(p / width - top).append(',').append(p % width - left).append(',');
        text.append(Math.round(image[p] * 255)).append(';');
      }
    }
    return text.toString();
  }

  private static long crc(float[] values) {
    var crc = new CRC32();
    for (float value : values) {
      crc.update(Math.round(value * 255));
    }
    return crc.getValue();
  }

  private static final long TRAIN_CRC = 678_096_009L;
  private static final long TEST_CRC = 1_081_052_811L;
}
