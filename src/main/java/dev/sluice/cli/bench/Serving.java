package dev.sluice.cli.bench;

import dev.sluice.Stream;
import dev.sluice.Tensor;
import dev.sluice.nn.Session;

/** One stream of inputs through a session, from array to array, as a service has them. */
final class Serving implements AutoCloseable {
  private final Session session;
  private final float[] from;
  private final float[] to;
  private Stream stream;

  /**
   * @param x [T, N, ...] comes again with each step
   */
  Serving(Cell.Network network, Tensor x) {
    session =
        Session.of(
            network,
            x.type(),
            x.shape(),
            network.states(),
            (pass, in, states) -> {
              stream = pass.stream();
              return network.model().step(pass, in, states);
            });
    from = x.floats();
    to = new float[Math.toIntExact(session.y().shape().elements())];
  }

  void step() {
    session.step(from, to);
  }

  /** The output of the last step: y [T, N, ...], gone with the next one. */
  Tensor y() {
    return session.y();
  }

  /** Begins again from zero states. */
  void reset() {
    session.reset();
  }

  /** Bytes that the engine keeps with the session's stream. */
  long scratchBytes() {
    return stream.scratchBytes();
  }

  @Override
  public void close() {
    session.close();
  }
}
