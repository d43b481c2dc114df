package dev.sluice.cli.tasks;

import dev.sluice.data.LabelledText;
import dev.sluice.data.Split;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Texts with labels.
 *
 * @param data the texts
 * @param words of a text that are read, the first
 */
record LabelledTexts(LabelledText data, int words) implements Labelled {
  private static final int MOST_COUNTS = 1 << 24;

  @Override
  public String what() {
    return "texts";
  }

  @Override
  public List<String> classes() {
    return data.classes();
  }

  @Override
  public int count(Split split) {
    return data.count(split);
  }

  @Override
  public int label(Split split, int index) {
    return data.label(split, index);
  }

  @Override
  public Inputs inputs(Split split, int... picks) {
    return Inputs.of(data.batch(split, words, picks));
  }

  @Override
  public String name(Split split, int index) {
    return data.text(split, index);
  }

  @Override
  public Map<String, Double> baselines() {
    var map = new LinkedHashMap<String, Double>();
    map.put("majority", data.majority());
    if ((long) data.classes().size() * data.vocabulary().size() <= MOST_COUNTS) {
      map.put("naive Bayes", Baselines.accuracy(this, new NaiveBayes(data)::guess));
    }
    return map;
  }

  @Override
  public Map<String, Object> config() {
    return Map.of("words", (long) words, "vocabulary", data.vocabulary().list());
  }
}
