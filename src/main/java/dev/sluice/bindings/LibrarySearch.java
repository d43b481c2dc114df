package dev.sluice.bindings;

import dev.sluice.bindings.NativeLibraries.Candidate;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Where a library may lie on this machine, in the order of preference.
 *
 * <p>A file that the user names by property or variable is a wish: if it will not do, the search
 * ends there, since another file in its place would be a surprise. Nothing is looked for in the
 * working directory or on {@code java.library.path}.
 *
 * @param property gives a system property or null
 * @param variable gives an environment variable or null
 * @param systemFolders the folders that the machine's own packages install into
 */
record LibrarySearch(
    UnaryOperator<String> property, UnaryOperator<String> variable, List<Path> systemFolders) {
  /** What is done with a place that passed every check that leaves it closed. */
  interface Opening {
    /**
     * @param file unpacks the file where that is needed, and gives it with all links resolved
     * @return "" or why it cannot be opened
     */
    String open(NativeLibrary library, Located file) throws IOException;
  }

  /** A file that may have to be unpacked first. */
  interface Located {
    Path file() throws IOException;

    /** Whether all its bytes are known to be what they should be. */
    default boolean verified() {
      return false;
    }
  }

  /** One place to look at; {@code bundle} is null but for the jar. */
  private record Place(String source, String file, boolean wish, BundledNatives bundle) {}

  /** This machine. */
  static LibrarySearch here() {
    return new LibrarySearch(
        System::getProperty,
        System::getenv,
        List.of(
            Path.of("/usr/lib/x86_64-linux-gnu"),
            Path.of("/usr/lib64"),
            Path.of("/usr/local/cuda/lib64"),
            Path.of("/usr/local/nvidia/lib64"),
            Path.of("/usr/lib/wsl/lib"),
            Path.of("/usr/local/lib")));
  }

  /**
   * Looks at one place after the other until {@code opening} has opened a file; that is the last.
   */
  List<Candidate> candidates(NativeLibrary library, Opening opening) {
    List<Candidate> seen = new ArrayList<>();
    String platform = property("os.name") + " " + property("os.arch");
    if (!platform.equals("Linux amd64")) {
      String refused = "the natives are for Linux on amd64, and this is " + platform;
      return List.of(new Candidate("platform", library.binaries().getFirst().file(), refused));
    }
    for (Place place : places(library)) {
      String refused = refusal(library, place, opening);
      seen.add(new Candidate(place.source(), place.file(), refused));
      if (refused.isEmpty() || place.wish()) {
        break;
      }
    }
    return List.copyOf(seen);
  }

  private List<Place> places(NativeLibrary library) {
    List<Place> places = new ArrayList<>();
    if (isSet(property(library.property()))) {
      String source = "system property " + library.property();
      places.add(new Place(source, property(library.property()), true, null));
    }
    if (isSet(variable.apply(library.variable()))) {
      String source = "environment variable " + library.variable();
      places.add(new Place(source, variable.apply(library.variable()), true, null));
    }
    if (library == NativeLibrary.ONEDNN) {
      BundledNatives bundle = BundledNatives.oneDnn(cache());
      places.add(new Place("bundled jar", bundle.library().toString(), false, bundle));
    } else {
      for (String folder : split(named("sluice.libraries", "SLUICE_LIBRARIES"))) {
        addAll(places, library, "sluice.libraries", folder);
      }
    }
    for (String packages : sitePackages()) {
      for (String folder : library.packageFolders()) {
        addAll(places, library, "site-packages", packages + "/" + folder);
      }
    }
    for (Path folder : systemFolders) {
      addAll(places, library, "system", folder.toString());
    }
    return places;
  }

  private static void addAll(
      List<Place> places, NativeLibrary library, String source, String folder) {
    for (NativeLibrary.Binary binary : library.binaries()) {
      places.add(new Place(source, folder + "/" + binary.file(), false, null));
    }
  }

  /** The folders that were named, or else those of the Python that this process belongs to. */
  private List<String> sitePackages() {
    List<String> named = split(named("sluice.sitepackages", "SLUICE_SITE_PACKAGES"));
    if (!named.isEmpty()) {
      return named;
    }
    List<String> found = new ArrayList<>();
    for (String environment : List.of("VIRTUAL_ENV", "CONDA_PREFIX")) {
      if (isSet(variable.apply(environment))) {
        addPythons(found, variable.apply(environment) + "/lib");
      }
    }
    if (isSet(property("user.home"))) {
      addPythons(found, property("user.home") + "/.local/lib");
    }
    systemFolders.stream()
        .filter(folder -> folder.endsWith("local/lib"))
        .forEach(folder -> addPythons(found, folder.toString()));
    return found;
  }

  /** Adds python3.x/site-packages, or Debian's dist-packages, where NVIDIA's packages lie in it. */
  private static void addPythons(List<String> found, String folder) {
    try (var pythons = Files.newDirectoryStream(Path.of(folder), "python3*")) {
      for (Path python : pythons) {
        for (String packages : List.of("site-packages", "dist-packages")) {
          if (Files.isDirectory(python.resolve(packages).resolve("nvidia"))) {
            found.add(python.resolve(packages).toString());
          }
        }
      }
    } catch (IOException | InvalidPathException e) {
      // No Python there.
    }
  }

  private String named(String property, String variable) {
    String named = property(property);
    return isSet(named) ? named : this.variable.apply(variable);
  }

  private static List<String> split(String named) {
    return isSet(named) ? List.of(named.split(File.pathSeparator)) : List.of();
  }

  /** The folder that bundled natives are unpacked below. */
  Path cache() {
    String named = property("sluice.cache");
    if (isSet(named)) {
      return Path.of(named);
    }
    String xdg = variable.apply("XDG_CACHE_HOME");
    return isSet(xdg) && Path.of(xdg).isAbsolute()
        ? Path.of(xdg, "sluice")
        : Path.of(property("user.home"), ".cache", "sluice");
  }

  private static String refusal(NativeLibrary library, Place place, Opening opening) {
    try {
      Path file = Path.of(place.file());
      if (!file.isAbsolute()) {
        return "not an absolute path";
      }
      if (place.bundle() != null) {
        return place.bundle().present()
            ? opening.open(library, place.bundle())
            : "org.bytedeco:dnnl:3.11-1.5.13:linux-x86_64 is not on the class path or module path";
      }
      String refused = refusal(library, file);
      return refused.isEmpty() ? opening.open(library, file::toRealPath) : refused;
    } catch (InvalidPathException e) {
      return "not a path: " + e.getReason();
    } catch (IOException e) {
      return e.getMessage();
    }
  }

  /** Why a file on disk will not do. The linker looks beside the real file, behind any link. */
  private static String refusal(NativeLibrary library, Path file) throws IOException {
    if (!Files.exists(file)) {
      return absence(library, file);
    }
    if (!Files.isRegularFile(file)) {
      return "not a file";
    }
    if (!Files.isReadable(file)) {
      return "no permission to read it";
    }
    Path real = file.toRealPath();
    List<String> companions = library.binary(real.getFileName().toString()).companions();
    List<String> missing =
        companions.stream().filter(name -> !Files.isReadable(real.resolveSibling(name))).toList();
    return missing.isEmpty()
        ? ""
        : "beside %s there is no %s".formatted(real, String.join(", ", missing));
  }

  /** Says of a file that is not there whether a link to it, or another version of it, is. */
  private static String absence(NativeLibrary library, Path file) throws IOException {
    if (Files.isSymbolicLink(file)) {
      return "a link to %s, which does not exist".formatted(Files.readSymbolicLink(file));
    }
    String[] others = file.resolveSibling("").toFile().list();
    if (others == null) {
      return "no such file";
    }
    String stem = file.getFileName().toString().replaceFirst("\\.so\\.\\d.*", ".so.");
    for (String name : others) {
      if (stem.endsWith(".so.")
          && name.startsWith(stem)
          && library.binaries().stream().noneMatch(binary -> name.startsWith(binary.file()))) {
        return "no such file, but %s lies there, of another version".formatted(name);
      }
    }
    return "no such file";
  }

  private String property(String name) {
    return property.apply(name);
  }

  private static boolean isSet(String value) {
    return value != null && !value.isEmpty();
  }
}
