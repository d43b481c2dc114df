package dev.sluice.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Data and models that do not fit get one sentence, and leave nothing behind. */
class WrongDataTest {
  @TempDir static Path folder;

  private static Path texts;
  private static Path series;

  @BeforeAll
  static void trained() {
    texts = SequenceData.texts(folder);
    series = SequenceData.series(folder);
    SequenceData.write(folder.resolve("empty.tsv"), List.of());
    SequenceData.write(folder.resolve("untabbed.tsv"), List.of("good\tfine", "bad awful"));
    SequenceData.write(folder.resolve("wordless.tsv"), List.of("good\tfine", "bad\t!!"));
    SequenceData.write(folder.resolve("one.tsv"), List.of("good\tfine", "good\tnice"));
    SequenceData.write(folder.resolve("short.csv"), List.of("t,load", "1,2", "2,3", "3,4", "4,6"));
    SequenceData.write(folder.resolve("mixed.csv"), List.of("t,load", "1,2", "2,3,4"));
    SequenceData.write(folder.resolve("letters.csv"), List.of("t,load", "1,2", "2,x\u001b[2J"));
    for (Path data : List.of(texts, series)) {
      var ran = Ran.run(SequenceData.train(model(data), data));
      assertEquals(0, ran.code(), ran.err());
    }
  }

  private static Path model(Path data) {
    return folder.resolve("model-of-" + data.getFileName());
  }

