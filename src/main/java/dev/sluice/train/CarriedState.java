package dev.sluice.train;

import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Tensor;
import dev.sluice.nn.Pass;
import dev.sluice.nn.Rnn;

/**
 * The state of a network between the chunks of a long sequence, for truncated backpropagation
 * through time (Williams and Peng 1990): its numbers go on, its gradient does not.
 *
 * <pre>{@code
 * var carried = new CarriedState(rnn, 32, arena);
 * for (var chunk : chunks) {
 *   try (var pass = Pass.training(device)) {
 *     var output = rnn.forward(pass, chunk, null, carried.state());
 *     carried.carry(pass, output);
 *     pass.backward(loss(pass, output.y()));
 *   }
 *   adam.step();
 * }
 * }</pre>
 */
public final class CarriedState {
  // Two, since backward reads the state that a chunk began with after the next one was carried.
  private Rnn.State now;
  private Rnn.State next;

  /**
   * A state of zeros.
   *
   * @param rnn the network
   * @param batch N
   * @param arena where it lives
   */
  public CarriedState(Rnn rnn, int batch, DeviceArena arena) {
    now = zeros(rnn, batch, arena);
    next = zeros(rnn, batch, arena);
  }

  private static Rnn.State zeros(Rnn rnn, int batch, DeviceArena arena) {
    var spec = rnn.spec();
    long strands = (long) spec.layers() * spec.directions();
    return new Rnn.State(
        arena.zeros(spec.type(), Shape.of(strands, batch, spec.output())),
        spec.kind().states() < 2
            ? null
            : arena.zeros(spec.type(), Shape.of(strands, batch, spec.hidden())));
  }

  /** {@return where the next chunk starts; no gradient flows into it} */
  public Rnn.State state() {
    return now;
  }

  /**
   * Goes on from where a chunk ended; before or after its backward.
   *
   * @param pass of the chunk
   * @param output of the chunk
   */
  public void carry(Pass pass, Rnn.Output output) {
    copy(pass, output.h(), next.h());
    if (next.c() != null) {
      copy(pass, output.c(), next.c());
    }
    var before = now;
    now = next;
    next = before;
  }

  private static void copy(Pass pass, Tensor from, Tensor to) {
    if (!from.shape().equals(to.shape())) {
      throw new IllegalArgumentException(
          "carried state: expected " + to.shape() + ", got " + from.shape());
    }
    pass.device().backend().kernel("copy").run(pass.stream(), new double[0], from, to);
  }

  /** Starts again from zeros: another sequence. */
  public void reset() {
    for (var tensor : new Tensor[] {now.h(), now.c()}) {
      if (tensor != null) {
        tensor.set(new double[Math.toIntExact(tensor.shape().elements())]);
      }
    }
  }
}
