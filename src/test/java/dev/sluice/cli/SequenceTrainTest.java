package dev.sluice.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.Shape;
import dev.sluice.data.Csv;
import dev.sluice.data.Npy;
import dev.sluice.data.NpyArray;
import dev.sluice.weights.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SequenceTrainTest {
  @TempDir Path folder;

  private Object data(String name) {
    return switch (name) {
      case "texts" -> SequenceData.texts(folder);
      case "series" -> SequenceData.series(folder);
      default -> name;
    };
  }

  private Map<?, ?> train(String name, String data, String... more) {
    var ran = Ran.run(SequenceData.train(folder.resolve(name), data(data), more));
    assertEquals(0, ran.code(), ran.err());
    return (Map<?, ?>) Json.read(folder.resolve(name).resolve("metrics.json"));
  }

  private Ran predict(String name, String... more) {
    var args = new java.util.ArrayList<>(List.of("predict", "--model=" + folder.resolve(name)));
    args.addAll(List.of(more));
    var ran = Ran.run(args.toArray(String[]::new));
    assertEquals(0, ran.code(), ran.err());
    return ran;
  }

  @ParameterizedTest
  @CsvSource({
    "vowels, accuracy, gru, GRU",
    "digits-by-row, accuracy, lstm, LSTM",
    "sunspots, mse, rnn, SimpleRNN",
    "co2, mse, lstm, LSTM",
    "series, mse, gru, GRU",
    "texts, accuracy, rnn, SimpleRNN"
  })
  void trainsJudgesAndSumsUp(String data, String score, String model, String layer)
      throws IOException {
    var metrics = train("run", data, "--model=" + model, "--bidirectional=false");
    var out = folder.resolve("run");
    for (String name :
        List.of("config.json", "model.safetensors", "prediction.png", "predictions.csv")) {
      assertTrue(Files.size(out.resolve(name)) > 100, name);
    }
    var page = Files.readString(out.resolve("report.html"));
    assertTrue(page.contains("./sluice train --data " + data(data)), "the command");
    assertTrue(metrics.keySet().containsAll(Set.of(score, "baselines", "steps")), "" + metrics);
    assertTrue(((Number) metrics.get(score)).doubleValue() >= 0, score);
    var names = ((Map<?, ?>) metrics.get("baselines")).keySet();
    assertTrue(names.contains(score.equals("mse") ? "persistence" : "majority"), "" + names);
    var summary = Ran.run("summary", "--model=" + out);
    assertTrue(summary.out().contains("(" + layer + ")"), summary.out());
    assertTrue(summary.out().contains("Total params: " + metrics.get("parameters")), summary.out());
  }

  @Test
  void accuracyIsWhatTheTableOfPredictionsSays() {
    var metrics = train("run", "vowels");
    var table = Csv.read(folder.resolve("run/predictions.csv"));
    assertEquals(370, table.records().size());
    long right = table.records().stream().filter(r -> r.get(1).equals(r.get(2))).count();
    assertEquals(right / 370.0, (Double) metrics.get("accuracy"), 1e-12);
    var predicted = predict("run", "--index=360");
    assertTrue(predicted.out().contains(right + " of 370 right"), predicted.out());
    var again = Csv.read(folder.resolve("run/predicted/prediction.csv"));
    assertEquals(
        table.records().stream().map(r -> r.get(2)).toList(),
        again.records().stream().map(r -> r.get(1)).toList());
  }

  @Test
  void theErrorIsThatOfTheForecastsWritten() {
    var metrics = train("run", "series");
    var table = Csv.read(folder.resolve("run/predictions.csv"));
    double[] truth = table.numbers("truth");
    double[] forecast = table.numbers("forecast");
    assertEquals(16, truth.length);
    double sum = 0;
    for (int i = 0; i < truth.length; i++) {
      sum += (forecast[i] - truth[i]) * (forecast[i] - truth[i]);
    }
    assertEquals((Double) metrics.get("mse"), sum / truth.length, 1e-5);
    assertEquals("d64", table.records().getFirst().getFirst());
  }

  /** What a model foresees after the first 70 days is what it is judged by on day 71. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void foreseesFromAFileAsInTheTest(int ahead) throws IOException {
    train("run", "series", "--ahead=" + ahead);
    var all = Files.readAllLines(folder.resolve("series.csv"));
    var first = SequenceData.write(folder.resolve("first.csv"), all.subList(0, 71));
    predict("run", "--input=" + first, "--ahead=" + ahead);
    var foreseen = Csv.read(folder.resolve("run/predicted/prediction.csv"));
    var judged = Csv.read(folder.resolve("run/predictions.csv"));
    double[] forecasts = judged.numbers("forecast");
    for (int step = 0; step < ahead; step++) {
      assertEquals(forecasts[6 + step], foreseen.numbers("forecast")[step], 1e-4);
    }
    predict("run", "--ahead=20");
    assertEquals(20, Csv.read(folder.resolve("run/predicted/prediction.csv")).records().size());
  }

  @Test
  void textsGetALabelAndProbabilities() {
    train("run", "texts", "--epochs=20", "--rate=0.02", "--words=6");
    var ran = predict("run", "so lovely", "the awful plot");
    var lines = ran.out().lines().toList();
    assertTrue(lines.get(0).startsWith("good  (good "), ran.out());
    assertTrue(lines.get(1).startsWith("bad  (bad "), ran.out());
    assertTrue(lines.get(1).endsWith("the awful plot"), ran.out());
    var file =
        SequenceData.write(folder.resolve("in.txt"), List.of("so lovely", "", "the awful plot"));
    assertEquals(ran.out(), predict("run", "--input=" + file).out());
  }

  @Test
  void digitsFromAFile() throws IOException {
    train("run", "digits-by-row");
    predict("run");
    var digits = new dev.sluice.data.DigitRows(1).batch(dev.sluice.data.Split.TEST, 0, 1, 2);
    var rows = new float[3 * 28 * 28];
    for (int row = 0; row < 28; row++) {
      for (int i = 0; i < 3; i++) {
        System.arraycopy(digits.x(), (row * 3 + i) * 28, rows, (i * 28 + row) * 28, 28);
      }
    }
    var file = folder.resolve("digits.npy");
    Files.write(file, Npy.bytes(new NpyArray(Shape.of(3, 28, 28), rows)));
    predict("run", "--input=" + file, "--out=" + folder.resolve("from-file"));
    var test = Csv.read(folder.resolve("run/predicted/prediction.csv"));
    var own = Csv.read(folder.resolve("from-file/prediction.csv"));
    assertEquals(test.records().subList(0, 3), own.records());
  }

  @ParameterizedTest
  @CsvSource({"vowels, lstm, 6", "texts, gru, 4", "series, rnn, 5"})
  void goesOnBitForBit(String data, String model, int steps) throws IOException {
    String[] more = {
      "--model=" + model, "--epochs=4", "--validate=0.2", "--dropout=0.3", "--rate=0.01"
    };
    train("whole", data, more);
    var parts = folder.resolve("parts");
    StoppedRun.at(steps, parts, SequenceData.train(parts, data(data), more));
    assertFalse(Files.exists(parts.resolve("metrics.json")));
    var ran = Ran.run("train", "--resume=" + parts);
    assertEquals(0, ran.code(), ran.err());
    assertTrue(ran.out().contains("step " + steps + " of "), ran.out());
    assertArrayEquals(bytes("whole"), bytes("parts"));
    assertEquals(losses("whole"), losses("parts"));
    assertEquals(
        Files.readString(folder.resolve("whole/predictions.csv")),
        Files.readString(folder.resolve("parts/predictions.csv")));
  }

  private byte[] bytes(String name) throws IOException {
    return Files.readAllBytes(folder.resolve(name).resolve("model.safetensors"));
  }

  private List<String> losses(String name) throws IOException {
    return Files.readAllLines(folder.resolve(name).resolve("metrics.jsonl")).stream()
        .map(line -> line.replaceAll("\"seconds\".*", ""))
        .toList();
  }

  @Test
  void theBestWeightsAreTheOnesThatAreWritten() throws IOException {
    // So high a rate that the loss on what is held out goes up and down.
    String[] more = {"--rate=0.3", "--schedule=constant", "--validate=0.3"};
    var all = train("all", "texts", with(more, "--epochs=8"));
    long best = (Long) all.get("best_step");
    long steps = (Long) all.get("steps");
    assertTrue(best < steps, best + " of " + steps);
    long epoch = steps / 8;
    var until = train("until", "texts", with(more, "--epochs=" + best / epoch));
    assertEquals(best, until.get("steps"));
    assertEquals(all.get("best_loss"), until.get("best_loss"));
    assertArrayEquals(bytes("until"), bytes("all"));
    var patient = train("patient", "texts", with(more, "--epochs=500", "--patience=2"));
    assertEquals(2L, patient.get("validations_since"));
    assertEquals(
        (Long) patient.get("best_step") + 2 * epoch, patient.get("steps"), "ends 2 epochs later");
    assertFalse(Files.exists(folder.resolve("patient/best.safetensors")));
  }

  private static String[] with(String[] args, String... more) {
    var all = new java.util.ArrayList<>(List.of(args));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }
}
