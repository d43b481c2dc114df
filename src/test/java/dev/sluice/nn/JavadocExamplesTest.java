package dev.sluice.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples of the Javadoc of networks and training are compiled as they stand, and run. */
class JavadocExamplesTest {
  private static final Path SOURCES = Path.of("src", "main", "java", "dev", "sluice");
  private static final Pattern BLOCK =
      Pattern.compile(
          "\\* <pre>\\{@code\n(.*?)\n *\\* \\}</pre>|\\* \\{@snippet :\n(.*?)\n *\\* \\}\n",
          Pattern.DOTALL);

  /** Classes that must have an example. */
  private static final List<String> SHOWN =
      List.of(
          "Rnn",
          "PackedSequence",
          "ConvLstm",
          "ConvGru",
          "StLstm",
          "Ghu",
          "CausalLstm",
          "LayerNorm",
          "PredRnn",
          "PredRnnPlusPlus",
          "EncoderForecaster",
          "Sequential",
          "Trainer");

  private static final String FORECASTER =
      """
      var model =
          new EncoderForecaster(
              new EncoderForecaster.Config(1, List.of(1), 1, 4, null, true),
              Weights.random(1),
              arena);
      var frames = new float[20 * 8 * 64 * 64];
      """;

  private static final String RNN = "var rnn = Rnn.lstm(2, 3).build(Weights.random(1), arena);\n";

  /** What an example takes for given, by its class. */
  private static final Map<String, String> GIVEN =
      Map.of(
          "GateProbe",
          RNN
              + """
              var x = pass.zeros(DType.FLOAT32, Shape.of(4, 5, 2));
              int[] lengths = null;
              """,
          "PackedSequence",
          """
          var gru = Rnn.gru(8, 32).bidirectional().build(Weights.random(1), arena);
          var x = pass.zeros(DType.FLOAT32, Shape.of(50, 3, 8));
          """,
          "CarriedState",
          RNN
              + """
              var chunks = List.of(arena.zeros(DType.FLOAT32, Shape.of(4, 32, 2)));
              var adam = new Adam(rnn.parameters(), 1e-3, arena);
              """,
          "FrameScores",
          """
          var meanImage = new float[64 * 64];
          var predicted = new float[10 * 8 * 64 * 64];
          var truth = new float[10 * 8 * 64 * 64];
          var last = new float[8 * 64 * 64];
          """,
          "Pass",
          FORECASTER
              + """
              var seen = arena.zeros(DType.FLOAT32, Shape.of(10, 8, 64, 64, 1));
              var next = arena.zeros(DType.FLOAT32, Shape.of(10, 8, 64, 64, 1));
              var adam = new Adam(model.parameters(), 1e-3, arena);
              """,
          "FrameForecaster",
          FORECASTER
              + """
              var adam = new Adam(model.parameters(), 1e-3, arena);
              var trainer = new Trainer(device, model, adam, Schedule.constant(1e-3), 1);
              """,
          "Trainer",
          FORECASTER
              + """
              var digits = new Digits();
              """);

  private static final String PROGRAM =
      """
      import static dev.sluice.nn.Activation.*;
      import static dev.sluice.nn.Block.*;

      import dev.sluice.*;
      import dev.sluice.data.*;
      import dev.sluice.nn.*;
      import dev.sluice.train.*;
      import dev.sluice.weights.*;
      import java.util.List;

      class Examples {
        /** In place of data. */
        static class Digits {
          void batch(long first, int count, float[] frames, int at) {}
        }

        static Tensor loss(Pass pass, Tensor y) {
          return Loss.mse().of(pass, y, pass.zeros(y.type(), y.shape()));
        }

        static void main() throws Exception {
      %s  }
      %s}
      """;

  @TempDir Path folder;

  @Test
  void everyExampleRuns() throws Exception {
    var examples = examples();
    for (var name : SHOWN) {
      assertTrue(examples.containsKey(name), name + " has an example");
    }
    var calls = new StringBuilder();
    var methods = new StringBuilder();
    var expected = new ArrayList<String>();
    for (var name : new TreeSet<>(examples.keySet())) {
      int number = 0;
      for (var example : examples.get(name)) {
        var method = "example" + name + number++;
        calls.append("    %s();\n    System.out.println(\"ran %s\");\n".formatted(method, method));
        methods.append("static void %s() throws Exception {\n".formatted(method));
        methods.append(surrounded(name, example)).append("}\n");
        expected.add("ran " + method);
      }
    }
    var source = folder.resolve("Examples.java");
    Files.writeString(source, PROGRAM.formatted(calls, methods));
    var output = run(source);
    assertEquals(expected, output.lines().filter(line -> line.startsWith("ran ")).toList(), output);
  }

  /** The examples of every class, in the order of its source. */
  private static Map<String, List<String>> examples() throws IOException {
    var examples = new HashMap<String, List<String>>();
    for (var part : List.of("nn", "train")) {
      try (var files = Files.list(SOURCES.resolve(part))) {
        for (var file : files.toList()) {
          var blocks =
              BLOCK
                  .matcher(Files.readString(file))
                  .results()
                  .map(block -> block.group(block.group(1) == null ? 2 : 1))
                  .map(JavadocExamplesTest::code)
                  .toList();
          if (!blocks.isEmpty()) {
            examples.put(file.getFileName().toString().replace(".java", ""), blocks);
          }
        }
      }
    }
    return examples;
  }

  /** Without the stars; a model that learns in 1250 steps takes one as well. */
  private static String code(String comment) {
    return comment
        .lines()
        .map(line -> line.replaceFirst("^ *\\* ?", ""))
        .collect(Collectors.joining("\n", "", "\n"))
        .replace("trainer.steps() < 1250", "trainer.steps() < 1");
  }

  /** Within a device, an arena and a pass, where the example opens none itself. */
  private static String surrounded(String name, String example) {
    if (example.contains("var device =")) {
      return example;
    }
    var pass = example.contains("var pass =") || example.contains("pass ->");
    return """
    try (var device = Device.open("cpu");
        var arena = device.arena()%s) {
    %s%s}
    """
        .formatted(
            pass ? "" : ";\n    var pass = Pass.inference(device)",
            GIVEN.getOrDefault(name, ""),
            example);
  }

  private static String run(Path source) throws Exception {
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
                source.toString())
            .redirectErrorStream(true)
            .start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output;
  }
}
