package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Shape;
import dev.sluice.Stream;
import dev.sluice.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Work of a layer that comes again in every training pass, from the same places to the same places
 * once a loop is steady. Where the engine can, it is then done again, forward and back, without the
 * objects that led to it: what the first pass recorded, in the memory that it had. Bits are those
 * of the work itself, which is done wherever something lies elsewhere.
 */
final class Repeated {
  /** Rounds that are remembered: of batches or sequences of different sizes, say. */
  private static final int KEPT = 4;

  /** Passes before one is of use, forward and back, else it is not tried again. */
  private static final int PATIENCE = 16;

  /** Work on tensors that it is given; it reads and writes no others of a pass. */
  @FunctionalInterface
  interface Work {
    /**
     * Does it.
     *
     * @param pass holds what is computed
     * @param read what it reads; null for what is not there
     * @param written what it writes, watched
     * @return other tensors that it makes, whole ones
     */
    List<Tensor> of(Pass pass, List<Tensor> read, List<Tensor> written);
  }

  private final List<Round> rounds = new ArrayList<>();
  private int vain;

  /**
   * Does the work, or does it again.
   *
   * @param read tensors of the pass, or null
   * @param written watched
   * @return what the work makes, watched
   */
  List<Tensor> of(Pass pass, List<Tensor> read, List<Tensor> written, Work work) {
    if (!pass.mayRepeat() || vain() > PATIENCE) {
      return work.of(pass, read, written);
    }
    var round = again(pass, read, written);
    boolean again = round != null;
    if (round == null) {
      round = new Round(pass, places(pass, read, written));
      pass.part(round);
      round.forward(pass, read, written, work);
    }
    return hand(pass, round, again, read, written, work);
  }

  private List<Tensor> hand(
      Pass pass, Round round, boolean again, List<Tensor> read, List<Tensor> written, Work work) {
    var made = new ArrayList<Tensor>();
    for (var tensor : round.made) {
      made.add(pass.passing(pass.empty(tensor.type(), tensor.shape())));
      pass.copy(tensor, made.getLast());
    }
    pass.record(
        () -> {
          requireOpen(read);
          if (arrived(pass, written) || arrived(pass, made)) {
            var owed = owed(pass, read, written, made);
            if (!again) {
              round.back(pass, read, written, owed);
              if (round.holds()) {
                keep(round);
              }
            } else if (round.backAgain(pass, owed)) {
              served();
            } else {
              drop(round);
              new Recomputation(
                      pass, 0, read, written, made, (inner, _) -> work.of(inner, read, written))
                  .back();
            }
          }
          made.forEach(pass::spent);
        });
    return made;
  }

  /** The round's own names for them stay open. */
  private static void requireOpen(List<Tensor> read) {
    for (var tensor : read) {
      if (tensor != null) {
        tensor.address();
      }
    }
  }

  private static boolean arrived(Pass pass, List<Tensor> outputs) {
    for (var output : outputs) {
      if (pass.arrived(output) != null) {
        return true;
      }
    }
    return false;
  }

  /** The gradients of what is read, null where none is wanted; those that arrived elsewhere. */
  private static List<Tensor> owed(
      Pass pass, List<Tensor> read, List<Tensor> written, List<Tensor> made) {
    var all = new ArrayList<Tensor>();
    read.forEach(tensor -> all.add(pass.gradientOrNull(tensor)));
    written.forEach(tensor -> all.add(pass.arrived(tensor)));
    made.forEach(tensor -> all.add(pass.arrived(tensor)));
    return all;
  }

  /** Where a tensor lies, and whether its gradient is wanted; nowhere for null. */
  private record Place(MemorySegment memory, Shape shape, DType type, boolean wanted) {
    static Place of(Tensor tensor, boolean wanted) {
      return tensor == null
          ? new Place(null, null, null, false)
          : new Place(tensor.memory(), tensor.shape(), tensor.type(), wanted);
    }

    /** Memory that was freed may have gone to somebody else since. */
    boolean holds(Tensor tensor, boolean wants) {
      if (memory == null || tensor == null) {
        return memory == null && tensor == null;
      }
      return wanted == wants
          && memory.scope().isAlive()
          && memory.address() == tensor.address()
          && type == tensor.type()
          && shape.equals(tensor.shape());
    }
  }

  private static List<Place> places(Pass pass, List<Tensor> read, List<Tensor> written) {
    var all = new ArrayList<Place>();
    read.forEach(tensor -> all.add(Place.of(tensor, pass.wants(tensor))));
    written.forEach(tensor -> all.add(Place.of(tensor, true)));
    return all;
  }

  private static boolean hold(List<Place> places, int from, List<Tensor> tensors, Pass pass) {
    for (int i = 0; i < tensors.size(); i++) {
      var tensor = tensors.get(i);
      if (!places.get(from + i).holds(tensor, pass.wants(tensor))) {
        return false;
      }
    }
    return true;
  }

  private synchronized int vain() {
    return vain;
  }

