package dev.sluice.cli.verify;

import dev.sluice.Shape;
import dev.sluice.nn.Parameter;
import dev.sluice.train.Adam;
import dev.sluice.train.Optimiser;
import dev.sluice.train.RmsProp;
import dev.sluice.train.Sgd;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Optimisers: {@code exp.<name> [K, n]}, the parameter {@code in.theta0} after each of K steps
 * along {@code in.grads}; its options stand in {@code config.<name>}, as PyTorch calls them.
 */
final class OptimizersRunner implements CaseRunner {
  private static final Set<String> OPTIONS =
      Set.of(
          "lr",
          "momentum",
          "dampening",
          "weight_decay",
          "nesterov",
          "maximize",
          "differentiable",
          "betas",
          "eps",
          "amsgrad",
          "capturable",
          "decoupled_weight_decay",
          "alpha",
          "centered");

  @Override
  public boolean knows(String key) {
    return Set.of("steps", "note").contains(key) || made(key);
  }

  private static boolean made(String name) {
    return name.startsWith("sgd") || name.startsWith("adam") || name.startsWith("rmsprop");
  }

  @Override
  public void run(Trip trip) {
    for (var name : trip.subject().names("exp.")) {
      var config = trip.config().object(name.substring(4));
      if (made(name.substring(4)) && OPTIONS.containsAll(config.keys())) {
        run(trip, name, config);
      } else {
        trip.judge().gap(name + ": no optimiser of that name, or with those options");
      }
    }
  }

  private static void run(Trip trip, String name, Config config) {
    var start = trip.subject().values("in.theta0");
    var gradients = trip.subject().values("in.grads");
    int n = start.length;
    var theta = trip.arena().empty(trip.type(), Shape.of(n)).set(start);
    var parameter = new Parameter("theta", theta);
    var optimiser = optimiser(trip, name.substring(4), config, parameter);
    double sign = config.flag("maximize", false) ? -1 : 1;
    var got = new double[gradients.length];
    for (int at = 0; at < got.length; at += n) {
      var gradient = Arrays.stream(gradients, at, at + n).map(g -> sign * g).toArray();
      parameter.gradient().set(gradient);
      optimiser.step();
      System.arraycopy(theta.doubles(), 0, got, at, n);
    }
    trip.judge().output(name, got);
  }

  private static Optimiser optimiser(Trip trip, String name, Config config, Parameter parameter) {
    var parameters = List.of(parameter);
    double rate = config.number("lr", 1e-3);
    double decay = config.number("weight_decay", 0);
    double momentum = config.number("momentum", 0);
    if (name.startsWith("sgd")) {
      boolean nesterov = config.flag("nesterov", false);
      double dampening = config.number("dampening", 0);
      var options = new Sgd.Options(momentum, dampening, decay, nesterov);
      return new Sgd(parameters, rate, options, trip.arena());
    }
    double epsilon = config.number("eps", 1e-8);
    if (name.startsWith("rmsprop")) {
      double alpha = config.number("alpha", 0.99);
      boolean centred = config.flag("centered", false);
      var options = new RmsProp.Options(alpha, epsilon, false, decay, momentum, centred);
      return new RmsProp(parameters, rate, options, trip.arena());
    }
    var betas = config.has("betas") ? config.numbers("betas") : new double[] {0.9, 0.999};
    boolean apart = config.flag("decoupled_weight_decay", name.startsWith("adamw"));
    var options =
        new Adam.Options(
            betas[0],
            betas[1],
            epsilon,
            apart ? 0 : decay,
            apart ? decay : 0,
            config.flag("amsgrad", false),
            false);
    return new Adam(parameters, rate, options, trip.arena());
  }
}
