package dev.sluice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's first program is compiled as it stands there, run, and prints what it promises. */
class ReadmeTest {
  @TempDir Path folder;

  @Test
  void theFirstProgramRuns() throws Exception {
    var block =
        Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(Path.of("README.md")));
    assertTrue(block.find(), "README.md has a program");
    var source = folder.resolve("FirstLstm.java");
    Files.writeString(source, block.group(1));
    var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var process =
        new ProcessBuilder(
                java, "--enable-native-access=ALL-UNNAMED", "-cp", paths(), source.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    assertEquals("FLOAT32 [50, 32, 512]", output.strip());
  }

  /** Everything that this test itself runs on. */
  private static String paths() {
    return String.join(
        File.pathSeparator,
        "target/classes",
        System.getProperty("jdk.module.path", ""),
        System.getProperty("java.class.path", ""));
  }
}
