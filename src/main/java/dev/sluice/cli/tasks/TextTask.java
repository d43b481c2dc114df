package dev.sluice.cli.tasks;

import dev.sluice.data.LabelledText;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Telling the labels of texts, from a file of {@code label<TAB>text} lines. */
final class TextTask extends SequenceTask {
  TextTask() {
    super("text", ClassJudgement.HEADLINE);
  }

  @Override
  public boolean reads(Path file) {
    return true;
  }

  @Override
  public String about() {
    return "the label of a text, from a file of label<TAB>text lines";
  }

  @Override
  public Map<String, Object> defaults(String model) {
    var map = new LinkedHashMap<String, Object>();
    map.put("words", 200L);
    map.put("embedding", 32L);
    map.putAll(SequenceStack.defaults(32, false, 256, "keras"));
    map.put("epochs", 10L);
    map.putAll(new Recipe("adam", 0.003, "cosine", 0, 1, 1, 32, 0, 0).toMap());
    return map;
  }

  @Override
  public Study open(Fields f) {
    int words = f.small("words");
    int embedding = f.small("embedding");
    Recipe.require(words >= 1, "--words", "1 or more", words);
    Recipe.require(embedding >= 1 && embedding < 1 << 20, "--embedding", "1 or more", embedding);
    var file = Path.of(f.text("data"));
    var text = LabelledText.read(file, LabelledText.Options.DEFAULT);
    var stack = SequenceStack.of(f, text.vocabulary().size(), embedding, text.classes().size());
    return ClassifierStudy.of(
        f,
        "The labels of " + file.getFileName(),
        new LabelledTexts(text, words),
        stack,
        Digest.of(file));
  }

  @Override
  public Set<String> questions() {
    return Set.of("TEXT", "--input");
  }

  @Override
  public void predict(Question question) {
    new ClassPrediction(question).ofTexts();
  }
}