  private Round again(Pass pass, List<Tensor> read, List<Tensor> written) {
    for (var round : rounds()) {
      if (round.fits(pass, read, written) && round.forwardAgain(pass)) {
        pass.part(round);
        keep(round);
        return round;
      }
    }
    return null;
  }

  private synchronized List<Round> rounds() {
    vain++;
    return List.copyOf(rounds);
  }

  private synchronized void served() {
    vain = 0;
  }

  /** As the first of them. */
  private synchronized void keep(Round round) {
    rounds.remove(round);
    rounds.addFirst(round);
    if (rounds.size() > KEPT) {
      rounds.removeLast();
    }
  }

  private synchronized void drop(Round round) {
    rounds.remove(round);
  }

  /** What one pass recorded, in memory of its own, which others may have between passes. */
  static final class Round {
    private record Asked(Function<Pass, Tensor> question, Place answer) {
      boolean again(Pass pass) {
        return answer.holds(question.apply(pass), true);
      }
    }

    private final Stream stream;
    private final DeviceArena arena;
    private final List<Place> places;
    private final Map<Object, Asked> forwardAsks = new LinkedHashMap<>();
    private final Map<Object, Asked> backAsks = new LinkedHashMap<>();
    private Pass inner;
    private List<Tensor> read;
    private List<Tensor> written;
    private List<Tensor> made;
    private List<Place> owed;
    private Stream.Recording forward;
    private Stream.Recording back;
    private boolean once;

    private Round(Pass pass, List<Place> places) {
      this.stream = pass.stream();
      this.arena = pass.device().arena("a layer's part of a pass", stream);
      this.places = places;
    }

    DeviceArena arena() {
      return arena;
    }

    /** Ends the round in this pass. */
    void end() {
      arena.close();
    }

    /** The answer of the pass to what depends on it, asked again whenever this is done again. */
    Tensor ask(Object key, Pass outer, Function<Pass, Tensor> question) {
      var answer = new Tensor[1];
      stream.aside(() -> answer[0] = question.apply(outer));
      var asks = forward == null ? forwardAsks : backAsks;
      asks.putIfAbsent(key, new Asked(question, Place.of(answer[0], true)));
      return arena.alias(answer[0]);
    }

    /** Says that the work is another one each time. */
    void once() {
      once = true;
    }

    private void forward(Pass pass, List<Tensor> from, List<Tensor> to, Work work) {
      inner = new Pass(pass, this);
      read = aliases(from);
      written = aliases(to);
      for (int i = 0; i < places.size(); i++) {
        if (places.get(i).wanted) {
          inner.watch(i < read.size() ? read.get(i) : written.get(i - read.size()));
        }
      }
      forward = stream.recorded(() -> made = work.of(inner, read, written));
    }

    private List<Tensor> aliases(List<Tensor> tensors) {
      var all = new ArrayList<Tensor>();
      tensors.forEach(tensor -> all.add(tensor == null ? null : arena.alias(tensor)));
      return all;
    }

    /** The way back, for the first time. */
    private void back(Pass pass, List<Tensor> from, List<Tensor> to, List<Tensor> gradients) {
      var all = aliases(gradients);
      owed = new ArrayList<>();
      gradients.forEach(gradient -> owed.add(Place.of(gradient, pass.wants(gradient))));
      for (int i = 0; i < all.size(); i++) {
        var gradient = all.get(i);
        if (gradient != null && i < places.size()) {
          inner
              .adjoints()
              .lies(
                  (i < read.size() ? read.get(i) : written.get(i - read.size())).base(), gradient);
        }
      }
      back =
          stream.recorded(
              () -> {
                for (int i = 0; i < made.size(); i++) {
                  var gradient = all.get(places.size() + i);
                  if (gradient != null) {
                    // Not the gradient itself: the work spends what it has, and it may be watched.
                    inner.copy(gradient, inner.gradient(made.get(i)));
                  }
                }
                inner.backward();
              });
      inner = null;
    }

    private boolean holds() {
      return !once && forward.holds() && back.holds();
    }

    private boolean fits(Pass pass, List<Tensor> from, List<Tensor> to) {
      return stream == pass.stream()
          && places.size() == from.size() + to.size()
          && hold(places, 0, from, pass)
          && hold(places, from.size(), to, pass)
          && holds();
    }

    private boolean forwardAgain(Pass pass) {
      if (!arena.reopen()) {
        return false;
      }
      boolean done = false;
      try {
        if (answered(pass, forwardAsks)) {
          forward.again();
          done = true;
        }
      } finally {
        if (!done) {
          arena.close();
        }
      }
      return done;
    }

    private static boolean answered(Pass pass, Map<Object, Asked> asks) {
      boolean all = true;
      for (var ask : asks.values()) {
        all &= ask.again(pass);
      }
      return all;
    }

    private boolean backAgain(Pass pass, List<Tensor> gradients) {
      if (!holds() || !hold(owed, 0, gradients, pass) || !answered(pass, backAsks)) {
        return false;
      }
      back.again();
      return true;
    }
  }
}
