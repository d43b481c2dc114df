package dev.sluice.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.function.IntSupplier;

/**
 * What was the fastest of several ways, timed when it was first asked and kept in a file, since a
 * run that is repeated has to choose the same to give the same bits. Where the file cannot be kept,
 * the first way is taken. Thread-safe.
 */
final class Choices {
  private final Path file;
  private final Map<Object, Integer> known = new HashMap<>();
  private Properties inFile;
  private FileTime readAt;

  Choices(Path file) {
    this.file = file;
  }

  /**
   * {@return which way}
   *
   * @param key of what there are several ways for; its text is what the file has
   * @param ways how many there are
   * @param fastest times them
   */
  synchronized int of(Object key, int ways, IntSupplier fastest) {
    var before = known.get(key);
    if (before == null) {
      before = ways == 1 ? 0 : fromFile(key, ways, fastest);
      known.put(key, before);
    }
    return Math.min(before, ways - 1);
  }

  private int fromFile(Object key, int ways, IntSupplier fastest) {
    try {
      var before = remembered(read(), key, ways);
      if (before >= 0) {
        return before;
      }
      int choice = fastest.getAsInt();
      var all = read();
      var other = remembered(all, key, ways);
      if (other >= 0) {
        return other;
      }
      all.setProperty(key.toString(), String.valueOf(choice));
      write(all);
      return choice;
    } catch (IOException e) {
      return 0;
    }
  }

  /** What is no number of a way counts as nothing. */
  private static int remembered(Properties all, Object key, int ways) {
    var text = all.getProperty(key.toString(), "");
    int way = text.matches("\\d{1,4}") ? Integer.parseInt(text) : -1;
    return way < ways ? way : -1;
  }

  /** Again only if somebody wrote it since: a run that meets many shapes asks for each. */
  private Properties read() throws IOException {
    if (!Files.exists(file)) {
      return new Properties();
    }
    var written = Files.getLastModifiedTime(file);
    if (!written.equals(readAt)) {
      inFile = load();
      readAt = written;
    }
    return inFile;
  }

  private Properties load() throws IOException {
    var all = new Properties();
    try (var lines = Files.newBufferedReader(file)) {
      all.load(lines);
      return all;
    } catch (IllegalArgumentException e) {
      return new Properties();
    }
  }

  private void write(Properties all) throws IOException {
    Files.createDirectories(file.getParent());
    var fresh = Files.createTempFile(file.getParent(), "choices", ".tmp");
    try {
      try (var out = Files.newBufferedWriter(fresh)) {
        all.store(out, "plans chosen by timing; delete the file to choose anew");
      }
      var written = Files.getLastModifiedTime(fresh);
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      inFile = all;
      readAt = written;
    } finally {
      Files.deleteIfExists(fresh);
    }
  }
}
