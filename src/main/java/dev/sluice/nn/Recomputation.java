package dev.sluice.nn;

import dev.sluice.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Work that is done again to go back through it, from the same inputs with the same random numbers:
 * the same bits.
 *
 * @param pass that the work is a part of
 * @param firstCall the number of its first use of random numbers
 * @param read tensors that the work reads
 * @param written tensors that it writes, watched
 * @param made copies of other tensors that it makes, watched
 * @param work in a pass of its own
 */
record Recomputation(
    Pass pass,
    long firstCall,
    List<Tensor> read,
    List<Tensor> written,
    List<Tensor> made,
    Work work) {
  /** What is done twice. */
  @FunctionalInterface
  interface Work {
    /**
     * {@return other tensors that it makes}
     *
     * @param made the copies of those when it is done again, which it may write instead; else null
     */
    List<Tensor> of(Pass pass, List<Tensor> made);
  }

  /**
   * Does work in a pass of its own, keeps only what it writes and makes, and does it again on the
   * way back.
   *
   * @param read tensors that the work reads
   * @param written tensors that the work writes, watched
   * @param work makes other tensors
   * @return copies of what it makes, watched
   */
  static List<Tensor> of(Pass pass, List<Tensor> read, List<Tensor> written, Work work) {
    if (pass.keepsSegments()) {
      return work.of(pass, null);
    }
    long firstCall = pass.calls();
    var made = new ArrayList<Tensor>();
    try (var inner = pass.again(firstCall)) {
      for (var tensor : work.of(inner, null)) {
        made.add(pass.passing(pass.empty(tensor.type(), tensor.shape())));
        pass.copy(tensor, made.getLast());
      }
      pass.calls(inner.calls());
    }
    var again = new Recomputation(pass, firstCall, read, written, made, work);
    pass.record(
        () -> {
          if (Stream.concat(written.stream(), made.stream()).anyMatch(again::arrived)) {
            again.back();
          }
          made.forEach(pass::spent);
        });
    return made;
  }

  private boolean arrived(Tensor output) {
    return pass.arrived(output) != null;
  }

  /** Goes back: gradients have arrived at what the work wrote and made. */
  void back() {
    try (var inner = pass.again(firstCall)) {
      // Views of a tensor share its gradient: what flows into it there has arrived here.
      Stream.concat(read.stream().filter(pass::wants), written.stream())
          .map(Tensor::base)
          .forEach(base -> inner.adjoints().lies(base, pass.gradient(base)));
      var remade = work.of(inner, made);
      for (int i = 0; i < made.size(); i++) {
        var gradient = pass.arrived(made.get(i));
        if (gradient != null && pass.adjoints().passes(made.get(i))) {
          inner.adjoints().receive(remade.get(i), gradient);
        } else if (gradient != null) {
          // The work spends what it has, and this one is watched.
          pass.copy(gradient, inner.gradient(remade.get(i)));
        }
      }
      inner.backward();
    }
  }
}
