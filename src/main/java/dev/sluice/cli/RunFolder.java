package dev.sluice.cli;

import dev.sluice.cli.tasks.FileFailure;
import dev.sluice.cli.tasks.Judgement;
import dev.sluice.cli.tasks.ModelFolder;
import dev.sluice.train.Checkpoint;
import dev.sluice.weights.AtomicFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The folder of one training run, locked for as long as this is open. Closing it leaves neither the
 * lock nor folders that were made for the run and in which nothing was written.
 */
final class RunFolder implements AutoCloseable {
  static final String METRICS = "metrics.json";
  static final String HISTORY = "metrics.jsonl";
  static final String BEST = "best.safetensors";
  static final String REPORT = "report.html";
  private static final String LOCK = ".lock";
  private static final List<String> FILES =
      Stream.concat(
              Stream.of(
                  METRICS,
                  ModelFolder.SEEDS,
                  Checkpoint.MANIFEST,
                  "checkpoint-a.safetensors",
                  "checkpoint-b.safetensors",
                  HISTORY,
                  BEST,
                  ModelFolder.WEIGHTS,
                  ModelFolder.CONFIG,
                  REPORT),
              Judgement.FILES.stream())
          .toList();

  private final Path path;
  private final List<Path> made;
  private final FileChannel channel;

  private RunFolder(Path path, List<Path> made, FileChannel channel) {
    this.path = path;
    this.made = made;
    this.channel = channel;
  }

  /**
   * Makes the folder if need be, locks it, and makes sure that files can be written there.
   *
   * @param bytes that the run may write at most
   */
  static RunFolder open(Path path, long bytes) {
    var made = missing(path);
    RunFolder folder;
    try {
      make(path);
      folder = new RunFolder(path, made, lock(path));
    } catch (RuntimeException e) {
      deleteEmpty(made);
      throw e;
    }
    try {
      folder.probe(bytes);
      return folder;
    } catch (RuntimeException e) {
      folder.close();
      throw e;
    }
  }

  /** The folders that are not there yet, the deepest first. */
  private static List<Path> missing(Path path) {
    var missing = new ArrayList<Path>();
    var folder = path.toAbsolutePath();
    // A link that leads nowhere is there: it is not ours to delete.
    while (folder != null && Files.notExists(folder, LinkOption.NOFOLLOW_LINKS)) {
      missing.add(folder);
      folder = folder.getParent();
    }
    return missing;
  }

  private static void make(Path path) {
    try {
      Files.createDirectories(path);
    } catch (IOException e) {
      throw FileFailure.of(path, "cannot be made", e);
    }
  }

  private static void deleteEmpty(List<Path> folders) {
    for (var folder : folders) {
      try {
        Files.deleteIfExists(folder);
      } catch (IOException e) {
        // Something is in it, so it stays.
        return;
      }
    }
  }

  private static FileChannel lock(Path path) {
    var file = path.resolve(LOCK);
    try {
      while (true) {
        var before = key(file);
        var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (!locked(channel)) {
          channel.close();
          throw new IllegalStateException(
              path + ": another run is writing there; wait for its end, or choose another --out");
        }
        // A run that ended in between has deleted the file, and a third may have locked a new one.
        if (before != null && Objects.equals(before, key(file))) {
          return channel;
        }
        channel.close();
      }
    } catch (IOException e) {
      throw FileFailure.of(path, "cannot be written", e);
    }
  }

  /** What tells the file of that name from another that had it before, or null without one. */
  private static Object key(Path file) throws IOException {
    try {
      var key = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
      return Objects.requireNonNullElse(key, file);
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private static boolean locked(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      // Held by this JVM: as good as held by another.
      return false;
    }
  }

  private void probe(long bytes) {
    var probe = path.resolve(".probe");
    try {
      AtomicFile.write(probe, new byte[1 << 16]);
    } finally {
      delete(probe);
    }
    try {
      long free = Files.getFileStore(path).getUsableSpace();
      if (free < bytes) {
        throw new IllegalStateException(
            "%s: expected %,d bytes of free space for what the run writes, got %,d"
                .formatted(path, bytes, free));
      }
    } catch (IOException e) {
      throw FileFailure.of(path, "cannot be written", e);
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
    if (Checkpoint.isIn(path) || Files.exists(path.resolve(ModelFolder.SEEDS))) {
      return Content.STOPPED;
    }
    // A model put there by hand is worth as much as one of ours.
    return Files.exists(path.resolve(ModelFolder.WEIGHTS)) ? Content.FINISHED : Content.NOTHING;
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

  /** Deletes the files of an earlier run, or of runs of several seeds, and nothing else. */
  void clear() {
    try (var below = Files.newDirectoryStream(path, RunFolder::isOfSeed)) {
      for (var seed : below) {
        FILES.forEach(name -> delete(path.relativize(seed).resolve(name).toString()));
        deleteEmpty(List.of(seed));
      }
    } catch (IOException e) {
      throw FileFailure.of(path, "cannot be read", e);
    }
    FILES.forEach(this::delete);
  }

  private static boolean isOfSeed(Path folder) {
    return folder.getFileName().toString().matches("seed--?\\d+") && Files.isDirectory(folder);
  }

  /** Deletes a file, if it is there. */
  void delete(String name) {
    try {
      Files.deleteIfExists(file(name));
    } catch (IOException e) {
      throw FileFailure.of(file(name), "cannot be deleted", e);
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // It is empty or soon replaced, and in nobody's way.
    }
  }

  @Override
  public void close() {
    // While it is still held: afterwards the file may be another run's.
    delete(path.resolve(LOCK));
    try {
      channel.close();
    } catch (IOException e) {
      throw FileFailure.of(path, "cannot be unlocked", e);
    }
    deleteEmpty(made);
  }
}
