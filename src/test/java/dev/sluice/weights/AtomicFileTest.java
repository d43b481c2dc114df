package dev.sluice.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
  @TempDir Path folder;

  private List<String> list() throws IOException {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void writesAndReplaces() throws IOException {
    Path file = folder.resolve("a.txt");
    AtomicFile.write(file, "one");
    assertEquals("one", Files.readString(file));
    AtomicFile.write(file, new byte[] {'t', 'w', 'o'});
    assertEquals("two", Files.readString(file));
    AtomicFile.write(file, "\u00e9");
    assertArrayEquals(new byte[] {(byte) 0xc3, (byte) 0xa9}, Files.readAllBytes(file));
    assertEquals(List.of("a.txt"), list());
  }

  @Test
  void hasThePermissionsOfAnyOtherFile() throws IOException {
    Path other = Files.createFile(folder.resolve("other"));
    Path file = folder.resolve("a");
    AtomicFile.write(file, "x");
    assertEquals(Files.getPosixFilePermissions(other), Files.getPosixFilePermissions(file));
  }

  @Test
  void aFullDiskLeavesTheOldFile() throws IOException {
    assumeTrue(Files.exists(Path.of("/dev/full")));
    Path file = folder.resolve("model");
    AtomicFile.write(file, "old");
    var e =
        assertThrows(
            UncheckedIOException.class,
            () ->
                AtomicFile.write(
                    file,
                    out -> {
                      out.write(new byte[100_000]);
                      try (var full = new FileOutputStream("/dev/full")) {
                        full.write(1);
                      }
                    }));
    assertEquals(file + ": cannot be written: No space left on device", e.getMessage());
    assertEquals("old", Files.readString(file));
    assertEquals(List.of("model"), list());
  }

  @Test
  void anyOtherFailureLeavesTheOldFileAndPassesThrough() throws IOException {
    Path file = folder.resolve("model");
    AtomicFile.write(file, "old");
    for (var failure : List.of(new IllegalStateException("stop"), new StackOverflowError())) {
      var e =
          assertThrows(
              failure.getClass(),
              () ->
                  AtomicFile.write(
                      file,
                      out -> {
                        out.write(1);
                        if (failure instanceof Error error) {
                          throw error;
                        }
                        throw (RuntimeException) failure;
                      }));
      assertSame(failure, e);
      assertEquals("old", Files.readString(file));
      assertEquals(List.of("model"), list());
    }
  }

  @Test
  void aFolderInPlaceOfTheTargetStays() throws IOException {
    Path target = Files.createDirectory(folder.resolve("model"));
    var e = assertThrows(UncheckedIOException.class, () -> AtomicFile.write(target, "x"));
    assertTrue(e.getMessage().startsWith(target + ": cannot be written: "), e.getMessage());
    assertTrue(Files.isDirectory(target));
    assertEquals(List.of("model"), list());
  }

  @Test
  void aMissingFolderIsNamed() {
    Path file = folder.resolve("no/model");
    var e = assertThrows(UncheckedIOException.class, () -> AtomicFile.write(file, "x"));
    assertEquals(file + ": cannot be written: no such folder", e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> AtomicFile.write(Path.of("/"), "x"));
  }

  @Test
  void aFileInPlaceOfTheFolderIsRefused() throws IOException {
    Path file = Files.createFile(folder.resolve("a")).resolve("b");
    var e = assertThrows(UncheckedIOException.class, () -> AtomicFile.write(file, "x"));
    assertTrue(e.getMessage().startsWith(file + ": cannot be written: "), e.getMessage());
  }

  @Test
  void anInterruptedThreadStillWrites() throws IOException {
    Path file = folder.resolve("checkpoint");
    Thread.currentThread().interrupt();
    AtomicFile.write(file, "saved");
    assertTrue(Thread.interrupted(), "stays interrupted");
    assertEquals("saved", Files.readString(file));
  }

  @Test
  void aReaderNeverSeesHalfAFile() throws Exception {
    Path file = folder.resolve("a");
    var bytes = new byte[1 << 18];
    AtomicFile.write(file, bytes);
    var done = new AtomicBoolean();
    var writer =
        Thread.ofPlatform()
            .start(
                () -> {
                  for (byte i = 1; i <= 50; i++) {
                    Arrays.fill(bytes, i);
                    AtomicFile.write(file, bytes);
                  }
                  done.set(true);
                });
    while (writer.isAlive()) {
      byte[] seen = Files.readAllBytes(file);
      var whole = new byte[bytes.length];
      Arrays.fill(whole, seen[0]);
      assertArrayEquals(whole, seen);
    }
    assertTrue(done.get());
  }
}
