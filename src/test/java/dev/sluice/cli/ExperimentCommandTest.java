package dev.sluice.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The quick form of every experiment runs to its end; wrong use is told in a line. */
class ExperimentCommandTest {
  private static final Pattern PICTURE = Pattern.compile("\\((\\S+\\.png)\\)");

  @TempDir Path folder;

  @Test
  void gradientsRespectTheirBound() throws IOException {
    String report = quick("gradients", 6);
    assertTrue(report.contains("It holds at every step"), report);
    // What 49 steps leave of a gradient: next to nothing, or most of it.
    assertTrue(cell(report, "RNN tanh", 1).matches(".*e-1\\d to .*e-1\\d"), report);
    assertTrue(cell(report, "IRNN", 1).startsWith("0."), report);
    assertEquals("1.000 ± 0.000", cell(report, "IRNN", 3));
    assertTrue(Double.parseDouble(cell(report, "tanh, orthogonal x 1.5", 1).split(" ")[0]) > 1);
  }

  @Test
  void peepholesAreComparedWithNone() throws IOException {
    String report = quick("peephole", 4);
    assertEquals("9,424", cell(report, "usual | none", 2));
    assertEquals("12,496", cell(report, "usual | from 0", 2));
    assertEquals("0 of 3", cell(report, "usual | from N(0, 1)", 3));
  }

  @Test
  void gruHasThreeQuartersOfTheParameters() throws IOException {
    String report = quick("gru-vs-lstm", 4);
    assertTrue(report.contains("0.750, a quarter fewer"), report);
    assertEquals("5,952", cell(report, "500 | GRU", 3));
  }

  @Test
  void gatesAddAndThePlainNetworkDoesNot() throws IOException {
    String report = quick("adding", 1);
    assertEquals("never, never, never", cell(report, "RNN tanh, T = 50", 3));
    for (String gated : List.of("LSTM, T = 50", "GRU, T = 50")) {
      assertFalse(cell(report, gated, 3).contains("never"), report);
    }
  }

  @Test
  void samplingComparesFourWaysToRead() throws IOException {
    String report = quick("sampling", 4);
    for (String reading : List.of("always the true frames", "reverse scheduled sampling")) {
      assertEquals(3, cell(report, reading, 2).split(", ").length, report);
    }
  }

  @Test
  void modelsAreComparedAtEqualSequencesAndAtEqualTime() throws IOException {
    String report = quick("models", 2);
    for (var model : List.of("ConvLSTM | 3,568", "ConvGRU | 2,720", "PredRNN | 5,424")) {
      assertEquals(2, report.split("\\| " + model.replace("|", "\\|") + " \\|", -1).length - 1);
    }
    assertEquals("80", cell(report, "ConvGRU", 2));
  }

  /** The report of a quick run, whose pictures are all there and small. */
  private String quick(String name, int pictures) throws IOException {
    var ran = Ran.run("experiment", name, "--quick", "--threads=1", "--out=" + folder);
    assertEquals(0, ran.code(), ran.err());
    String report = Files.readString(folder.resolve(name + ".md"));
    assertTrue(report.contains("This is the quick form"), report);
    assertTrue(
        report.contains("./sluice experiment " + name + " --quick --seeds 0,1,2 --threads 1"));
    assertFalse(report.contains("NaN"), report);
    var expected = new TreeSet<>(List.of(name + ".md", name + ".html"));
    for (String picture : PICTURE.matcher(report).results().map(this::group).toList()) {
      var file = folder.resolve(picture);
      assertTrue(Files.size(file) < 150_000, picture + " has " + Files.size(file) + " bytes");
      assertNotNull(ImageIO.read(file.toFile()), picture);
      expected.add(picture);
    }
    assertEquals(pictures + 2, expected.size(), report);
    assertEquals(expected, files());
    return report;
  }

  private String group(MatchResult match) {
    return match.group(1);
  }

  private TreeSet<String> files() throws IOException {
    try (var files = Files.list(folder)) {
      return new TreeSet<>(files.map(f -> f.getFileName().toString()).toList());
    }
  }

  /** A cell of the first row that begins so. */
  private static String cell(String report, String start, int column) {
    String line =
        report.lines().filter(l -> l.startsWith("| " + start + " |")).findFirst().orElseThrow();
    return line.split(" \\| ", -1)[column].replaceFirst("^\\| ", "").replaceFirst(" \\|$", "");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          experiment                      | expected an experiment: gradients, peephole, gru-vs-lstm
          experiment addng                | expected one of adding, sampling
          experiment adding --seeds=1,1   | seeds: expected one or more, no two equal, got [1, 1]
          experiment adding --seeds=x     | 'x' is not a long
          experiment adding --quik        | unknown option '--quik'; did you mean --quick
          experiment adding more          | unexpected argument 'more'
          experiment adding --engine=tpu  | engine: expected auto or one of [
          """)
  void wrongUseGetsOneLineAndLeavesNothing(String typed, String told) throws IOException {
    var args = Arrays.asList((typed + " --out=" + folder.resolve("new")).split(" +"));
    var ran = Ran.run(args.toArray(String[]::new));
    assertEquals(2, ran.code(), ran.err());
    assertTrue(ran.err().contains(told), ran.err());
    assertEquals(1, ran.err().lines().count(), ran.err());
    assertEquals(new TreeSet<>(), files());
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  @Timeout(value = 2, unit = TimeUnit.MINUTES)
  void controlCLeavesNothing() throws Exception {
    var out = folder.resolve("new");
    var log = folder.resolve("log");
    var process = Ran.start(log, "", "experiment", "adding", "--threads=1", "--out=" + out);
    while (process.isAlive() && !Files.readString(log).contains("step 1 of")) {
      Thread.sleep(20);
    }
    assertTrue(process.isAlive(), Files.readString(log));
    Ran.signal(process, "INT");
    assertEquals(130, process.waitFor(), Files.readString(log));
    assertTrue(Files.readString(log).contains("stopped; nothing was written"));
    assertFalse(Files.exists(out));
  }
}
