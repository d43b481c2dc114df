package dev.sluice.cli.experiments;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What the tutorials say of long memory, beside what was measured.
 *
 * @param all runs, a seed each, by network
 */
record AddingClaims(Map<AddingRun.Net, List<AddingRun>> all) {
  List<List<String>> rows() {
    return List.of(
        List.of(
            "A plain RNN cannot learn what depends on more than about ten steps back (002); with"
                + " tanh or ReLU it cannot handle sequences that are too long (000).",
            found("RNN tanh", "IRNN")),
        List.of(
            "LSTM does not have this problem: remembering for long is its default behaviour, not"
                + " something that it struggles to learn (002).",
            found("LSTM", "LSTM, no forget bias")),
        List.of(
            "GRU is made for the same problem, performs like LSTM (001, 003), has fewer parameters"
                + " and converges more easily (003).",
            found("GRU") + compared()));
  }

  private String found(String... names) {
    var text = new StringBuilder();
    all.forEach(
        (net, runs) -> {
          if (List.of(names).contains(net.name())) {
            text.append(sentence(net, runs));
          }
        });
    return text.toString();
  }

  private static String sentence(AddingRun.Net net, List<AddingRun> runs) {
    long below = runs.stream().filter(AddingRun::below).count();
    var share = Spread.of(runs, r -> r.last() / r.variance());
    return Numbers.text(
        "%s: %d of %d seeds below 0.01 in at most %,d steps (%s); the error at the end is %s of the"
            + " target's variance. ",
        net.title(), below, runs.size(), net.steps(), steps(runs), share.range("%.2f"));
  }

  /** The step at which each seed came below the bar. */
  static String steps(List<AddingRun> runs) {
    return String.join(
        ", ",
        runs.stream().map(r -> r.below() ? Numbers.text("%,d", r.steps()) : "never").toList());
  }

  /** GRU beside the LSTM of the same length. */
  private String compared() {
    var text = new ArrayList<String>();
    all.forEach(
        (gru, runs) ->
            all.forEach(
                (lstm, others) -> {
                  if (gru.name().equals("GRU")
                      && lstm.name().equals("LSTM")
                      && lstm.length() == gru.length()) {
                    text.add(compared(gru.length(), runs, others));
                  }
                }));
    return String.join(" ", text);
  }

  private static String compared(int length, List<AddingRun> gru, List<AddingRun> lstm) {
    return Numbers.text(
        "At T = %d it took %.2f times the LSTM's steps and has %.2f of its parameters.",
        length,
        Spread.of(gru, AddingRun::steps).mean() / Spread.of(lstm, AddingRun::steps).mean(),
        (double) gru.getFirst().parameters() / lstm.getFirst().parameters());
  }
}
