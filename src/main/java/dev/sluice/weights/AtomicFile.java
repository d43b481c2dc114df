package dev.sluice.weights;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Writes a file whole or not at all, and so that it survives a power cut.
 *
 * <p>The bytes go to a temporary file in the same folder, which is forced to the disk and renamed
 * over the target; then the folder is forced. If anything fails before the rename, the temporary
 * file is deleted and the old file stays as it was. An interrupted thread writes its file all the
 * same and stays interrupted. A target that is a symbolic link is replaced by the file.
 */
public final class AtomicFile {
  private AtomicFile() {}

  /** What a file will hold. */
  @FunctionalInterface
  public interface Content {
    /**
     * Writes everything.
     *
     * @param out unbuffered: write in large pieces; need not be closed
     * @throws IOException if that fails; the target then stays as it was
     */
    void writeTo(OutputStream out) throws IOException;
  }

  /**
   * Writes bytes.
   *
   * @param target the file; its folder must be there
   * @param bytes all of the file
   * @throws UncheckedIOException naming the file and what failed
   */
  public static void write(Path target, byte[] bytes) {
    write(target, out -> out.write(bytes));
  }

  /**
   * Writes text as UTF-8.
   *
   * @param target the file; its folder must be there
   * @param text all of the file
   * @throws UncheckedIOException naming the file and what failed
   */
  public static void write(Path target, String text) {
    write(target, text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Writes what a caller streams.
   *
   * @param target the file; its folder must be there
   * @param content called once; what it throws other than IOException passes through
   * @throws UncheckedIOException naming the file and what failed
   */
  public static void write(Path target, Content content) {
    Path folder = target.toAbsolutePath().getParent();
    if (folder == null) {
      throw new IllegalArgumentException(target + ": expected a file, got the root folder");
    }
    try {
      replace(target, folder, content);
      sync(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(
          target + ": cannot be written: " + reason(e, "no such folder"), e);
    }
  }

  private static void replace(Path target, Path folder, Content content) throws IOException {
    // Not createTempFile, whose files nobody else may read.
    String random = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    Path temporary = Files.createFile(folder.resolve(".sluice-" + random + ".tmp"));
    try {
      // Not a channel, which an interrupt would close in the middle of a checkpoint.
      try (var out = new FileOutputStream(temporary.toFile())) {
        content.writeTo(out);
        out.getFD().sync();
      }
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** Makes the rename durable; Windows has no such call and needs none. */
  private static void sync(Path folder) throws IOException {
    boolean interrupted = false;
    try {
      for (boolean done = System.getProperty("os.name").startsWith("Windows"); !done; ) {
        interrupted |= Thread.interrupted();
        try (var channel = FileChannel.open(folder, StandardOpenOption.READ)) {
          channel.force(true);
          done = true;
        } catch (ClosedByInterruptException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  static UncheckedIOException unreadable(Path file, IOException e) {
    return new UncheckedIOException(file + ": " + reason(e, "no such file"), e);
  }

  private static String reason(IOException e, String missing) {
    return switch (e) {
      case NoSuchFileException _ -> missing;
      case AccessDeniedException _ -> "permission denied";
      case FileSystemException f when f.getReason() != null -> f.getReason();
      default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    };
  }
}
