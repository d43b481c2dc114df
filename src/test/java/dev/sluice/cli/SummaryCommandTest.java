package dev.sluice.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Keras' counts, from the command line. */
class SummaryCommandTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          embedding:2800,32 rnn:16 dense:256 | 89600 784 4352
          embedding:2800,32 lstm:32 dense:256 | 89600 8320 8448
          input:any,32 gru:32 | 6336
          input:any,32 gru-before:32 | 6240
          input:any,32 lstm:32,bidirectional | 16640
          input:any,32 lstm:32,two-biases | 8448
          input:5,9 lstm:3,sequences each:dense:4 flatten dropout:0 dense:3,softmax | 156 16 0 0 63
          """)
  void counts(String layers, String counts) {
    var ran = Ran.run(("summary " + layers).split(" "));
    assertEquals(0, ran.code(), ran.err());
    var shown =
        ran.out()
            .lines()
            .filter(line -> line.matches(" \\w+ \\(\\w+\\) .*"))
            .filter(line -> !line.contains("Layer (type)"))
            .map(line -> line.replaceAll(".* ", ""))
            .toList();
    var expected = List.of(counts.split(" "));
    assertEquals(expected, shown);
    long total = Arrays.stream(counts.split(" ")).mapToLong(Long::parseLong).sum();
    assertTrue(ran.out().contains("Total params: " + total + " "), ran.out());
  }

  @Test
  void digitsAreTheSameInEveryLanguage(@TempDir Path folder) throws Exception {
    var log = folder.resolve("log");
    var arabic = "export JAVA_TOOL_OPTIONS='-Duser.language=ar -Duser.country=EG'; ";
    var process = Ran.start(log, arabic, "summary", "input:3,4", "lstm:5");
    assertEquals(0, process.waitFor());
    assertTrue(Files.readString(log).contains("Total params: 200 (800.00 Byte)"));
  }
}
