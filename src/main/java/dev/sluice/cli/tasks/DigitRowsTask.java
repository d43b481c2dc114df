package dev.sluice.cli.tasks;

import dev.sluice.data.DigitRows;
import dev.sluice.data.Digits;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Reading handwritten digits row by row. */
final class DigitRowsTask extends SequenceTask {
  DigitRowsTask() {
    super("digits-by-row", ClassJudgement.HEADLINE);
  }

  @Override
  public String about() {
    return "which digit it is, handwritten, read row by row";
  }

  @Override
  public Map<String, Object> defaults(String model) {
    var map = new LinkedHashMap<>(SequenceStack.defaults(96, false, 0, "keras"));
    map.put("examples", (long) DigitRows.MOST);
    map.put("epochs", 6L);
    map.putAll(new Recipe("adam", 0.003, "constant", 0, 1, 1, 32, 0, 0).toMap());
    return map;
  }

  @Override
  public Study open(Fields f) {
    int examples = f.small("examples");
    Recipe.require(
        examples >= 1 && examples <= DigitRows.MOST,
        "--examples",
        "1 to %,d digits".formatted(DigitRows.MOST),
        examples);
    var data = new LabelledDigits(new DigitRows(examples));
    var stack = SequenceStack.of(f, 0, Digits.SIZE, data.classes().size());
    return ClassifierStudy.of(f, "Handwritten digits, read row by row", data, stack, "");
  }

  @Override
  public Set<String> questions() {
    return Set.of("--input", "--index", "--out");
  }

  @Override
  public void predict(Question question) {
    var prediction = new ClassPrediction(question);
    if (question.input() == null) {
      prediction.ofTest(new LabelledDigits(new DigitRows(1)));
    } else {
      prediction.ofDigits(question.input());
    }
  }
}
