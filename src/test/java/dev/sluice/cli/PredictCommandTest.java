package dev.sluice.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.Shape;
import dev.sluice.data.MovingDigits;
import dev.sluice.data.Npy;
import dev.sluice.data.NpyArray;
import dev.sluice.data.Split;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PredictCommandTest {
  @TempDir static Path folder;

  private static Path model;

  @BeforeAll
  static void trained() {
    model = folder.resolve("model");
    assertEquals(0, Ran.run(Ran.train(model, 8)).code());
  }

  private static NpyArray predict(String... more) {
    var out = folder.resolve("predicted");
    var args = new String[] {"predict", "--model=" + model, "--out=" + out};
    var all = Arrays.copyOf(args, args.length + more.length);
    System.arraycopy(more, 0, all, args.length, more.length);
    var ran = Ran.run(all);
    assertEquals(0, ran.code(), ran.err());
    return Npy.read(out.resolve("prediction.npy"));
  }

  @Test
  void testDigitsByDefault() {
    var array = predict("--ahead=5");
    assertEquals(Shape.of(3, 5, 1, 32, 32), array.shape());
    for (float pixel : array.values()) {
      assertTrue(pixel > 0 && pixel < 1, "pixel " + pixel);
    }
    assertTrue(Files.exists(folder.resolve("predicted/prediction.gif")));
    assertTrue(Files.exists(folder.resolve("predicted/prediction.png")));
  }

  /** The same sequences, more than one batch of them, give what test digits gave. */
  @Test
  void aFileGivesTheSame() throws IOException {
    int n = 20;
    var digits = new MovingDigits(Split.TEST, 0, 6, 32, 2);
    var frames = new float[n * 3 * 32 * 32];
    var one = new float[6 * 32 * 32];
    for (int i = 0; i < n; i++) {
      digits.fill(i, one, 0);
      System.arraycopy(one, 0, frames, i * 3 * 32 * 32, 3 * 32 * 32);
    }
    var file = folder.resolve("clips.npy");
    Files.write(file, Npy.bytes(new NpyArray(Shape.of(n, 3, 1, 32, 32), frames)));
    var fromFile = predict("--input=" + file, "--index=18");
    assertEquals(Shape.of(n, 3, 1, 32, 32), fromFile.shape());
    var digitsFrom17 = predict("--index=17");
    int sequence = 3 * 32 * 32;
    assertArrayEquals(
        digitsFrom17.values(),
        Arrays.copyOfRange(fromFile.values(), 17 * sequence, 20 * sequence),
        1e-6f);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          3,1,32,32     | 0 | expected frames [N, T, 1, H, W], H and W multiples of 8, got [3, 1,
          2,3,2,32,32   | 0 | got [2, 3, 2, 32, 32]
          2,3,1,32,31   | 0 | got [2, 3, 1, 32, 31]
          2,0,1,32,32   | 0 | got [2, 0, 1, 32, 32]
          2,3,1,32,32   | 2 | --index: expected less than the 2 sequences in
          """)
  void aFileThatDoesNotFit(String dims, int index, String sentence) throws IOException {
    var shape = Shape.of(Arrays.stream(dims.split(",")).mapToLong(Long::parseLong).toArray());
    var file = folder.resolve("wrong.npy");
    Files.write(file, Npy.bytes(new NpyArray(shape, new float[(int) shape.elements()])));
    var out = folder.resolve("never");
    var ran =
        Ran.run(
            "predict", "--model=" + model, "--input=" + file, "--out=" + out, "--index=" + index);
    assertEquals(2, ran.code(), ran.err());
    assertTrue(ran.err().contains(sentence), ran.err());
    assertEquals(1, ran.err().lines().count());
    assertFalse(Files.exists(out));
  }

  @Test
  void missingAndDamagedFiles() throws IOException {
    var none = Ran.run("predict", "--model=" + folder.resolve("none"));
    assertEquals(1, none.code());
    assertTrue(none.err().contains("config.json: no such file"), none.err());

    var input = Ran.run("predict", "--model=" + model, "--input=" + folder.resolve("none.npy"));
    assertEquals(1, input.code());
    assertTrue(input.err().contains("none.npy: no such file"), input.err());

    var damaged = Files.createDirectories(folder.resolve("damaged"));
    Files.copy(model.resolve("config.json"), damaged.resolve("config.json"));
    var bytes = Files.readAllBytes(model.resolve("model.safetensors"));
    Files.write(damaged.resolve("model.safetensors"), Arrays.copyOf(bytes, bytes.length / 2));
    var ran = Ran.run("predict", "--model=" + damaged);
    assertEquals(1, ran.code());
    assertTrue(ran.err().contains("model.safetensors"), ran.err());
    assertEquals(1, ran.err().lines().count(), ran.err());
  }

  @Test
  void aModelOfOtherSizes() throws IOException {
    var other = Files.createDirectories(folder.resolve("other"));
    var config = Files.readString(model.resolve("config.json"));
    assertTrue(config.contains("\"hidden\": [4]"), config);
    Files.writeString(
        other.resolve("config.json"), config.replace("\"hidden\": [4]", "\"hidden\": [5]"));
    Files.copy(model.resolve("model.safetensors"), other.resolve("model.safetensors"));
    var ran = Ran.run("predict", "--model=" + other);
    assertEquals(1, ran.code());
    assertTrue(ran.err().contains("expected shape [20, 64, 3, 3], got shape"), ran.err());
  }
}
