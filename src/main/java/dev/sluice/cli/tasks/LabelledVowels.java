package dev.sluice.cli.tasks;

import dev.sluice.data.JapaneseVowels;
import dev.sluice.data.Split;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Nine speakers, told apart by how they say two Japanese vowels. */
record LabelledVowels(JapaneseVowels data) implements Labelled {
  @Override
  public String what() {
    return "utterances";
  }

  @Override
  public List<String> classes() {
    return data.train().classes();
  }

  @Override
  public int count(Split split) {
    return data.of(split).count();
  }

  @Override
  public int label(Split split, int index) {
    return data.of(split).labels()[index];
  }

  @Override
  public Inputs inputs(Split split, int... picks) {
    return Inputs.of(data.of(split).batch(picks));
  }

  @Override
  public String name(Split split, int index) {
    return "utterance %d, %d steps".formatted(index, data.of(split).length(index));
  }

  @Override
  public Map<String, Double> baselines() {
    var map = new LinkedHashMap<String, Double>();
    map.put("majority", Baselines.majority(this));
    map.put("nearest class mean", Baselines.nearestMean(this, this::average));
    return map;
  }

  /** The mean of each channel over the steps. */
  private float[] average(Split split, int index) {
    int channels = data.train().channels();
    float[] all = data.of(split).sequences().get(index);
    var mean = new float[channels];
    for (int i = 0; i < all.length; i++) {
      mean[i % channels] += all[i] * channels / all.length;
    }
    return mean;
  }

  @Override
  public Map<String, Object> config() {
    return Map.of();
  }
}
