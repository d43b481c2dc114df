package dev.sluice.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Small files to learn from, and the arguments of runs of a few steps. */
final class SequenceData {
  private SequenceData() {}

  /** Sixty texts, whose label is that of one of their words. */
  static Path texts(Path folder) {
    var lines = new ArrayList<String>();
    var words = List.of("the", "film", "was", "so", "very", "plot");
    for (int i = 0; i < 60; i++) {
      boolean good = i % 3 == 0;
      String filling = words.get(i % 6) + " " + words.get(i / 6 % 6) + " " + words.get(i / 2 % 6);
      lines.add(
          (good ? "good" : "bad") + "\t" + filling + (good ? " lovely" : " awful") + " n" + i);
    }
    return write(folder.resolve("texts.tsv"), lines);
  }

  /** A week that comes again, growing; 80 days. */
  static Path series(Path folder) {
    var lines = new ArrayList<>(List.of("day,load,rain"));
    for (int i = 0; i < 80; i++) {
      lines.add(String.format(Locale.ROOT, "d%d,%.2f,%d", i, i % 7 + 0.1 * i, i % 2));
    }
    return write(folder.resolve("series.csv"), lines);
  }

  static Path write(Path file, List<String> lines) {
    try {
      return Files.write(file, lines);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The arguments of a run of a few steps, on one thread: others may be busy. */
  static String[] train(Object out, Object data, String... more) {
    var args = new ArrayList<>(List.of("train", "--out=" + out, "--data=" + data));
    args.addAll(List.of("--hidden=4", "--batch=16", "--threads=1"));
    if (List.of(more).stream().noneMatch(arg -> arg.startsWith("--epochs"))) {
      args.add("--epochs=1");
    }
    if (data.toString().equals("digits-by-row")) {
      args.add("--examples=64");
    }
    if (data.toString().endsWith(".csv")) {
      args.addAll(List.of("--column=load", "--window=8", "--period=7"));
    }
    args.addAll(List.of(more));
    return args.toArray(String[]::new);
  }
}
