package dev.sluice.cuda;

import dev.sluice.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where many tensors lie and how long they are, in device memory, for kernels that take all of them
 * in one launch (tables.cuh). A table of the same tensors is written once and found again.
 */
final class Tables implements AutoCloseable {
  private static final int TENSORS = 5;
  private static final long CHUNK = 2048;
  private static final int MOST = 64;

  private final CudaStream stream;
  private final Map<List<Long>, Long> written = new HashMap<>();

  Tables(CudaStream stream) {
    this.stream = stream;
  }

  /**
   * A table.
   *
   * @param address of it on the device
   * @param rows sets of tensors in it
   * @param chunks of elements that blocks take
   */
  record Table(long address, int rows, long chunks) {}

  /**
   * {@return the table of sets of tensors of one length each, the first tensor's}
   *
   * @param sets at most five tensors each, null for those that are left out; empty tensors have no
   *     row
   */
  Table of(List<Tensor[]> sets) {
    var entries = new ArrayList<Long>();
    long chunks = 0;
    for (var set : sets) {
      long count = Family.count(set[0]);
      if (count > 0) {
        for (int i = 0; i < TENSORS; i++) {
          entries.add(i < set.length ? stream.address(set[i]) : 0L);
        }
        entries.add(count);
        entries.add(chunks);
        chunks += (count + CHUNK - 1) / CHUNK;
      }
    }
    int rows = entries.size() / (TENSORS + 2);
    return new Table(rows == 0 ? 0 : address(entries), rows, chunks);
  }

  private long address(List<Long> entries) {
    var known = written.get(entries);
    if (known != null) {
      return known;
    }
    if (written.size() == MOST) {
      close();
    }
    long bytes = 8L * entries.size();
    long at = stream.backend().allocateOwn(bytes);
    written.put(entries, at);
    try (var arena = Arena.ofConfined()) {
      var values = entries.stream().mapToLong(Long::longValue).toArray();
      stream.upload(arena.allocateFrom(ValueLayout.JAVA_LONG, values), at, bytes);
    } catch (RuntimeException e) {
      written.remove(entries);
      stream.backend().free(MemorySegment.ofAddress(at));
      throw e;
    }
    return at;
  }

  /** Waits until no kernel reads a table, then gives all back. */
  @Override
  public void close() {
    if (written.isEmpty() || stream.backend().driver().lost() != null) {
      return;
    }
    var cleanup = new Cleanup();
    cleanup.run(stream::synchronize);
    var driver = stream.backend().driver();
    written.values().forEach(address -> cleanup.run(() -> driver.free(address)));
    written.clear();
    cleanup.done();
  }
}
