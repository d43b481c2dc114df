package dev.sluice.cli.tasks;

import dev.sluice.data.JapaneseVowels;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Telling speakers apart: Japanese vowels, series of different lengths, read both ways. */
final class VowelsTask extends SequenceTask {
  VowelsTask() {
    super("vowels", ClassJudgement.HEADLINE);
  }

  @Override
  public String about() {
    return "which of 9 speakers said two Japanese vowels; 270 series of 12 channels";
  }

  @Override
  public Map<String, Object> defaults(String model) {
    var map = new LinkedHashMap<>(SequenceStack.defaults(64, true, 0, "keras"));
    map.put("epochs", 20L);
    map.putAll(new Recipe("adamw", 0.005, "cosine", 0, 0, 1, 16, 0, 0).toMap());
    return map;
  }

  private static Labelled data() {
    return new LabelledVowels(JapaneseVowels.bundled());
  }

  @Override
  public Study open(Fields f) {
    var data = data();
    int channels = JapaneseVowels.bundled().train().channels();
    var stack = SequenceStack.of(f, 0, channels, data.classes().size());
    return ClassifierStudy.of(f, "Japanese vowels, told apart by speaker", data, stack, "");
  }

  @Override
  public Set<String> questions() {
    return Set.of("--index", "--out");
  }

  @Override
  public void predict(Question question) {
    new ClassPrediction(question).ofTest(data());
  }
}
