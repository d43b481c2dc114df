package dev.sluice.data;

/**
 * Nine speakers saying two Japanese vowels: sequences of 12 LPC channels, 7 to 29 steps long, to be
 * told apart by the speaker; 270 for training and 370 for testing (Kudo, Toyama and Shimbo 1999).
 * Channels are z-scored by the training sequences.
 *
 * @param train 30 sequences of each speaker
 * @param test 24 to 88 of each
 */
public record JapaneseVowels(LabelledSequences train, LabelledSequences test) {
  /** {@return the sequences that the library carries} */
  public static JapaneseVowels bundled() {
    var train = read("japanese-vowels/JapaneseVowels_TRAIN.ts.gz");
    var test = read("japanese-vowels/JapaneseVowels_TEST.ts.gz");
    return new JapaneseVowels(train.scaledBy(train), test.scaledBy(train));
  }

  private static LabelledSequences read(String resource) {
    return TimeSeriesFile.parse(TextLines.resource(resource), resource);
  }

  /**
   * {@return a part}
   *
   * @param split which
   */
  public LabelledSequences of(Split split) {
    return split == Split.TRAIN ? train : test;
  }
}
