package dev.sluice.cli.tasks;

import dev.sluice.data.DigitRows;
import dev.sluice.data.Split;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Ten digits, read row by row. */
record LabelledDigits(DigitRows data) implements Labelled {
  @Override
  public String what() {
    return "digits";
  }

  @Override
  public List<String> classes() {
    return IntStream.range(0, 10).mapToObj(String::valueOf).toList();
  }

  @Override
  public int count(Split split) {
    return data.count(split);
  }

  @Override
  public int label(Split split, int index) {
    return data.batch(split, index).labels()[0];
  }

  @Override
  public Inputs inputs(Split split, int... picks) {
    return Inputs.of(data.batch(split, picks));
  }

  @Override
  public String name(Split split, int index) {
    return "digit " + index;
  }

  @Override
  public Map<String, Double> baselines() {
    var map = new LinkedHashMap<String, Double>();
    map.put("majority", Baselines.majority(this));
    map.put(
        "nearest class mean",
        Baselines.nearestMean(this, (split, index) -> data.batch(split, index).x()));
    return map;
  }

  @Override
  public Map<String, Object> config() {
    return Map.of();
  }
}
