package dev.sluice.data;

import dev.sluice.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Sequences of different lengths, each of one class.
 *
 * @param classes their names
 * @param channels C
 * @param sequences [length, C] each, at least one step
 * @param labels the class of each, 0 for the first
 */
public record LabelledSequences(
    List<String> classes, int channels, List<float[]> sequences, int[] labels) {
  /** Checks the sizes. */
  public LabelledSequences {
    classes = List.copyOf(classes);
    sequences = List.copyOf(sequences);
    if (channels < 1 || sequences.isEmpty() || sequences.size() != labels.length) {
      throw new IllegalArgumentException(
          "sequences: expected a channel, a sequence and a label for each, got %d, %d and %d"
              .formatted(channels, sequences.size(), labels.length));
    }
    for (int i = 0; i < labels.length; i++) {
      int values = sequences.get(i).length;
      if (values == 0 || values % channels != 0) {
        throw new IllegalArgumentException(
            "sequence %d: expected steps of %d values, got %d values"
                .formatted(i, channels, values));
      }
      Objects.checkIndex(labels[i], classes.size());
    }
  }

  /** {@return how many sequences there are} */
  public int count() {
    return labels.length;
  }

  /**
   * {@return the steps of a sequence}
   *
   * @param index of it
   */
  public int length(int index) {
    return sequences.get(index).length / channels;
  }

  /**
   * {@return [T, N, C]: some of the sequences, T the longest of them}
   *
   * @param picks the indices of N sequences, at least 1
   */
  public SequenceBatch batch(int... picks) {
    int n = picks.length;
    int[] lengths = Arrays.stream(picks).map(this::length).toArray();
    int steps = Arrays.stream(lengths).max().orElseThrow();
    var x = new float[Math.multiplyExact(steps * n, channels)];
    for (int i = 0; i < n; i++) {
      float[] sequence = sequences.get(picks[i]);
      for (int t = 0; t < lengths[i]; t++) {
        System.arraycopy(sequence, t * channels, x, (t * n + i) * channels, channels);
      }
    }
    int[] kinds = Arrays.stream(picks).map(pick -> labels[pick]).toArray();
    return new SequenceBatch(Shape.of(steps, n, channels), x, lengths, kinds);
  }

  /**
   * {@return these sequences, channel by channel less the mean and over the deviation of all steps
   * of others}
   *
   * @param train the training sequences, these perhaps
   */
  public LabelledSequences scaledBy(LabelledSequences train) {
    if (train.channels != channels) {
      throw new IllegalArgumentException(
          "sequences: expected training sequences of %d channels, got %d"
              .formatted(channels, train.channels));
    }
    var mean = new double[channels];
    var deviation = new double[channels];
    for (int c = 0; c < channels; c++) {
      mean[c] = train.average(c, 0, 1);
      double square = train.average(c, mean[c], 2);
      deviation[c] = square > 0 ? Math.sqrt(square) : 1;
    }
    var scaled = sequences.stream().map(float[]::clone).toList();
    for (float[] sequence : scaled) {
      for (int i = 0; i < sequence.length; i++) {
        int c = i % channels;
        sequence[i] = (float) ((sequence[i] - mean[c]) / deviation[c]);
      }
    }
    return new LabelledSequences(classes, channels, scaled, labels);
  }

  private double average(int channel, double less, int power) {
    double sum = 0;
    long count = 0;
    for (float[] sequence : sequences) {
      for (int i = channel; i < sequence.length; i += channels) {
        sum += Math.pow(sequence[i] - less, power);
        count++;
      }
    }
    return sum / count;
  }
}
