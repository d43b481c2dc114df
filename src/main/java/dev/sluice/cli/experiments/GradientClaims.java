package dev.sluice.cli.experiments;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the tutorials say of gradients, beside what was measured.
 *
 * @param steps T
 * @param start flows before training, by network
 * @param begun the same of other initialisations
 * @param gated the same of LSTMs
 * @param after flows after training, by network
 * @param errors test errors after training, by network
 */
record GradientClaims(
    int steps,
    Map<String, List<Flow>> start,
    Map<String, List<Flow>> begun,
    Map<String, List<Flow>> gated,
    Map<String, List<Flow>> after,
    Map<String, Spread> errors) {

  List<List<String>> rows(List<ClippingRun> clipped) {
    return List.of(
        List.of(
            "|delta_k| <= |delta_t| (beta_f beta_W)^(t-k); the product must be very near 1, below 1"
                + " the gradient vanishes (004, which has delta_k on both sides by a slip).",
            bound()),
        List.of(
            "The derivative of tanh lies between 0 and 1, so that a long product of it comes to 0"
                + " (002); with tanh or ReLU an RNN cannot handle sequences that are too long"
                + " (000).",
            before(start, "RNN tanh", "RNN ReLU", "IRNN")),
        List.of(
            "A better initialisation and ReLU are remedies (002).",
            before(begun, begun.keySet().toArray(String[]::new))
                + " ReLU alone is none: "
                + relu()),
        List.of(
            "LSTM was made against vanishing and exploding gradients (000, 001, 002, 004), GRU"
                + " against vanishing ones (001, 003).",
            gates()),
        List.of(
            "LSTM's c changes slowly, its forget gate decides how much of it is kept (001, 004).",
            forget()),
        List.of("Exploding gradients are named (000, 002); clipping is not.", clipping(clipped)));
  }

  private String bound() {
    var all = Stream.of(start, begun).flatMap(m -> m.values().stream()).flatMap(List::stream);
    var nearest =
        new Spread(
            all.filter(f -> Double.isFinite(f.factor()))
                .mapToDouble(Flow::nearestToBound)
                .toArray());
    var tanh = start.get("RNN tanh");
    return Numbers.text(
        "%s: at most %s of the bound in %d measurements. But it is far from tight: for RNN tanh it"
            + " lets the gradient grow %s times a step, and what was measured is %s times a step. A"
            + " product above 1 permits explosion and promises nothing.",
        nearest.greatest() <= 1 + 1e-9 ? "It holds at every step" : "It does not hold",
        Numbers.short3(nearest.greatest()),
        nearest.values().length,
        Spread.of(tanh, Flow::factor).text("%.2f"),
        Spread.of(tanh, Flow::perStep).text("%.2f"));
  }

  private String before(Map<String, List<Flow>> flows, String... names) {
    return Numbers.text(
        "After %d steps back is left of dL/dh: %s.",
        steps - 1,
        String.join(
            "; ", Stream.of(names).map(name -> name + ": " + left(flows.get(name))).toList()));
  }

  private static String left(List<Flow> flows) {
    return Numbers.short3(share(flows));
  }

  private static double share(List<Flow> flows) {
    return Spread.of(flows, Flow::first).geometricMean();
  }

  private String relu() {
    return Numbers.text(
        "from the weights of PyTorch it keeps %s where tanh keeps %s.",
        left(start.get("RNN ReLU")), left(start.get("RNN tanh")));
  }

  private String gates() {
    var trained = new ArrayList<String>();
    after.forEach(
        (name, flows) ->
            trained.add(
                Numbers.text(
                    "%s: %s (test error %s)", name, left(flows), errors.get(name).text("%.4f"))));
    boolean learned = share(start.get("GRU")) < 1e-3 && share(after.get("GRU")) > 1e-2;
    return Numbers.text(
        "Untrained, of dL/dh is left: LSTM: %s; GRU: %s; RNN tanh: %s. After training on the adding"
            + " problem: %s.%s",
        left(start.get("LSTM")),
        left(start.get("GRU")),
        left(start.get("RNN tanh")),
        String.join("; ", trained),
        learned
            ? " So gates do not carry the gradient from the start: they can be trained to."
            : "");
  }

  private String forget() {
    return Numbers.text(
        "Mean forget gate, and what is left of dL/dh: %s.",
        gated.entrySet().stream()
            .map(
                e ->
                    Numbers.text(
                        "%s: %s, %s",
                        e.getKey(),
                        Spread.of(e.getValue(), Flow::forget).text("%.2f"),
                        left(e.getValue())))
            .collect(Collectors.joining("; ")));
  }

  private static String clipping(List<ClippingRun> runs) {
    return Numbers.text(
        "IRNN by gradient descent: %s. Clipping bounds the step; it multiplies the whole gradient"
            + " by one number and so revives nothing that has vanished.",
        runs.stream()
            .map(
                run ->
                    Numbers.text(
                        "%s: norms of up to %s, steps of up to %s, %d of %d seeds broke down",
                        ClippingRun.label(run.clip()),
                        Numbers.short3(run.largest().greatest()),
                        Numbers.short3(
                            ClippingRun.RATE * Math.min(run.largest().greatest(), run.clip())),
                        run.broken(),
                        run.norms().size()))
            .collect(Collectors.joining("; ")));
  }
}
