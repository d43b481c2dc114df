package dev.sluice.spi;

import dev.sluice.Stream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Plans by what they are for, the latest used ones of them: a model that meets ever other lengths
 * and batches would keep plans for ever. One that was put out is ended when every stream that was
 * held at that time has been let go, since a pass may use its plans as long as it holds its stream.
 * Thread-safe.
 *
 * @param <K> what a plan is for
 * @param <P> a plan
 */
public final class Plans<K, P> implements AutoCloseable {
  /** Plans that are kept. */
  public static final int KEPT = 256;

  private static final class Held<P> {
    final P plan;
    volatile long used;

    Held(P plan) {
      this.plan = plan;
    }
  }

  /**
   * @param turns of the streams that were held when the plan was put out
   */
  private record PutOut<P>(P plan, Map<Stream, Long> turns) {
    boolean mayEnd() {
      return turns.entrySet().stream().noneMatch(t -> t.getKey().turn() == t.getValue());
    }
  }

  private final Supplier<List<Stream>> streams;
  private final Consumer<P> end;
  private final Map<K, Held<P>> plans = new ConcurrentHashMap<>();
  private final Deque<PutOut<P>> putOut = new ArrayDeque<>();
  private volatile long made;
  private volatile long gone;

  /**
   * None yet.
   *
   * @param streams gives all streams that may use plans
   * @param end gives back what a plan holds
   */
  public Plans(Supplier<List<Stream>> streams, Consumer<P> end) {
    this.streams = streams;
    this.end = end;
  }

  /**
   * {@return the plan, good as long as the caller's stream is held}
   *
   * @param key what it is for
   * @param make makes it
   */
  public P of(K key, Function<? super K, ? extends P> make) {
    var held = plans.get(key);
    if (held == null) {
      held = make(key, make);
    }
    // Plans are put out when one is made, so that this counts as a clock.
    held.used = made;
    return held.plan;
  }

  /** {@return a number that is another one once a plan was put out} */
  public long gone() {
    return gone;
  }

  private synchronized Held<P> make(K key, Function<? super K, ? extends P> make) {
    var there = plans.get(key);
    if (there != null) {
      return there;
    }
    endWhatMayEnd();
    var held = new Held<P>(make.apply(key));
    held.used = ++made;
    plans.put(key, held);
    if (plans.size() > KEPT) {
      putOutEldest();
    }
    return held;
  }

  private void putOutEldest() {
    var eldest =
        plans.entrySet().stream()
            .min(Comparator.comparingLong(entry -> entry.getValue().used))
            .orElseThrow();
    plans.remove(eldest.getKey());
    // Before the streams are looked at: whoever holds one and finds this unchanged is among them.
    gone++;
    var turns = new IdentityHashMap<Stream, Long>();
    for (var stream : streams.get()) {
      long turn = stream.turn();
      if (turn >= 0) {
        turns.put(stream, turn);
      }
    }
    putOut.add(new PutOut<>(eldest.getValue().plan, turns));
  }

  private void endWhatMayEnd() {
    for (var each = putOut.iterator(); each.hasNext(); ) {
      var out = each.next();
      if (out.mayEnd()) {
        each.remove();
        end.accept(out.plan);
      }
    }
  }

  /**
   * Goes through the plans that are kept.
   *
   * @param each gets what a plan is for, and the plan
   */
  public void forEach(BiConsumer<? super K, ? super P> each) {
    plans.forEach((key, held) -> each.accept(key, held.plan));
  }

  /** Ends all plans, whatever becomes of the others; the first failure is thrown. */
  @Override
  public synchronized void close() {
    RuntimeException failure = null;
    var all = new ArrayList<P>();
    forEach((key, plan) -> all.add(plan));
    putOut.forEach(out -> all.add(out.plan));
    plans.clear();
    putOut.clear();
    for (var plan : all) {
      try {
        end.accept(plan);
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
