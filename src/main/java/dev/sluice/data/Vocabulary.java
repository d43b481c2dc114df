package dev.sluice.data;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Numbers for words: 0 pads, 1 stands for every word that is not in it, the others follow, the most
 * frequent first.
 *
 * <p>A word is a run of letters, digits and combining marks, with apostrophes inside, in lower case
 * whatever the machine's language: {@code It's 9 o'clock!} is {@code it's}, {@code 9}, {@code
 * o'clock}. All else, punctuation and emoji too, separates words and is dropped.
 */
public final class Vocabulary {
  /** The token past a text's end. */
  public static final int PADDING = 0;

  /** The token of an unknown word. */
  public static final int UNKNOWN = 1;

  private static final List<String> SPECIAL = List.of("<pad>", "<unknown>");
  private static final Pattern WORD =
      Pattern.compile("[\\p{L}\\p{N}\\p{M}]+(?:['\u2019][\\p{L}\\p{N}\\p{M}]+)*");

  private final List<String> words;
  private final Map<String, Integer> tokens = new HashMap<>();

  private Vocabulary(List<String> words) {
    this.words = List.copyOf(words);
    for (int token = 0; token < words.size(); token++) {
      tokens.put(words.get(token), token);
    }
  }

  /**
   * Counts words.
   *
   * @param texts the training texts
   * @param most words in it, the two special ones aside, at least 1
   * @param least how often a word must come, at least 1
   * @return the vocabulary; words that come equally often stand in the order of their characters
   */
  public static Vocabulary of(Iterable<String> texts, int most, int least) {
    if (most < 1 || least < 1) {
      throw new IllegalArgumentException(
          "vocabulary: expected room for 1 word and a count of 1 or more, got %d and %d"
              .formatted(most, least));
    }
    var counts = new HashMap<String, Integer>();
    texts.forEach(text -> words(text).forEach(word -> counts.merge(word, 1, Integer::sum)));
    var words = new ArrayList<>(SPECIAL);
    counts.entrySet().stream()
        .filter(entry -> entry.getValue() >= least)
        .sorted(
            Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder())
                .thenComparing(Map.Entry.comparingByKey()))
        .limit(most)
        .forEach(entry -> words.add(entry.getKey()));
    return new Vocabulary(words);
  }

  /**
   * {@return the vocabulary whose {@link #list} this is}
   *
   * @param list all of it, the two special words first, none twice
   */
  public static Vocabulary of(List<String> list) {
    if (list.size() < 2
        || !list.subList(0, 2).equals(SPECIAL)
        || new HashSet<>(list).size() < list.size()) {
      throw new IllegalArgumentException(
          "vocabulary: expected " + SPECIAL + " and other words, none twice, got " + list.size());
    }
    return new Vocabulary(list);
  }

  /**
   * {@return the words of a text, in order}
   *
   * @param text any
   */
  public static List<String> words(String text) {
    var lower = text.toLowerCase(Locale.ROOT).replace('\u2019', '\'');
    return WORD.matcher(lower).results().map(match -> match.group()).toList();
  }

  /**
   * {@return the tokens of a text's words, in order}
   *
   * @param text any
   */
  public int[] tokens(String text) {
    return words(text).stream().mapToInt(word -> tokens.getOrDefault(word, UNKNOWN)).toArray();
  }

  /** {@return V: how many tokens there are, the two special ones among them} */
  public int size() {
    return words.size();
  }

  /** {@return the words, token 0 first} */
  public List<String> list() {
    return words;
  }
}
