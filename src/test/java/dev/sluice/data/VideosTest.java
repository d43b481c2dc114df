package dev.sluice.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sluice.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VideosTest {
  @TempDir Path folder;

  /** Ten sequences of three frames of 2 channels, 4x6; each value tells where it is. */
  private static Videos counted(float scale) {
    var shape = Shape.of(10, 3, 2, 4, 6);
    var values = new float[(int) shape.elements()];
    for (int i = 0; i < values.length; i++) {
      values[i] = i * scale;
    }
    return Videos.of(new NpyArray(shape, values), "v");
  }

  @Test
  void batchesAreTimeMajorAndChannelsLast() {
    var videos = counted(1f / 1440);
    assertEquals(8, videos.count(Split.TRAIN));
    assertEquals(2, videos.count(Split.TEST));
    assertEquals(Shape.of(3, 2, 4, 6, 2), videos.shape(2));
    var out = new float[3 * 2 * 48];
    videos.batch(Split.TEST, new int[] {1, 0}, out);
    for (int i = 0; i < out.length; i++) {
      int t = i / 96;
      int n = 9 - i / 48 % 2;
      int c = i % 2;
      int pixel = i % 48 / 2;
      assertEquals(((n * 3 + t) * 2 + c) * 24 + pixel, out[i] * 1440, 1e-3);
    }
  }

  @Test
  void otherValuesAreMappedByTheTrainingPart() {
    var videos = counted(2);
    assertEquals(0f, videos.low());
    assertEquals(2 * (8 * 144 - 1), videos.high());
    var out = new float[3 * 48];
    videos.batch(Split.TRAIN, new int[] {7}, out);
    assertEquals(1f, out[out.length - 1]);
    videos.batch(Split.TEST, new int[] {0}, out);
    assertEquals(1152 / 1151f, out[0], 1e-6);
    assertEquals(1f, counted(1f / 1440).high());
  }

  @Test
  void readsAFile() throws IOException {
    var array = new NpyArray(Shape.of(2, 2, 1, 1, 2), new float[] {0, 1, 2, 3, 4, 5, 6, 7});
    var videos = Videos.read(Files.write(folder.resolve("v.npy"), Npy.bytes(array)));
    var out = new float[4];
    videos.batch(Split.TEST, new int[1], out);
    assertArrayEquals(new float[] {4 / 3f, 5 / 3f, 2, 7 / 3f}, out, 1e-6f);
  }

  @Test
  void refusesWhatIsNoVideo() {
    refused("expected frames [N, T, C, H, W], 5 axes of 1 or more, got [4, 3]", 0, 4, 3);
    refused("at least 2 sequences, one to test on, of 2 frames, got 1 of 3", 0, 1, 3, 1, 2, 2);
    refused("got 3 of 1", 0, 3, 1, 1, 2, 2);
    refused("training frames that are all 0.0", 0, 3, 2, 1, 2, 2);
    refused("got NaN in sequence 2, frame 1", Float.NaN, 3, 2, 1, 2, 2);
  }

  private static void refused(String part, float last, long... dims) {
    var shape = Shape.of(dims);
    var values = new float[(int) shape.elements()];
    values[values.length - 1] = last;
    Refusals.file(part, () -> Videos.of(new NpyArray(shape, values), "v"));
  }

  @Test
  void refusesPatchesAndFramesThatDoNotFit() {
    var videos = counted(1);
    videos.require(2, 2, 1);
    Refusals.call("patches of 4x4 fill, got 4x6", () -> videos.require(4, 2, 1));
    Refusals.call("patches of 8x8 fill, got 4x6", () -> videos.require(8, 2, 1));
    Refusals.call("2 frames seen and 2 to come", () -> videos.require(2, 2, 2));
    var room = new float[51];
    Refusals.call(
        "room for [3, 1, 4, 6, 2], got 51", () -> videos.batch(Split.TEST, new int[1], room));
  }
}
