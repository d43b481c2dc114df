package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The programs of docs/programs are compiled as they stand there, run, and learn. */
class ProgramsTest {
  @Test
  void aSequentialLearns() throws Exception {
    var output = run("TrainSequential.java");
    assertTrue(output.contains("Total params: 1969 "), output);
    assertTrue(number(output, "(\\d+) of 32 right") >= 31, output);
  }

  @Test
  void aForecasterLearns() throws Exception {
    var output = run("TrainForecaster.java");
    double error = number(output, "error ([0-9.]+),");
    assertTrue(error < 0.2 * number(output, "before ([0-9.]+)"), output);
  }

  private static double number(String output, String pattern) {
    var matcher = Pattern.compile(pattern).matcher(output);
    assertTrue(matcher.find(), output);
    return Double.parseDouble(matcher.group(1));
  }

  private static String run(String program) throws Exception {
    var process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                String.join(
                    File.pathSeparator,
                    "target/classes",
                    System.getProperty("jdk.module.path", ""),
                    System.getProperty("java.class.path", "")),
                Path.of("docs", "programs", program).toString())
            .redirectErrorStream(true)
            .start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output;
  }
}
