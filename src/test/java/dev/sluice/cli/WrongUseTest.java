package dev.sluice.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Wrong use gets one line on stderr, exit code 2, and leaves nothing behind. */
class WrongUseTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''                               | expected a command: train, predict
          trian                            | unknown command 'trian'; did you mean train
          train --sequnces=5               | '--sequnces=5'; did you mean --seeds or --sequences
          train --qqq                      | unknown option '--qqq'
          train more                       | unexpected argument 'more'
          train --batch                    | Missing required parameter for option '--batch'
          train --batch=x                  | 'x' is not an int
          train --batch=99999999999        | '99999999999' is not an int
          train --batch=0                  | --batch: expected 1 or more sequences, got 0
          train --batch=-3                 | --batch: expected 1 or more sequences, got -3
          train --batch=2000000000         | --batch: expected a batch of fewer than 2^31 pixels
          train --sequences=0              | --sequences: expected 1 or more, got 0
          train --test-sequences=0         | --test-sequences: expected 1 or more, got 0
          train --hidden=4,-1              | fewer than 2^28 channels, got 4,-1
          train --kernel=2                 | expected odd sizes
          train --patch=5                  | multiples of the patch, got 64x64 and patch 5
          train --patch=0                  | patch 0
          train --size=20                  | expected size of 32 to 4096, got 20
          train --digits=0                 | expected digits of 1 to 1000, got 0
          train --frames=0                 | expected 1 or more frames seen and ahead, got 0 and 10
          train --frames=2000000000        | --frames: expected fewer than 65,536 frames
          train --ahead=2000000000         | --ahead: expected fewer than 65,536 frames
          train --frames=60000 --size=4096 | --frames, --ahead, --size: expected a sequence
          train --hidden=600000000         | --hidden: expected layers of 1 or more
          train --hidden=100000000         | --hidden, --kernel, --patch: expected a model
          train --kernel=1000000001        | --hidden, --kernel, --patch: expected a model
          train --rate=NaN                 | --rate: expected a rate above 0 and up to 1, got NaN
          train --rate=0                   | --rate: expected a rate above 0 and up to 1, got 0.0
          train --clip=-1                  | --clip: expected a norm, or 0 for no limit, got -1.0
          train --warm-up=-1               | --warm-up: expected 0 or more steps, got -1
          train --loss=mae                 | --loss: expected mse or bce, got mae
          train --schedule=steps           | --schedule: expected cosine or constant, got steps
          train --checkpoint-every=0       | --checkpoint-every: expected 1 or more steps, got 0
          train --engine=tpu               | engine: expected auto or one of [
          train --threads=-1               | threads: expected 0 to 1024, got -1
          train --threads=100000           | threads: expected 0 to 1024, got 100000
          train --engine=cpu:1             | engine: expected cpu, of which there is one
          bench --cell=lstm --mode=train --steps=1 --batch=1 --input=1 --hidden=1 --layers=65537 | --layers
          predict                          | Missing required option: '--model=DIR'
          info --jsn                       | unknown option '--jsn'; did you mean --json
          soak --cycles=-1                 | expected numbers of 0 or more
          """)
  void oneSentence(String args, String sentence) {
    var words = args.isEmpty() ? new String[0] : args.split(" +");
    var target = folder.resolve("out");
    if (args.startsWith("train --")) {
      words = Arrays.copyOf(words, words.length + 1);
      words[words.length - 1] = "--out=" + target;
      if (args.endsWith("--batch")) {
        words = Arrays.copyOf(words, words.length - 1);
      }
    }
    var ran = Ran.run(words);
    assertEquals(2, ran.code(), ran.err());
    assertTrue(ran.err().contains(sentence), ran.err());
    assertEquals(1, ran.err().lines().count(), ran.err());
    assertEquals("", ran.out());
    assertFalse(Files.exists(target), "a folder was made");
  }

  @Test
  void debugShowsTheStackTrace() {
    var ran = Ran.run("train", "--batch=0", "--debug");
    assertEquals(2, ran.code());
    // In a named module, a frame begins with the name of the module and its version.
    var frame = Pattern.compile("^\tat (\\S+/)?dev\\.sluice\\.cli\\.tasks\\.Recipe");
    assertTrue(ran.err().lines().anyMatch(frame.asPredicate()), ran.err());
  }

  @Test
  void helpIsForEveryCommand() {
    for (String command :
        List.of("train", "predict", "summary", "info", "doctor", "verify", "bench")) {
      var ran = Ran.run(command, "--help");
      assertEquals(0, ran.code(), ran.err());
      assertTrue(ran.out().contains("Usage: sluice " + command), ran.out());
    }
    assertTrue(Ran.run("--help").out().contains("./sluice train"));
    assertTrue(Ran.run("--version").out().startsWith("sluice "));
  }
}
