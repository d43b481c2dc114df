package dev.sluice.cli.verify;

import dev.sluice.nn.Parameter;
import dev.sluice.train.Gradients;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Gradients clipped by the rules {@code norm2}, {@code norminf} and {@code value}: {@code
 * exp.<rule>_<bound>.<tensor>} from all {@code in.<tensor>} together.
 */
final class ClippingRunner implements CaseRunner {
  @Override
  public boolean knows(String key) {
    return key.equals("note");
  }

  @Override
  public void run(Trip trip) {
    var tensors = trip.subject().names("in.").stream().map(name -> name.substring(3)).toList();
    var rules = new TreeSet<String>();
    for (var name : trip.subject().names("exp.")) {
      tensors.stream()
          .filter(tensor -> name.endsWith("." + tensor))
          .forEach(tensor -> rules.add(name.substring(4, name.length() - tensor.length() - 1)));
    }
    rules.forEach(rule -> clip(trip, rule, tensors));
  }

  private static void clip(Trip trip, String rule, List<String> tensors) {
    int cut = rule.lastIndexOf('_');
    var name = rule.substring(0, Math.max(0, cut));
    if (!Set.of("norm2", "norminf", "value").contains(name)) {
      trip.judge().gap("exp." + rule + ": no clipping of that name");
      return;
    }
    var parameters = tensors.stream().map(tensor -> parameter(trip, tensor)).toList();
    double bound = Double.parseDouble(rule.substring(cut + 1));
    switch (name) {
      case "norm2" -> norm(trip, rule, Gradients.clipNorm(parameters, bound));
      case "norminf" -> norm(trip, rule, Gradients.clipMaxNorm(parameters, bound));
      default -> Gradients.clipValue(parameters, bound);
    }
    for (var parameter : parameters) {
      trip.judge().output("exp." + rule + "." + parameter.name(), parameter.gradient().doubles());
    }
  }

  private static void norm(Trip trip, String rule, double norm) {
    trip.judge().expected("total_norm_" + rule, norm);
  }

  private static Parameter parameter(Trip trip, String tensor) {
    var shape = trip.subject().shape("in." + tensor);
    var parameter = new Parameter(tensor, trip.arena().zeros(trip.type(), shape));
    parameter.gradient().set(trip.subject().values("in." + tensor));
    return parameter;
  }
}
