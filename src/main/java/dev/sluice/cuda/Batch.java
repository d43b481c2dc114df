package dev.sluice.cuda;

import java.util.ArrayList;
import java.util.List;

/**
 * What one stream is given within {@link #together}: kept until that ends or somebody waits, then
 * handed over at once, and in a graph when the same list has come before. For the thread that holds
 * the stream; others find it empty.
 */
final class Batch {
  private static final int MOST = 20_000;
  private static final int WORTH_A_GRAPH = 3;

  private final Graphs graphs;
  private List<Task> kept = new ArrayList<>();

  /** Who works together; null for nobody. */
  private volatile Thread holder;

  private int depth;
  private boolean handingOver;

  Batch(Graphs graphs) {
    this.graphs = graphs;
  }

  private boolean keeps() {
    return holder == Thread.currentThread() && !handingOver;
  }

  /** Now, or with the rest of what is kept. */
  void give(Task task) {
    if (!keeps()) {
      task.enqueue();
      return;
    }
    kept.add(task);
    if (kept.size() == MOST) {
      submit();
    }
  }

  /** Keeps what is given until the work is done, whatever becomes of it; may be nested. */
  void together(Runnable work) {
    holder = Thread.currentThread();
    depth++;
    var cleanup = new Cleanup();
    try {
      cleanup.run(work);
      if (depth == 1) {
        cleanup.run(this::submit);
      }
    } finally {
      if (--depth == 0) {
        holder = null;
        kept.clear();
      }
    }
    cleanup.done();
  }

  /** Hands over what is kept so far. */
  void submit() {
    if (!keeps() || kept.isEmpty()) {
      return;
    }
    var listing = new Listing(kept);
    kept = new ArrayList<>();
    apart(
        () -> {
          if (listing.tasks().size() < WORTH_A_GRAPH) {
            listing.enqueue();
          } else {
            graphs.run(listing, listing::enqueue);
          }
        });
  }

  /** After what is kept so far, and not kept itself. */
  void apart(Runnable work) {
    submit();
    boolean before = handingOver;
    handingOver = true;
    try {
      work.run();
    } finally {
      handingOver = before;
    }
  }
}
