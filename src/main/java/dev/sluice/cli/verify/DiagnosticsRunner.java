package dev.sluice.cli.verify;

import dev.sluice.Tensor;
import dev.sluice.nn.Rnn;
import dev.sluice.train.GradientFlow;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The gradient of an Elman network on its way back through time, with a loss of the last state. */
final class DiagnosticsRunner implements CaseRunner {
  @Override
  public boolean knows(String key) {
    return Set.of("B", "T", "I", "H", "activation", "layout", "note").contains(key);
  }

  @Override
  public void run(Trip trip) {
    var config = trip.config();
    config.require("layout", "TBI");
    config.require("activation", "tanh", "relu");
    int input = config.integer("I");
    int hidden = config.integer("H");
    boolean tanh = config.text("activation", "tanh").equals("tanh");
    var rnn =
        (tanh ? Rnn.tanh(input, hidden) : Rnn.relu(input, hidden))
            .bias(trip.subject().has("w.bias_ih_l0"))
            .type(trip.type())
            .build(trip.weights(), trip.arena());
    var x = trip.constant("in.x", Axes.SAME);
    if (!trip.pass().training()) {
      trip.output("hlast", Axes.SAME, rnn.forward(trip.pass(), x).h());
      return;
    }
    var flow = GradientFlow.of(trip.pass(), rnn, x, states -> backward(trip, states));
    var elman = flow.elman().orElseThrow();
    trip.judge().output("exp.dh_norm", flow.state());
    trip.judge().output("exp.dnet_norm", elman.sum());
    trip.judge().output("exp.bound", elman.bound());
    trip.judge().expected("beta_f", elman.slope());
    trip.judge().expected("beta_W", elman.spectral());
  }

  private static void backward(Trip trip, List<Tensor> states) {
    trip.output("hlast", Axes.SAME, states.getLast());
    trip.backward(Map::of);
  }
}
