package dev.sluice.cli.verify;

import dev.sluice.DType;
import dev.sluice.FormatException;
import dev.sluice.weights.Json;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A folder of cases: {@code manifest.json} and the files that it names. */
public final class Suite implements AutoCloseable {
  private static final String OWN = "/dev/sluice/cli/conformance/";

  private final Path folder;
  private final boolean temporary;
  private final Config manifest;
  private final List<Config> cases = new ArrayList<>();

  private Suite(Path folder, boolean temporary) {
    this.folder = folder;
    this.temporary = temporary;
    var file = folder.resolve("manifest.json");
    this.manifest = Config.of(file.toString(), Json.read(file));
    for (Object entry : manifest.list("cases")) {
      var checked = Config.of(file + ": cases", entry);
      for (var key : List.of("id", "kind")) {
        if (!checked.has(key)) {
          throw new FormatException(
              file + ": cases: expected a case with id and kind, got no " + key);
        }
      }
      cases.add(new Config(file + ": " + checked.text("id", ""), checked.members()));
    }
    if (cases.isEmpty()) {
      throw new FormatException(file + ": expected cases, got none");
    }
  }

  /**
   * {@return the suite in a folder}
   *
   * @param folder with a manifest
   * @throws FormatException if the manifest is not one
   * @throws UncheckedIOException if it is missing or cannot be read
   */
  public static Suite open(Path folder) {
    return new Suite(folder, false);
  }

  /** {@return the project's own suite, copied to a folder that lives until close} */
  public static Suite own() {
    try {
      var folder = Files.createTempDirectory("sluice-verify-");
      try {
        copy("manifest.json", folder);
        var manifest = Config.of("manifest.json", Json.read(folder.resolve("manifest.json")));
        for (Object entry : manifest.list("cases")) {
          copy(Config.of("manifest.json: cases", entry).text("file", ""), folder);
        }
        return new Suite(folder, true);
      } catch (RuntimeException | IOException e) {
        delete(folder);
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the project's own cases: " + e.getMessage(), e);
    }
  }

  private static void copy(String name, Path folder) throws IOException {
    try (var in = Suite.class.getResourceAsStream(OWN + name)) {
      if (in == null) {
        throw new FileNotFoundException(name + " is not in this build");
      }
      if (!Files.exists(folder.resolve(name))) {
        Files.copy(in, folder.resolve(name));
      }
    }
  }

  private static void delete(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      for (var file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  Tolerance tolerance(DType type) {
    return Tolerance.of(manifest.object("default_tolerance"), type);
  }

  Path folder() {
    return folder;
  }

  /** The cases whose id contains a text. */
  List<Config> cases(String filter) {
    return cases.stream().filter(entry -> entry.text("id", "").contains(filter)).toList();
  }

  /** Deletes the folder if it is a copy of the project's own. */
  @Override
  public void close() {
    if (temporary) {
      try {
        delete(folder);
      } catch (IOException e) {
        throw new UncheckedIOException(folder + ": cannot be deleted", e);
      }
    }
  }
}
