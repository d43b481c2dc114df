package dev.sluice.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.Shape;
import dev.sluice.data.Npy;
import dev.sluice.data.NpyArray;
import dev.sluice.weights.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Frames of other data than moving digits, and other networks than ConvLSTM. */
class FrameDataTest {
  @TempDir static Path folder;

  private static Path video;

  @BeforeAll
  static void written() {
    video = write("clips.npy", Shape.of(10, 6, 2, 8, 12));
    write("flat.npy", Shape.of(10, 8, 12));
    write("tiny.npy", Shape.of(10, 6, 1, 4, 4));
    write("one.npy", Shape.of(1, 6, 1, 8, 8));
  }

  /** Values from -40 to 40. */
  private static Path write(String name, Shape shape) {
    var values = new float[(int) shape.elements()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) StrictMath.sin(i * 0.1) * 40;
    }
    var file = folder.resolve(name);
    try {
      return Files.write(file, Npy.bytes(new NpyArray(shape, values)));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static Ran train(Path out, String... more) {
    var args = new ArrayList<>(List.of("train", "--out=" + out, "--batch=2", "--threads=1"));
    args.addAll(Arrays.asList(more));
    return Ran.run(args.toArray(String[]::new));
  }

  private static Map<?, ?> json(Path file) {
    return (Map<?, ?>) Json.read(file);
  }

  @ParameterizedTest
  @ValueSource(strings = {"convlstm", "feedback-convgru", "predrnn-v2", "predrnn++"})
  void aVideoIsLearnedAndForeseen(String model) {
    var out = folder.resolve(model);
    var hidden = model.startsWith("predrnn") ? "--hidden=3,3" : "--hidden=3";
    var ran = train(out, "--data=" + video, "--model=" + model, hidden, "--epochs=1");
    assertEquals(0, ran.code(), ran.err());
    assertTrue(Files.exists(out.resolve("prediction.gif")));
    assertEquals(2L, json(out.resolve("metrics.json")).get("test_sequences"));

    var predicted = folder.resolve(model + "-predicted");
    ran =
        Ran.run("predict", "--model=" + out, "--out=" + predicted, "--ahead=2", "--input=" + video);
    assertEquals(0, ran.code(), ran.err());
    var array = Npy.read(predicted.resolve("prediction.npy"));
    assertEquals(Shape.of(10, 2, 2, 8, 12), array.shape());
    if (!model.startsWith("predrnn")) {
      // A sigmoid, in the units of the file: near the middle after an epoch, and no share of 1.
      for (float value : array.values()) {
        assertTrue(value >= -40 && value <= 40, "value " + value);
      }
      assertTrue(array.values()[0] < -5, "value " + array.values()[0]);
    }
    assertEquals(0, Ran.run("summary", "--model=" + out).code());
  }

  @Test
  void halfOfAVideoIsSeenByDefault() {
    var out = folder.resolve("half");
    var ran = train(out, "--data=" + video, "--hidden=2", "--epochs=1");
    assertEquals(0, ran.code(), ran.err());
    var config = json(out.resolve("config.json"));
    assertEquals(3L, config.get("frames"));
    assertEquals(3L, config.get("ahead"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          flat.npy  |                  | expected frames [N, T, C, H, W]
          tiny.npy  |                  | --data: expected frames of 7x7 pixels or more
          one.npy   |                  | expected at least 2 sequences
          clips.npy | --patch=8        | --patch: expected a number that divides height and width
          clips.npy | --patch=16       | 8x12, got 16
          clips.npy | --frames=6       | --frames, --ahead: expected 1 or more each
          clips.npy | --ahead=9        | no more than the 6 frames of a video in
          clips.npy | --model=predrn   | --model: expected one of
          clips.npy | --epochs=0       | --epochs: expected 1 or more, got 0
          clips.npy | --recompute=-1   | --recompute: expected sqrt or 0 or more steps, got -1
          clips.npy | --residual       | no such setting
          """)
  void whatDoesNotFitGetsOneSentence(String file, String option, String sentence) {
    var out = folder.resolve("refused");
    var args = new ArrayList<>(List.of("--data=" + folder.resolve(file)));
    if (option != null) {
      args.add(option);
    }
    var ran = train(out, args.toArray(String[]::new));
    assertTrue(ran.code() != 0 && ran.err().contains(sentence), ran.err());
    assertEquals(1, ran.err().lines().count(), ran.err());
    assertTrue(Files.notExists(out), "something is left in " + out);
  }

  @Test
  void aVideoIsForeseenOnlyFromAFile() {
    var out = folder.resolve("unasked");
    assertEquals(0, train(out, "--data=" + video, "--hidden=2", "--epochs=1").code());
    var ran = Ran.run("predict", "--model=" + out);
    assertTrue(ran.err().contains("--input: expected a .npy file of frames seen"), ran.err());
  }

  /** One step of training is enough to judge: the baselines are what they are. */
  @ParameterizedTest
  @ValueSource(strings = {"convlstm", "convgru"})
  void windsAreForetoldBesideTheirBaselines(String model) {
    var out = folder.resolve("winds-" + model);
    var ran =
        Ran.run(
            "train",
            "--out=" + out,
            "--data=winds",
            "--model=" + model,
            "--threads=1",
            "--batch=96",
            "--hidden=2",
            "--epochs=1",
            "--frames=1",
            "--residual",
            "--rate=0.0001");
    assertEquals(0, ran.code(), ran.err());
    var metrics = json(out.resolve("metrics.json"));
    var baselines = (Map<?, ?>) metrics.get("baselines");
    assertEquals(6.051, (Double) baselines.get("persistence"), 5e-4);
    assertEquals(5.147, (Double) baselines.get("climatology"), 5e-4);
    assertEquals(4.468, (Double) baselines.get("damped_anomaly"), 5e-4);
    assertEquals(4.093, (Double) baselines.get("damped_anomaly_per_pixel"), 5e-4);
    // What it has not learned yet is a small residual.
    assertEquals(4.15, (Double) metrics.get("mse_zonal"), 0.1);
    assertTrue(Files.exists(out.resolve("prediction.png")));
    ran = Ran.run("predict", "--model=" + out, "--index=36");
    assertTrue(ran.err().contains("--index: expected a test month, 0 to 35, got 36"), ran.err());
    ran = Ran.run("predict", "--model=" + out, "--index=35");
    assertEquals(0, ran.code(), ran.err());
    var month = Npy.read(out.resolve("predicted/prediction.npy"));
    assertEquals(Shape.of(1, 1, 2, 73, 144), month.shape());
    for (float wind : month.values()) {
      assertTrue(Math.abs(wind) < 100, "wind " + wind);
    }
  }
}
