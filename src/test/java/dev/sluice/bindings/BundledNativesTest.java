package dev.sluice.bindings;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.bindings.BundledNatives.Piece;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundledNativesTest {
  private static final int BYTES = 5_000_000;

  @TempDir Path folder;
  private Path jar;
  private Path cache;
  private byte[] content;
  private String sha256;

  @BeforeEach
  void pack() throws Exception {
    jar = Files.createDirectories(folder.resolve("jar"));
    cache = folder.resolve("below/cache");
    content = new byte[BYTES];
    new Random(7).nextBytes(content);
    sha256 = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    Files.write(Files.createDirectories(jar.resolve("lib")).resolve("libfake.so"), content);
  }

  @Test
  void unpacksIntoFoldersThatAreTheUsersAlone() throws IOException {
    Path file = bundle().unpack();
    assertEquals(bundle().library(), file);
    assertArrayEquals(content, Files.readAllBytes(file));
    for (Path made = file.getParent(); !made.equals(cache.getParent()); made = made.getParent()) {
      String permissions = PosixFilePermissions.toString(Files.getPosixFilePermissions(made));
      assertEquals("rwx------", permissions, made.toString());
    }
    assertEquals(List.of("libfake.so"), files());
  }

  @Test
  void anIntactFileIsLeftAlone() throws IOException {
    Object first = Files.getAttribute(bundle().unpack(), "unix:ino");
    assertEquals(first, Files.getAttribute(bundle().unpack(), "unix:ino"));
  }

  @Test
  void aDamagedFileIsUnpackedAnew() throws IOException {
    Path file = bundle().unpack();
    byte[] damaged = content.clone();
    damaged[BYTES / 2] ^= 1;
    Files.write(file, damaged);
    bundle().unpack();
    assertArrayEquals(content, Files.readAllBytes(file));
  }

  @Test
  void aFileThatWasReadOnceIsKnownByItsMarkAndADamagedOneIsNot() throws Exception {
    Path file = bundle().unpack();
    while (!Files.exists(bundle().mark())) {
      Thread.sleep(100);
      bundle().unpack();
    }
    FileTime written = Files.getLastModifiedTime(file);
    byte[] damaged = content.clone();
    damaged[BYTES / 2] ^= 1;
    Files.write(file, damaged);
    Files.setLastModifiedTime(file, written);
    bundle().unpack();
    assertArrayEquals(content, Files.readAllBytes(file));
  }

  @Test
  void aMarkedFileIsNotReadAgain() throws IOException {
    Path file = bundle().unpack();
    byte[] damaged = content.clone();
    damaged[BYTES / 2] ^= 1;
    Files.write(file, damaged);
    Instant later = Instant.now().plus(Duration.ofHours(1));
    Files.writeString(bundle().mark(), bundle().state(later));
    assertEquals("", bundle().state(Instant.now()), "a change this young");
    bundle().unpack(later);
    assertArrayEquals(damaged, Files.readAllBytes(file));
    bundle().unpack();
    assertArrayEquals(content, Files.readAllBytes(file));
  }

  @Test
  void aTruncatedFileIsUnpackedAnew() throws IOException {
    Path file = bundle().unpack();
    Files.write(file, new byte[10]);
    bundle().unpack();
    assertArrayEquals(content, Files.readAllBytes(file));
  }

  @Test
  void aLinkInItsPlaceIsReplacedAndItsTargetKept() throws IOException {
    Path file = bundle().unpack();
    Path target = Files.move(file, folder.resolve("elsewhere"));
    Files.createSymbolicLink(file, target);
    bundle().unpack();
    assertFalse(Files.isSymbolicLink(file));
    assertTrue(Files.exists(target));
  }

  @Test
  void aJarWithOtherContentIsRefusedAndLeavesNothing() throws IOException {
    byte[] other = content.clone();
    other[0] ^= 1;
    Files.write(jar.resolve("lib/libfake.so"), other);
    String message = assertThrows(IOException.class, bundle()::unpack).getMessage();
    assertTrue(message.contains("libfake.so in the jar is not the pinned file"), message);
    assertTrue(message.contains("expected SHA-256 " + sha256), message);
    assertEquals(List.of(), files());
  }

  @Test
  void aFailureHalfWayLeavesNothing() throws IOException {
    BundledNatives bundle = bundle(new FailingHalfWay());
    String message = assertThrows(IOException.class, bundle::unpack).getMessage();
    assertEquals(
        "cannot unpack into %s: No space left on device".formatted(bundle.library().getParent()),
        message);
    assertEquals(List.of(), files());
  }

  @Test
  void aFailureHalfWayKeepsNoDamagedFileInUse() throws IOException {
    Path file = bundle().unpack();
    Files.write(file, new byte[10]);
    assertThrows(IOException.class, bundle(new FailingHalfWay())::unpack);
    assertEquals(List.of("libfake.so"), files());
    bundle().unpack();
    assertArrayEquals(content, Files.readAllBytes(file));
  }

  @Test
  void aFolderThatOthersMayWriteIntoIsRefused() throws IOException {
    Path natives = bundle().unpack().getParent();
    for (Path open : List.of(cache, natives.getParent(), natives)) {
      for (String permissions : List.of("rwxrwx---", "rwx---rwx")) {
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString(permissions));
        String message = assertThrows(IOException.class, bundle()::unpack).getMessage();
        assertTrue(message.contains(open + " is writable by others"), message);
      }
      Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwx------"));
    }
    bundle().unpack();
  }

  @Test
  void aFolderOfSomebodyElseIsRefused() throws IOException {
    Path natives = bundle().unpack().getParent();
    Object self = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    assumeTrue(self.equals(0), "only root can give a folder away");
    Files.setAttribute(natives, "unix:uid", 12345);
    String message = assertThrows(IOException.class, bundle()::unpack).getMessage();
    assertTrue(
        message.endsWith(natives + " belongs to user id 12345 and this process runs as 0"),
        message);
  }

  @Test
  void aCacheThatCannotBeMadeIsOneClearSentence() throws IOException {
    cache = Files.writeString(folder.resolve("file"), "").resolve("cache");
    String message = assertThrows(IOException.class, bundle()::unpack).getMessage();
    assertTrue(message.startsWith("cannot unpack into " + cache), message);
    assertTrue(message.contains(folder.resolve("file").toString()), message);
    assertFalse(message.contains("\n"), message);
  }

  @Test
  void aMissingResourceIsSaid() throws IOException {
    assertTrue(bundle().present());
    BundledNatives bundle = bundle();
    Files.delete(jar.resolve("lib/libfake.so"));
    assertFalse(bundle.present());
    String message = assertThrows(IOException.class, bundle::unpack).getMessage();
    assertTrue(message.endsWith("lib/libfake.so is not on the class path"), message);
  }

  @Test
  void whatAKilledProcessLeftIsDeletedAndWhatARunningOneWritesIsNot() throws IOException {
    Path file = bundle().unpack();
    Path abandoned = Files.writeString(file.resolveSibling("libfake.so1.tmp"), "old");
    Files.setLastModifiedTime(abandoned, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
    Files.writeString(file.resolveSibling("libfake.so2.tmp"), "new");
    Files.delete(file);
    bundle().unpack();
    assertEquals(List.of("libfake.so", "libfake.so2.tmp"), files());
  }

  @Test
  void manyThreadsAtOnceAllGetAnIntactFile() throws Exception {
    Callable<byte[]> unpack = () -> Files.readAllBytes(bundle().unpack());
    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      for (Future<byte[]> read : threads.invokeAll(List.copyOf(times(16, unpack)))) {
        assertArrayEquals(content, read.get());
      }
    }
    assertEquals(List.of("libfake.so"), files());
  }

  @Test
  void processesAtOnceAllGetAnIntactFile() throws Exception {
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      processes.add(
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-cp",
                  root(BundledNatives.class) + File.pathSeparator + root(UnpackingProcess.class),
                  UnpackingProcess.class.getName(),
                  jar.toUri().toString(),
                  sha256,
                  Integer.toString(BYTES),
                  cache.toString())
              .redirectErrorStream(true)
              .start());
    }
    for (Process process : processes) {
      assertEquals('>', process.getInputStream().read(), "it is ready");
    }
    for (Process process : processes) {
      process.getOutputStream().close();
    }
    for (Process process : processes) {
      String said = new String(process.getInputStream().readAllBytes());
      assertEquals(0, process.waitFor(), said);
      assertEquals("intact in 20 caches", said);
    }
    try (Stream<Path> files = Files.walk(cache)) {
      assertEquals(
          20,
          files
              .filter(Files::isRegularFile)
              .filter(f -> !f.toString().endsWith(".checked"))
              .count());
    }
  }

  private BundledNatives bundle() {
    return bundle(new UnpackingProcess.FolderLoader(jar));
  }

  private BundledNatives bundle(ClassLoader loader) {
    return new BundledNatives(
        loader, "lib", List.of(new Piece("libfake.so", BYTES, sha256)), cache);
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(bundle().library().getParent())) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static <T> List<T> times(int n, T element) {
    return Stream.generate(() -> element).limit(n).toList();
  }

  /** The folder that a class file lies in, without its package. */
  private static Path root(Class<?> type) {
    String name = "/" + type.getName().replace('.', '/') + ".class";
    Path root = Path.of(URI.create(type.getResource(name).toString()));
    for (int up = 1; up < name.length(); up++) {
      root = name.charAt(up - 1) == '/' ? root.getParent() : root;
    }
    return root;
  }

  /** Gives half of the file and fails as a full disk does. */
  private final class FailingHalfWay extends UnpackingProcess.FolderLoader {
    FailingHalfWay() {
      super(jar);
    }

    @Override
    public InputStream getResourceAsStream(String name) {
      InputStream full =
          new InputStream() {
            @Override
            public int read() throws IOException {
              throw new IOException("No space left on device");
            }

            @Override
            public int read(byte[] into, int from, int n) throws IOException {
              throw new IOException("No space left on device");
            }
          };
      return new SequenceInputStream(new ByteArrayInputStream(content, 0, BYTES / 2), full);
    }
  }
}
