package dev.sluice.cpu;

import dev.sluice.SluiceException;
import dev.sluice.bindings.gomp.Gomp_h;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Runs Java loops on the very OpenMP threads that oneDNN uses. A second pool would fight with them:
 * OpenMP's threads spin between regions, and on two cores a Java thread would find no core free.
 */
final class Team implements AutoCloseable {
  /** Work on the items from (inclusive) to (exclusive). */
  @FunctionalInterface
  interface Chunk {
    void run(int from, int to);
  }

  /** Elements of a part of a long row. */
  private static final int PART = 1024;

  private static final MethodHandle ENTRY;

  static {
    try {
      ENTRY =
          MethodHandles.lookup()
              .findVirtual(Team.class, "enter", MethodType.methodType(void.class, long.class));
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final int threads;
  private final Tape tape;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment stub;
  private final AtomicInteger ticket = new AtomicInteger();
  private final Rows rows = new Rows();
  private Chunk work;
  private Thread caller;
  private int items;
  private int chunks;
  private volatile Throwable failure;

  /**
   * @param tape remembers what is run
   */
  Team(int threads, Tape tape) {
    this.threads = threads;
    this.tape = tape;
    this.stub =
        Linker.nativeLinker()
            .upcallStub(
                ENTRY.bindTo(this), FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG), arena);
  }

  /** Makes the calling thread's OpenMP regions, oneDNN's included, use this many threads. */
  void bind() {
    Gomp_h.omp_set_num_threads(threads);
  }

  /**
   * Runs all items, in as many chunks as there are threads; the borders depend on the number of
   * threads alone, so sums by chunk are the same in every run.
   *
   * @param count of the items
   * @param grain items below which a thread more is not worth while
   */
  void run(int count, int grain, Chunk chunk) {
    if (tape.records()) {
      tape.add(chunk, () -> run(count, grain, chunk));
      return;
    }
    int wanted = wanted(count, grain);
    if (wanted <= 1) {
      chunk.run(0, count);
      return;
    }
    work = chunk;
    items = count;
    chunks = wanted;
    failure = null;
    caller = Thread.currentThread();
    ticket.set(1);
    Gomp_h.GOMP_parallel(stub, MemorySegment.NULL, wanted, 0);
    work = null;
    caller = null;
    if (failure instanceof SluiceException e) {
      throw e;
    }
    if (failure != null) {
      throw new IllegalStateException("a parallel loop failed: " + failure, failure);
    }
  }

  private int wanted(int count, int grain) {
    return Math.min(threads, Math.max(1, count / Math.max(grain, 1)));
  }

  /** Work on elements from (inclusive) to (exclusive) of the rows row (inclusive) to end. */
  @FunctionalInterface
  interface RowPart {
    void run(int row, int end, int from, int to);
  }

  /**
   * Runs all rows of some length; long rows are cut into parts, so that all threads work and what a
   * part's loops read stays in the first cache.
   */
  void rows(int count, int length, RowPart work) {
    if (tape.records()) {
      tape.add(work, () -> rows(count, length, work));
      return;
    }
    int shares = count >= 2 * threads || length < 1024 ? 1 : 2 * threads;
    int parts = Math.max(shares, length / PART);
    int grain = Math.max(1, 2048 * parts / length);
    rows.work = work;
    rows.length = length;
    rows.parts = parts;
    run(count * parts, grain, rows);
  }

  /** Parts of rows as items; one object does for all loops. */
  private static final class Rows implements Chunk {
    RowPart work;
    int length;
    int parts;

    @Override
    public void run(int from, int to) {
      if (parts == 1) {
        work.run(from, to, 0, length);
        return;
      }
      int row = from / parts;
      int part = from % parts;
      for (int item = from; item < to; item++) {
        work.run(row, row + 1, cut(length, part, parts), cut(length, part + 1, parts));
        if (++part == parts) {
          part = 0;
          row++;
        }
      }
    }
  }

  /** Where a part begins: at a multiple of 64 elements, so that vectors stay whole. */
  private static int cut(int length, int part, int parts) {
    return part == parts ? length : part == 0 ? 0 : (int) ((long) length * part / parts) / 64 * 64;
  }

  /**
   * Called by OpenMP on each thread; an exception that left an upcall would end the JVM. The caller
   * always gets the first chunk, so that a loop that is run again finds its data in the same cache.
   *
   * @param data an address that says nothing; as a segment it would be an object a call
   */
  @SuppressWarnings("unused")
  private void enter(long data) {
    try {
      int mine = Thread.currentThread() == caller ? 0 : ticket.getAndIncrement();
      for (; mine < chunks; mine = ticket.getAndIncrement()) {
        work.run((int) ((long) items * mine / chunks), (int) ((long) items * (mine + 1) / chunks));
      }
    } catch (Throwable t) {
      failure = t;
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
