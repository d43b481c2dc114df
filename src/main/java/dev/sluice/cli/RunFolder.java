package dev.sluice.cli;

import dev.sluice.train.Checkpoint;
import dev.sluice.weights.AtomicFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** The folder of one training run, locked for as long as this is open. */
final class RunFolder implements AutoCloseable {
  static final String METRICS = "metrics.json";
  static final String HISTORY = "metrics.jsonl";
  private static final String LOCK = ".lock";
  private static final List<String> FILES =
      List.of(
          METRICS,
          Checkpoint.MANIFEST,
          "checkpoint-a.safetensors",
          "checkpoint-b.safetensors",
          HISTORY,
          ForecastConfig.WEIGHTS,
          ForecastConfig.FILE,
          "prediction.gif",
          "prediction.png",
          "report.html");

  private final Path path;
  private final FileChannel channel;

  private RunFolder(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /**
   * Makes the folder if need be, locks it, and makes sure that files can be written there.
   *
   * @param bytes that the run may write at most
   */
  static RunFolder open(Path path, long bytes) {
    try {
      Files.createDirectories(path);
    } catch (IOException e) {
      throw Failure.io(path, "cannot be made", e);
    }
    var folder = new RunFolder(path, lock(path));
    try {
      folder.probe(bytes);
      return folder;
    } catch (RuntimeException e) {
      folder.close();
      throw e;
    }
  }

  private static FileChannel lock(Path path) {
    try {
      var channel =
          FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = null;
      try {
        lock = channel.tryLock();
      } catch (OverlappingFileLockException e) {
        // Held by this JVM: as good as held by another.
      }
      if (lock == null) {
        channel.close();
        throw new IllegalStateException(
            path + ": another run is writing there; wait for its end, or choose another --out");
      }
      return channel;
    } catch (IOException e) {
      throw Failure.io(path, "cannot be written", e);
    }
  }

  private void probe(long bytes) {
    var probe = path.resolve(".probe");
    AtomicFile.write(probe, new byte[1 << 16]);
    try {
      Files.delete(probe);
      long free = Files.getFileStore(path).getUsableSpace();
      if (free < bytes) {
        throw new IllegalStateException(
            "%s: expected %,d bytes of free space for what the run writes, got %,d"
                .formatted(path, bytes, free));
      }
    } catch (IOException e) {
      throw Failure.io(path, "cannot be written", e);
    }
  }

  /** What a folder holds. */
  enum Content {
    NOTHING,
    STOPPED,
    FINISHED
  }

  static Content content(Path path) {
    if (Files.exists(path.resolve(METRICS))) {
      return Content.FINISHED;
    }
    if (Checkpoint.isIn(path)) {
      return Content.STOPPED;
    }
    // A model put there by hand is worth as much as one of ours.
    return Files.exists(path.resolve(ForecastConfig.WEIGHTS)) ? Content.FINISHED : Content.NOTHING;
  }

  Path path() {
    return path;
  }

  Path file(String name) {
    return path.resolve(name);
  }

  void write(String name, byte[] bytes) {
    AtomicFile.write(file(name), bytes);
  }

  void write(String name, String text) {
    AtomicFile.write(file(name), text);
  }

  /** Deletes the files of an earlier run, and nothing else. */
  void clear() {
    for (String name : FILES) {
      try {
        Files.deleteIfExists(file(name));
      } catch (IOException e) {
        throw Failure.io(file(name), "cannot be deleted", e);
      }
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw Failure.io(path, "cannot be unlocked", e);
    }
  }
}
