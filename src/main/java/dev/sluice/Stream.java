package dev.sluice;

/**
 * A queue of work on a device, with what belongs to it: native stream, library handles, workspace.
 * Work is enqueued; only {@link #synchronize} and what hands data to Java waits. One thread at a
 * time: a pass leases its stream and gives it back.
 */
public abstract class Stream implements AutoCloseable {
  /** What cannot be done again. */
  protected static final Recording GONE =
      new Recording() {
        @Override
        public boolean holds() {
          return false;
        }

        @Override
        public void again() {
          throw new IllegalStateException("recording: expected one that holds, but it does not");
        }
      };

  private Thread holder;
  private int leases;
  private long turn;

  /** For engines. */
  protected Stream() {}

  /** Waits until everything that was enqueued has ended. */
  public abstract void synchronize();

  /** {@return bytes of memory that the engine keeps with this stream, besides the device's pool} */
  public long scratchBytes() {
    return 0;
  }

  /**
   * Orders what this stream gets from now on after all that another was given so far.
   *
   * @param other of the same device
   */
  public abstract void after(Stream other);

  /**
   * Does work that gives much to this stream; an engine may keep what it is given until the work is
   * done, or somebody waits, and hand it over at once. May be nested.
   *
   * @param work in the thread that holds the stream
   */
  public void together(Runnable work) {
    work.run();
  }

  /** Work that was done and can be done again. */
  public interface Recording {
    /**
     * {@return whether it can be done again, as long as the stream is held; if not, it is to be
     * recorded anew}
     */
    boolean holds();

    /** Does the work again, on the same tensors, in the thread that holds the stream. */
    void again();
  }

  /** {@return whether what is {@link #recorded} now may hold} */
  public boolean records() {
    return false;
  }

  /**
   * Does work and remembers it. An engine may leave out whatever led to the work, when it does it
   * again: the layers, and their objects.
   *
   * @param work on tensors that stay, which gives its all to this stream
   * @return what does the same again
   */
  public Recording recorded(Runnable work) {
    together(work);
    return GONE;
  }

  /**
   * Does work that what is {@link #recorded} leaves out, since what it makes stays.
   *
   * @param work in the thread that holds the stream
   */
  public void aside(Runnable work) {
    work.run();
  }

  /** Hands over what is kept back in {@link #together}. */
  public void submit() {}

  @Override
  public abstract void close();

  /**
   * Takes this stream for the calling thread; may be nested.
   *
   * @throws IllegalStateException if another thread holds it
   */
  public final synchronized void lease() {
    if (leases > 0 && holder != Thread.currentThread()) {
      throw new IllegalStateException(
          "stream: expected one thread at a time, but "
              + holder.getName()
              + " holds it and "
              + Thread.currentThread().getName()
              + " asked for it");
    }
    holder = Thread.currentThread();
    leases++;
  }

  /** {@return whether, with this lease given back, no thread holds the stream any more} */
  public final synchronized boolean release() {
    if (--leases == 0) {
      holder = null;
      turn++;
    }
    return leases == 0;
  }

  /**
   * {@return a number that is another one once the thread that holds the stream has let it go; -1
   * where no thread holds it}
   */
  public final synchronized long turn() {
    return leases > 0 ? turn : -1;
  }
}
