package dev.sluice.cpu;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * What a stream was given while somebody records: loops, primitives and what else touches memory,
 * each with the places it works on, so that all of it can be done again without the objects that
 * led there.
 */
final class Tape {
  private List<Runnable> work;
  private final Set<Object> loops = Collections.newSetFromMap(new IdentityHashMap<>());
  private boolean broken;

  /** Whether somebody records, and not what is part of a whole. */
  boolean records() {
    return work != null;
  }

  /** Does a loop's work; one whose object comes again may by then be about something else. */
  void add(Object loop, Runnable whole) {
    broken |= !loops.add(loop);
    add(whole);
  }

  /** Does work; where somebody records, as one whole. */
  void add(Runnable whole) {
    pause(whole);
    if (work != null) {
      work.add(whole);
    }
  }

  /** Does work that is not recorded. */
  void pause(Runnable aside) {
    var open = work;
    work = null;
    try {
      aside.run();
    } finally {
      work = open;
    }
  }

  /** Says that what was recorded so far cannot be done again. */
  void spoil() {
    broken = true;
  }

  /** {@return what the work gave the stream, to be done again; null where that cannot be} */
  Runnable[] record(Runnable all) {
    work = new ArrayList<>();
    broken = false;
    try {
      all.run();
      return broken ? null : work.toArray(Runnable[]::new);
    } finally {
      work = null;
      loops.clear();
    }
  }
}