  private static void refused(Ran ran, int code, String sentence) {
    assertEquals(code, ran.code(), ran.err());
    assertTrue(ran.err().contains(sentence), ran.err());
    assertEquals(1, ran.err().lines().count(), ran.err());
    assertFalse(ran.err().contains("Exception"), ran.err());
    assertTrue(ran.err().strip().chars().noneMatch(Character::isISOControl), ran.err());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --data=vowles                         | 2 | --data: expected one of vowels,
          --data=none.csv                       | 2 | --data: none.csv: no such file
          --data=vowels --model=lstn            | 2 | --model: expected one of lstm, rnn, gru, got
          --data=vowels --kernel=3              | 2 | --kernel: --data vowels with --model lstm has
          --data=vowels --hidden=0              | 2 | --hidden: expected layers of 1 to 2^20 units
          --data=vowels --hidden=1000000        | 2 | --hidden, --dense: expected a model that
          --data=vowels --epochs=0              | 2 | --epochs: expected 1 or more, got 0
          --data=vowels --dropout=1             | 2 | --dropout: expected a share of 0 to below 1
          --data=vowels --init=he               | 2 | --init: expected keras, pytorch, irnn, got he
          --data=vowels --patience=2            | 2 | --patience: expected --validate with it
          --data=vowels --validate=0.95         | 2 | --validate: expected a share of 0 to 0.9
          --data=vowels --validate=0.001        | 2 | --validate: expected a share that leaves 1
          --data=vowels --optimiser=sgd         | 2 | --optimiser: expected adam or adamw, got sgd
          --data=digits-by-row --examples=9000  | 2 | --examples: expected 1 to 8,000 digits
          --data=sunspots --window=250          | 2 | expected more than 250 training values for
          --data=sunspots --window=0            | 2 | --window: expected 1 or more values, got 0
          --data=sunspots --ahead=0             | 2 | --ahead: expected 1 or more steps, got 0
          --data=DIR/series.csv                 | 2 | --column: expected one of day, load, rain
          --data=DIR/series.csv --column=laod   | 1 | column: expected one of load,
          --data=DIR/series.csv --column=day    | 1 | line 2: expected a number in column day, got
          --data=DIR/letters.csv --column=load  | 1 | line 3: expected a number in column load, got
          --data=DIR/short.csv --column=load    | 2 | expected more than 25 training values for a
          --data=DIR/mixed.csv --column=load    | 1 | line 3: expected 2 fields like the header
          --data=DIR/empty.tsv                  | 1 | expected label<TAB>text lines, got an empty
          --data=DIR/untabbed.tsv               | 1 | line 2: expected a tab between label and text
          --data=DIR/wordless.tsv               | 1 | line 2: expected a text with a word
          --data=DIR/one.tsv                    | 1 | expected two classes or more, got only good
          --data=DIR/texts.tsv --words=0        | 2 | --words: expected 1 or more, got 0
          --data=DIR/texts.tsv --embedding=0    | 2 | --embedding: expected 1 or more, got 0
          """)
  void train(String args, int code, String sentence) {
    var out = folder.resolve("never");
    var words = new ArrayList<>(List.of("train", "--threads=1", "--out=" + out));
    words.addAll(Arrays.asList(args.replace("DIR", folder.toString()).split(" ")));
    refused(Ran.run(words.toArray(String[]::new)), code, sentence);
    assertFalse(Files.exists(out), "a folder was made");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          texts.tsv  |                                     | 2 | expected texts, typed or one a line
          texts.tsv  | !!                                  | 2 | text 1: expected a word or a number
          texts.tsv  | --ahead=2                           | 2 | --ahead: a model of text does not
          texts.tsv  | --input=none.txt                    | 1 | none.txt: no such file
          series.csv | fine                                | 2 | TEXT: a model of series does not
          series.csv | --ahead=0                           | 2 | --ahead: expected 1 to 2^20 steps
          series.csv | --column=load                       | 2 | --column: expected --input with it
          series.csv | --input=none.csv                    | 1 | none.csv: no such file
          series.csv | --input=DIR/short.csv               | 2 | expected 9 values or more, as the
          series.csv | --input=DIR/short.csv --column=laod | 1 | column: expected one of load, t
          """)
  void predict(String data, String args, int code, String sentence) {
    var out = folder.resolve("never");
    var words = new ArrayList<>(List.of("predict", "--model=" + model(Path.of(data))));
    if (data.startsWith("series")) {
      words.add("--out=" + out);
    }
    if (args != null) {
      words.addAll(Arrays.asList(args.replace("DIR", folder.toString()).split(" ")));
    }
    refused(Ran.run(words.toArray(String[]::new)), code, sentence);
    assertFalse(Files.exists(out), "a folder was made");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''                       | expected either --model or layers, got neither
          input:3                  | expected a layer behind input:3
          lstm:4                   | layer lstm:4: expected input:C, input:T,C or embedding:V,C
          input:3 lsmt:4           | layer lsmt:4: expected one of lstm,
          input:3,3 lstm:0         | layer lstm:0: expected lstm:H, H of 1 to 2^24
          input:3,3 lstm:4,both    | layer lstm:4,both: expected lstm:H, H of 1 to 2^24, and any of
          input:3 dense:4,gelu     | layer dense:4,gelu: expected dense:K or dense:K,NAME
          input:3 dense:4 input:3  | layer input:3: expected it to be the first
          input:any,3 flatten      | flatten: expected a known number of steps
          """)
  void summary(String args, String sentence) {
    refused(Ran.run(("summary " + args).strip().split(" ")), 2, sentence);
  }

  /** A copy of a stopped run, one of whose files was changed. */
  private Path stopped(String name, Path data) {
    var out = folder.resolve(name);
    StoppedRun.at(1, out, SequenceData.train(out, data));
    return out;
  }

  @Test
  void aCheckpointOfAnotherModel() throws IOException {
    var out = stopped("other-model", texts);
    var manifest = out.resolve("checkpoint.json");
    Files.writeString(
        manifest, Files.readString(manifest).replace("\"model\": \"lstm\"", "\"model\": \"gru\""));
    refused(
        Ran.run("train", "--resume=" + out),
        1,
        "\"model.gru.weight_ih_l0\": expected shape [12, 32]");
  }

  @Test
  void aCheckpointOfOtherData() throws IOException {
    var data = folder.resolve("changing.tsv");
    Files.copy(texts, data);
    var out = stopped("other-data", data);
    Files.writeString(data, Files.readString(data) + "good\tfine indeed\n");
    refused(
        Ran.run("train", "--resume=" + out),
        1,
        "changing.tsv: expected the data that the run began");
    Files.delete(data);
    refused(Ran.run("train", "--resume=" + out), 1, "changing.tsv: no such file");
  }

  @Test
  void aModelOfOtherSizes() throws IOException {
    var other = Files.createDirectories(folder.resolve("other-sizes"));
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.copy(model(texts).resolve(name), other.resolve(name));
    }
    var config = other.resolve("config.json");
    Files.writeString(
        config, Files.readString(config).replace("\"hidden\": [4]", "\"hidden\": [5]"));
    refused(Ran.run("predict", "--model=" + other, "fine"), 1, "expected shape");
  }

  @Test
  void aTaskOfAnotherVersion() throws IOException {
    var other = Files.createDirectories(folder.resolve("other-task"));
    Files.copy(model(texts).resolve("config.json"), other.resolve("config.json"));
    var config = other.resolve("config.json");
    Files.writeString(
        config, Files.readString(config).replace("\"task\": \"text\"", "\"task\": \"chess\""));
    refused(Ran.run("predict", "--model=" + other, "fine"), 1, "got chess");
  }
}
