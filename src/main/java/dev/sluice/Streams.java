package dev.sluice;

import dev.sluice.spi.Backend;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The streams of one device: who has which, and what comes after what. A thread has one stream at a
 * time, so that its work is in order. For layers, not for users. Thread-safe.
 */
public final class Streams {
  private final Backend backend;
  private final List<Stream> all = new ArrayList<>();
  private final Deque<Stream> idle = new ArrayDeque<>();
  private final Map<Thread, Stream> held = new IdentityHashMap<>();
  private final Set<Stream> published = new LinkedHashSet<>();

  Streams(Backend backend) {
    this.backend = backend;
  }

  /** The calling thread's stream, leased once more; a free one if it has none. */
  synchronized Stream take() {
    var stream = held.get(Thread.currentThread());
    if (stream == null) {
      stream = lend();
      afterPublished(stream);
    }
    stream.lease();
    held.put(Thread.currentThread(), stream);
    return stream;
  }

  /** Gives a lease back, in the thread that took it. */
  synchronized void giveBack(Stream stream) {
    if (stream.release()) {
      held.remove(Thread.currentThread());
      idle.push(stream);
    }
  }

  /**
   * {@return a stream that no pass gets until {@link #takeBack}, for whichever thread leases it}
   */
  public synchronized Stream lend() {
    var stream = idle.poll();
    if (stream == null) {
      stream = backend.openStream();
      all.add(stream);
    }
    return stream;
  }

  /**
   * Takes a stream back.
   *
   * @param stream from {@link #lend}
   */
  public synchronized void takeBack(Stream stream) {
    idle.push(stream);
  }

  /**
   * Says that a stream was given work on memory that other threads read, such as new weights: what
   * threads enqueue that take a stream from now on comes after it.
   *
   * @param stream of this device
   */
  public synchronized void publish(Stream stream) {
    stream.submit();
    published.add(stream);
  }

  /**
   * Orders what a stream gets from now on after what was published.
   *
   * @param stream of this device
   */
  public synchronized void afterPublished(Stream stream) {
    published.forEach(stream::after);
  }

  /**
   * Orders what a stream gets from now on after all that any stream of this device was given so
   * far: for work that writes to memory that other threads read or add to, such as weights.
   *
   * @param stream of this device
   */
  public synchronized void afterAll(Stream stream) {
    all.forEach(stream::after);
  }

  synchronized void synchronize() {
    all.forEach(Stream::synchronize);
  }

  /** What ends each of them. */
  synchronized List<Runnable> ends() {
    return all.stream().<Runnable>map(stream -> stream::close).toList();
  }
}
