package dev.sluice.cli.verify;

import dev.sluice.Tensor;
import dev.sluice.nn.Rnn;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * An LSTM over a sequence cut into chunks, the state carried from one to the next; with {@code
 * detach} no gradient flows from a chunk into the one before.
 */
final class TbpttRunner implements CaseRunner {
  @Override
  public boolean knows(String key) {
    return Set.of("B", "T", "I", "H", "chunk", "detach", "note").contains(key);
  }

  @Override
  public void run(Trip trip) {
    var config = trip.config();
    var rnn =
        Rnn.lstm(config.integer("I"), config.integer("H"))
            .type(trip.type())
            .build(trip.weights(), trip.arena());
    var x = trip.input("x", Axes.SAME);
    int steps = x.shape().size(0);
    var h0 = trip.input("h0", Axes.SAME);
    var c0 = trip.input("c0", Axes.SAME);
    var state = h0 == null && c0 == null ? null : new Rnn.State(h0, c0);
    var y = new ArrayList<Tensor>();
    Rnn.Output output = null;
    for (int t = 0; t < steps; t += config.integer("chunk")) {
      var chunk = x.slice(t, Math.min(steps, t + config.integer("chunk")));
      output = rnn.forward(trip.pass(), chunk, null, state);
      y.add(output.y());
      boolean detach = config.flag("detach", true);
      state =
          detach
              ? new Rnn.State(copy(trip, output.h()), copy(trip, output.c()))
              : new Rnn.State(output.h(), output.c());
    }
    trip.output("y", Axes.SAME, y.toArray(Tensor[]::new));
    trip.output("hn", Axes.SAME, output.h());
    trip.output("cn", Axes.SAME, output.c());
    trip.backward(List.of(rnn));
  }

  /** The same numbers in a tensor that no gradient flows into. */
  private static Tensor copy(Trip trip, Tensor state) {
    return trip.tensor(state.shape(), state.doubles());
  }
}
