package dev.sluice.cli.experiments;

import dev.sluice.cli.experiments.PeepholeTraining.Run;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What the tutorials say of C in the gates, beside what was measured.
 *
 * @param results the first without peepholes, the second with some that begin with 0
 */
record PeepholeClaims(List<PeepholeResult> results) {
  List<List<String>> rows() {
    return List.of(
        List.of(
            "Without C in the gates the model predicts well; with C gradient problems appear (000,"
                + " 002: the author's own experiment, no figures given).",
            problems()),
        List.of(
            "It may be that C makes no great difference to the result (000, 002: an open"
                + " question).",
            difference()),
        List.of(
            "Turn an LSTM into a ConvLSTM directly, without C in the gates (000, 002).", cost()));
  }

  private String problems() {
    var with = results.stream().filter(PeepholeResult::any).toList();
    long broken = with.stream().mapToLong(PeepholeResult::broken).sum();
    long runs = with.stream().mapToLong(r -> r.runs().size()).sum();
    boolean calm = with.stream().allMatch(r -> r.spike() <= 10 * without(r).spike());
    return (broken == 0 && calm ? "Not reproduced: " : "")
        + Numbers.text("%d of %d trainings with peepholes broke down. ", broken, runs)
        + each("Largest gradient norm after step 20", r -> Numbers.short3(r.spike()))
        + sentence(
            "Gradient to the earliest input over that to the latest",
            results.getFirst().setting(),
            r -> r.of(Run::earliest).text("%.3f"));
  }

  private PeepholeResult without(PeepholeResult r) {
    return results.stream()
        .filter(other -> other.setting().equals(r.setting()) && !other.any())
        .findFirst()
        .orElseThrow();
  }

  private String difference() {
    return each("Error over the mean image's", r -> r.of(Run::ratio).text("%.3f"))
        + "Peepholes also tell the cells where in the frame they are, a help with walls.";
  }

  /** A sentence a setting. */
  private String each(String what, Function<PeepholeResult, String> value) {
    return results.stream()
        .map(PeepholeResult::setting)
        .distinct()
        .map(setting -> sentence(what, setting, value))
        .collect(Collectors.joining());
  }

  private String sentence(String what, String setting, Function<PeepholeResult, String> value) {
    var values =
        results.stream()
            .filter(r -> r.setting().equals(setting))
            .map(r -> r.peepholes().name() + ": " + value.apply(r))
            .toList();
    return Numbers.text("%s, %s: %s. ", what, setting, String.join("; ", values));
  }

  private String cost() {
    var none = results.get(0);
    var zero = results.get(1);
    return Numbers.text(
        "Peepholes from 0 took %.2f times the processor time and have %.2f times the parameters;"
            + " they fix the size of the frame, so that the model fits no other. Off is a sound"
            + " default.",
        zero.of(Run::millis).mean() / none.of(Run::millis).mean(),
        (double) zero.parameters() / none.parameters());
  }
}
