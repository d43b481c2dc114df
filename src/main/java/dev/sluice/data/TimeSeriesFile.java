package dev.sluice.data;

import dev.sluice.FormatException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The text format .ts of the UCR and UEA archives, as far as labelled sequences need it: comments
 * (#), fields (@classLabel true a b ..., @dimensions C, others passed over), {@code @data}, then a
 * line for each sequence: C channels and the class between colons, each channel its values between
 * commas. Time stamps and missing values (?) are refused.
 */
public final class TimeSeriesFile {
  private final String name;
  private final List<String> classes = new ArrayList<>();
  private final List<float[]> sequences = new ArrayList<>();
  private final List<Integer> labels = new ArrayList<>();
  private int channels;
  private boolean data;

  private TimeSeriesFile(String name) {
    this.name = name;
  }

  /**
   * Reads a file.
   *
   * @param file plain or gzip
   * @return its sequences
   * @throws FormatException naming the line that is not as expected
   * @throws java.io.UncheckedIOException if it cannot be read
   */
  public static LabelledSequences read(Path file) {
    return parse(TextLines.read(file), file.toString());
  }

  static LabelledSequences parse(List<String> lines, String name) {
    var file = new TimeSeriesFile(name);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      if (file.data) {
        file.sequence(line, i + 1);
      } else {
        file.field(line.split("\\s+"), i + 1);
      }
    }
    if (file.sequences.isEmpty()) {
      throw new FormatException(name + ": expected @data and sequences behind it, got none");
    }
    return new LabelledSequences(
        file.classes,
        file.channels,
        file.sequences,
        file.labels.stream().mapToInt(Integer::intValue).toArray());
  }

  private FormatException wrong(int line, String expected, Object got) {
    return new FormatException(
        "%s: line %d: expected %s, got %s".formatted(name, line, expected, got));
  }

  private void field(String[] words, int line) {
    switch (words[0].toLowerCase(Locale.ROOT)) {
      case "@classlabel" -> {
        if (words.length < 3 || !words[1].equals("true")) {
          throw wrong(line, "@classLabel true and the classes", String.join(" ", words));
        }
        classes.addAll(List.of(words).subList(2, words.length));
      }
      case "@timestamps", "@missing" -> {
        if (words.length != 2 || !words[1].equals("false")) {
          throw wrong(line, words[0] + " false", String.join(" ", words));
        }
      }
      case "@dimensions" -> channels = dimensions(words, line);
      case "@data" -> data = true;
      default -> {
        if (!words[0].startsWith("@")) {
          throw wrong(line, "a field like @data before the sequences", cut(words[0]));
        }
      }
    }
    if (data && classes.isEmpty()) {
      throw wrong(line, "@classLabel before @data", "none");
    }
  }

  private int dimensions(String[] words, int line) {
    try {
      int count = words.length == 2 ? Integer.parseInt(words[1]) : 0;
      if (count > 0) {
        return count;
      }
    } catch (NumberFormatException e) {
      // The sentence below says it all.
    }
    throw wrong(line, "@dimensions and a number of 1 or more", String.join(" ", words));
  }

  private void sequence(String text, int line) {
    String[] parts = text.split(":", -1);
    int got = parts.length - 1;
    channels = channels == 0 ? got : channels;
    if (got != channels || got == 0) {
      throw wrong(line, channels + " channels and a class between colons", got + " channels");
    }
    int label = classes.indexOf(parts[got].strip());
    if (label < 0) {
      throw wrong(line, "one of the classes " + classes, cut(parts[got]));
    }
    int length = parts[0].split(",", -1).length;
    var sequence = new float[Math.multiplyExact(length, channels)];
    for (int c = 0; c < channels; c++) {
      String[] values = parts[c].split(",", -1);
      if (values.length != length) {
        throw wrong(line, "channels of one length, " + length, values.length);
      }
      for (int t = 0; t < length; t++) {
        sequence[t * channels + c] = value(values[t], line);
      }
    }
    sequences.add(sequence);
    labels.add(label);
  }

  private float value(String text, int line) {
    try {
      float value = Float.parseFloat(text);
      if (Float.isFinite(value)) {
        return value;
      }
    } catch (NumberFormatException e) {
      // The sentence below says it all.
    }
    throw wrong(line, "a finite number", cut(text));
  }

  private static String cut(String text) {
    return text.isEmpty() ? "nothing" : text.length() <= 40 ? text : text.substring(0, 40) + "...";
  }
}
