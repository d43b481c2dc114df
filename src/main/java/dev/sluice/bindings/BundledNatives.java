package dev.sluice.bindings;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.module.FindException;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Natives that travel in a jar, unpacked into a private folder and checked before each use: by
 * their bytes once, from then on by a mark that says in which state they were good.
 *
 * <p>Several processes may unpack at once: each writes a file of its own and renames it into place.
 *
 * @param loader finds the files as resources
 * @param resources the folder of the files in the jar
 * @param pieces the files; the library itself is the last
 * @param cache the folder to unpack below; made when missing, mode 0700
 */
record BundledNatives(ClassLoader loader, String resources, List<Piece> pieces, Path cache)
    implements LibrarySearch.Located {
  /**
   * One file of the bundle.
   *
   * @param name its name in the jar and on disk
   * @param bytes its size
   * @param sha256 its SHA-256 in hexadecimal
   */
  record Piece(String name, long bytes, String sha256) {}

  private static final int CHUNK = 1 << 20;
  private static final Duration ABANDONED = Duration.ofHours(1);

  /** Two changes within one tick of the file system's clock leave the same time. */
  private static final Duration SETTLED = Duration.ofSeconds(2);

  /**
   * The natives of org.bytedeco:dnnl:3.11-1.5.13:linux-x86_64, on the class path or module path.
   */
  static BundledNatives oneDnn(Path cache) {
    String resources = "org/bytedeco/dnnl/linux-x86_64";
    ClassLoader own = BundledNatives.class.getClassLoader();
    return new BundledNatives(
        own.getResource(resources) != null ? own : onModulePath().orElse(own),
        resources,
        List.of(
            new Piece(
                "libgomp.so.1",
                298_776,
                "115302e45583ad3e8df681c0a5af4c8273b7399f764965280d70d8780e5ee454"),
            new Piece(
                "libdnnl.so.3",
                89_662_848,
                "a8948803c5718bac623b664be77fb47e24328e8693997e96e02c4308b0ee826f")),
        cache);
  }

  /**
   * The jar's module requires Java presets that nobody needs here: it is found without resolving.
   */
  private static Optional<ClassLoader> onModulePath() {
    String modulePath = System.getProperty("jdk.module.path", "");
    Path[] entries =
        Arrays.stream(modulePath.split(File.pathSeparator))
            .filter(entry -> !entry.isEmpty())
            .map(Path::of)
            .toArray(Path[]::new);
    try {
      Optional<ModuleReference> jar =
          ModuleFinder.of(entries).find("org.bytedeco.dnnl.linux.x86_64");
      return jar.isEmpty()
          ? Optional.empty()
          : Optional.of(new URLClassLoader(new URL[] {jar.get().location().get().toURL()}));
    } catch (FindException | MalformedURLException e) {
      return Optional.empty();
    }
  }

  /** Whether the jar is there. */
  boolean present() {
    return pieces.stream().allMatch(piece -> loader.getResource(resource(piece)) != null);
  }

  /** Where the library lies once it is unpacked. */
  Path library() {
    return folder().resolve(pieces.getLast().name());
  }

  @Override
  public Path file() throws IOException {
    return unpack();
  }

  @Override
  public boolean verified() {
    return true;
  }

  /**
   * Unpacks what is missing or damaged.
   *
   * @return {@link #library}
   * @throws IOException with one sentence that says what could not be unpacked where, and why
   */
  Path unpack() throws IOException {
    return unpack(Instant.now());
  }

  /** The same at a given time. */
  Path unpack(Instant now) throws IOException {
    try {
      for (Path folder : List.of(cache, folder().getParent(), folder())) {
        makePrivate(folder);
      }
      String state = state(now);
      if (!state.isEmpty() && Files.exists(mark()) && Files.readString(mark()).equals(state)) {
        return library();
      }
      for (Piece piece : pieces) {
        Path file = folder().resolve(piece.name());
        if (!intact(file, piece)) {
          write(piece, file);
        }
      }
      if (!state.isEmpty() && state(now).equals(state)) {
        leaveMark(state);
      }
      return library();
    } catch (IOException e) {
      throw new IOException("cannot unpack into %s: %s".formatted(folder(), reason(e)), e);
    }
  }

  private Path folder() {
    return cache.resolve("natives").resolve(pieces.getLast().sha256().substring(0, 16));
  }

  /** Says of files whose bytes were read in which state they were: a write changes it. */
  Path mark() {
    return folder().resolveSibling(folder().getFileName() + ".checked");
  }

  /**
   * Each file's identity and the time of its last change; empty where that is too young to tell.
   */
  String state(Instant now) throws IOException {
    StringBuilder state = new StringBuilder();
    for (Piece piece : pieces) {
      Path file = folder().resolve(piece.name());
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        return "";
      }
      Map<String, Object> is = Files.readAttributes(file, "unix:ino,size,ctime");
      if (((FileTime) is.get("ctime")).toInstant().isAfter(now.minus(SETTLED))) {
        return "";
      }
      state.append(
          "%s %s %s %s %s\n"
              .formatted(
                  piece.name(), piece.sha256(), is.get("ino"), is.get("size"), is.get("ctime")));
    }
    return state.toString();
  }

  /** Without the mark the bytes are read again: a folder that takes none is no failure. */
  private void leaveMark(String state) {
    try {
      Path temporary = Files.createTempFile(mark().getParent(), "checked", ".tmp");
      try {
        Files.writeString(temporary, state);
        Files.move(temporary, mark(), StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      // A full or read-only disk.
    }
  }

  private String resource(Piece piece) {
    return resources + "/" + piece.name();
  }

  /** Makes the folder unless it is there, and refuses one that somebody else could write into. */
  private static void makePrivate(Path folder) throws IOException {
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      if (folder.getParent() != null) {
        Files.createDirectories(folder.getParent());
      }
      try {
        Files.createDirectory(
            folder,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      } catch (FileAlreadyExistsException e) {
        // Another process was quicker; its folder is judged like any other.
      }
    }
    if (!Files.isDirectory(folder)) {
      throw new IOException(folder + " is not a folder");
    }
    Object owner = Files.getAttribute(folder, "unix:uid");
    Object self = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    if (!owner.equals(self)) {
      throw new IOException(
          "%s belongs to user id %s and this process runs as %s".formatted(folder, owner, self));
    }
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(folder);
    if (permissions.contains(PosixFilePermission.GROUP_WRITE)
        || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
      throw new IOException(
          "%s is writable by others (%s); take that away with chmod go-w"
              .formatted(folder, PosixFilePermissions.toString(permissions)));
    }
  }

  private static boolean intact(Path file, Piece piece) throws IOException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) != piece.bytes) {
      return false;
    }
    try (InputStream in = Files.newInputStream(file)) {
      return copy(in, OutputStream.nullOutputStream()).equals(piece.sha256);
    }
  }

  private void write(Piece piece, Path file) throws IOException {
    deleteAbandoned(file.getParent());
    Path temporary = Files.createTempFile(file.getParent(), piece.name(), ".tmp");
    try {
      String sha256;
      try (InputStream in = loader.getResourceAsStream(resource(piece));
          FileChannel out = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
        if (in == null) {
          throw new IOException(resource(piece) + " is not on the class path");
        }
        sha256 = copy(in, Channels.newOutputStream(out));
        out.force(true);
      }
      if (!sha256.equals(piece.sha256)) {
        throw new IOException(
            "%s in the jar is not the pinned file: expected SHA-256 %s, got %s"
                .formatted(piece.name(), piece.sha256, sha256));
      }
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
    try (FileChannel folder = FileChannel.open(file.getParent())) {
      folder.force(true);
    }
  }

  /** Deletes what processes left that were killed while they unpacked. */
  private static void deleteAbandoned(Path folder) throws IOException {
    Instant limit = Instant.now().minus(ABANDONED);
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.tmp")) {
      for (Path file : files) {
        try {
          FileTime written = Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS);
          if (written.toInstant().isBefore(limit)) {
            Files.deleteIfExists(file);
          }
        } catch (NoSuchFileException e) {
          // Its process has just renamed it into place.
        }
      }
    }
  }

  /** Copies all and returns the SHA-256 of what was copied. */
  private static String copy(InputStream in, OutputStream out) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
    byte[] chunk = new byte[CHUNK];
    for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
      digest.update(chunk, 0, n);
      out.write(chunk, 0, n);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static String reason(IOException e) {
    return switch (e) {
      case AccessDeniedException denied -> "no permission to write " + denied.getFile();
      case FileSystemException failed when failed.getReason() != null ->
          failed.getFile() + ": " + failed.getReason();
      case FileSystemException failed -> failed.getFile() + " is no folder to write into";
      default -> e.getMessage();
    };
  }
}
