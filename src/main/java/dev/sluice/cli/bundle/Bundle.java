package dev.sluice.cli.bundle;

import dev.sluice.weights.AtomicFile;
import dev.sluice.weights.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import picocli.CommandLine;

/**
 * A folder with all that a GPU day needs but driver, cuDNN and cuBLAS: a runtime of the modules
 * that the command line uses, the jars, the scripts, and the C program where it could be compiled.
 */
public final class Bundle {
  /** The folder in the archive. */
  public static final String NAME = "sluice-gpu-day";

  /** The scripts, of which the first is the one to start. */
  static final List<String> SCRIPTS =
      List.of(
          "run",
          "README.md",
          "day.py",
          "libraries.py",
          "captures.py",
          "cases.py",
          "machine.py",
          "race.py",
          "torch_side.py",
          "torch_cells.py",
          "cudnn_bench.c");

  private static final List<String> NATIVES = List.of("libgomp.so.1", "libdnnl.so.3");
  private static final String DATA = "dev/sluice/data/";
  private static final String MODULES = "java.base,jdk.incubator.vector,jdk.management";

  private final Path folder;

  /**
   * An empty one.
   *
   * @param folder that it is made in; must not be there
   */
  public Bundle(Path folder) {
    this.folder = make(folder);
  }

  private static Path make(Path folder) {
    try {
      return Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  /**
   * Links the runtime that stands for a JDK.
   *
   * @throws IllegalStateException if this JDK cannot
   */
  public void addRuntime() {
    var jlink = Path.of(System.getProperty("java.home"), "bin", "jlink");
    if (!Files.isExecutable(jlink)) {
      throw new IllegalStateException(
          "%s: expected the JDK's jlink, which this Java does not have".formatted(jlink));
    }
    // Not compressed here: the archive is, and does it better.
    Tool.run(
        jlink,
        "--add-modules",
        MODULES,
        "--compress=zip-0",
        "--strip-debug",
        "--no-header-files",
        "--no-man-pages",
        "--output",
        folder.resolve("java"));
  }

  /** Adds this library with its kernels and reference cases, and what the command line needs. */
  public void addJars() {
    make(folder.resolve("lib"));
    copyJar(Bundle.class, "sluice.jar");
    copyJar(CommandLine.class, "picocli.jar");
  }

  /** The jar, or folder of classes, of a class: uncompressed, and without data sets. */
  private void copyJar(Class<?> type, String name) {
    try {
      var source = Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
      if (Files.isDirectory(source)) {
        copyJar(source, name);
      } else {
        try (var jar = FileSystems.newFileSystem(source)) {
          copyJar(jar.getPath("/"), name);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private void copyJar(Path root, String name) throws IOException {
    try (var out = jar(name);
        var files = Files.walk(root)) {
      for (var file : files.filter(Files::isRegularFile).toList()) {
        var entry = root.relativize(file).toString();
        if (!entry.startsWith(DATA) || entry.endsWith(".class")) {
          add(out, entry, Files.newInputStream(file));
        }
      }
    }
  }

  /** The archive is compressed, and more so where its files are not. */
  private ZipOutputStream jar(String name) throws IOException {
    var out = new ZipOutputStream(Files.newOutputStream(folder.resolve("lib", name)));
    out.setLevel(Deflater.NO_COMPRESSION);
    return out;
  }

  private static void add(ZipOutputStream out, String entry, InputStream from) throws IOException {
    try (from) {
      out.putNextEntry(new ZipEntry(entry));
      from.transferTo(out);
    }
  }

  /**
   * Adds the natives of the CPU engine, uncompressed as the runtime is.
   *
   * @return whether there are any
   */
  public boolean addNatives() {
    var resources = "org/bytedeco/dnnl/linux-x86_64/";
    var loader = ClassLoader.getSystemClassLoader();
    if (loader.getResource(resources + NATIVES.getFirst()) == null) {
      return false;
    }
    try (var out = jar("dnnl.jar")) {
      for (var name : NATIVES) {
        add(out, resources + name, loader.getResourceAsStream(resources + name));
      }
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  private Path natives() {
    return folder.resolve("lib", "dnnl.jar");
  }

  /** Takes the natives of the CPU engine out again. */
  public void removeNatives() {
    try {
      Files.deleteIfExists(natives());
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  /** Adds what is not Java. */
  public void addScripts() {
    for (var name : SCRIPTS) {
      try (var in = Bundle.class.getResourceAsStream(name)) {
        if (in == null) {
          throw new IllegalStateException(name + " is not in this build");
        }
        Files.copy(in, folder.resolve(name));
      } catch (IOException e) {
        throw new UncheckedIOException(e.getMessage(), e);
      }
    }
    executable(folder.resolve(SCRIPTS.getFirst()));
  }

  private static void executable(Path file) {
    try {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  /**
   * Compiles the peer that calls cuDNN from C; it opens cuDNN when it runs.
   *
   * @return whether there is a compiler
   */
  public boolean addPeer() {
    var compiler = Tool.find("cc");
    compiler.ifPresent(
        cc ->
            Tool.run(
                cc,
                "-std=gnu11",
                "-O2",
                folder.resolve("cudnn_bench.c"),
                "-ldl",
                "-o",
                folder.resolve("cudnn_bench")));
    return compiler.isPresent();
  }

  /**
   * Writes down what this is, beside the scripts.
   *
   * @param version of the library
   */
  public void describe(String version) {
    var all = new LinkedHashMap<String, Object>();
    all.put("sluice", version);
    all.put("commit", commit());
    all.put("java", Runtime.version().toString());
    all.put("cudnn_bench", Files.exists(folder.resolve("cudnn_bench")));
    all.put("cpu_engine", Files.exists(natives()));
    AtomicFile.write(folder.resolve("bundle.json"), Json.writePretty(all));
  }

  /** Of the working tree that the command was called in. */
  private static String commit() {
    try {
      return Tool.run("git", "describe", "--always", "--dirty", "--abbrev=12");
    } catch (IllegalStateException | UncheckedIOException e) {
      return "unknown";
    }
  }

  /** {@return the sizes of the parts in bytes: each file of the folder, and java and lib as one} */
  public Map<String, Long> sizes() {
    var sizes = new TreeMap<String, Long>();
    try (var files = Files.walk(folder)) {
      for (var file : files.filter(Files::isRegularFile).toList()) {
        var path = folder.relativize(file);
        var part = path.startsWith("java") ? "java" : path.toString();
        sizes.merge(part, Files.size(file), Long::sum);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
    return sizes;
  }

  /**
   * Packs the folder by tar, and by xz where that is installed, else gzip.
   *
   * @param file the archive, replaced as a whole
   * @return its bytes
   */
  public long pack(Path file) {
    var filter = Tool.find("xz").isPresent() ? "xz -T0" : "gzip -9";
    AtomicFile.write(file, out -> tar(filter, out));
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  private void tar(String filter, OutputStream out) throws IOException {
    var command =
        List.of(
            "tar",
            "-C",
            folder.toAbsolutePath().getParent().toString(),
            "--owner=0",
            "--group=0",
            "-I",
            filter,
            "-c",
            folder.getFileName().toString());
    var process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (var from = process.getInputStream()) {
      from.transferTo(out);
      if (process.waitFor() != 0) {
        throw new IOException("tar failed; its reason stands above");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      process.destroy();
    }
  }

  /**
   * Runs a packed bundle as a stranger would: from an empty folder, without this machine's
   * environment, on the simulator.
   *
   * @param archive to unpack
   * @param empty the folder
   * @param simulator the folder of the simulator's libraries
   * @return the exit code
   */
  public static int rehearse(Path archive, Path empty, Path simulator) {
    Tool.run("tar", "-C", empty, "-xf", archive.toAbsolutePath());
    var command =
        List.of(
            "/usr/bin/env",
            "-i",
            "PATH=/usr/bin:/bin",
            empty.resolve(NAME, "run").toString(),
            "--tiny",
            "--simulated",
            simulator.toAbsolutePath().toString());
    try {
      var process = new ProcessBuilder(command).directory(empty.toFile()).inheritIO().start();
      return process.waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("the rehearsal was interrupted", e);
    }
  }
}
