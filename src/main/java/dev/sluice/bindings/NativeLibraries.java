package dev.sluice.bindings;

import dev.sluice.EngineUnavailableException;
import dev.sluice.bindings.gomp.Gomp_h;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/**
 * Finds and loads the native libraries that the bindings call; a library is loaded before the first
 * call into its bindings.
 *
 * <p>A library is looked for in this order: the system property {@code sluice.library.NAME}, the
 * environment variable {@code SLUICE_LIBRARY_NAME}, the bundled jar (oneDNN), the folders of {@code
 * sluice.libraries} or {@code SLUICE_LIBRARIES} (all others), the site-packages folders of {@code
 * sluice.sitepackages} or {@code SLUICE_SITE_PACKAGES} or else of the Python environment around
 * this process, and the system's folders. The bundled jar is unpacked below {@code sluice.cache},
 * or else {@code $XDG_CACHE_HOME/sluice}, or else {@code ~/.cache/sluice}.
 *
 * <pre>{@code
 * NativeLibraries.load(NativeLibrary.ONEDNN);
 * MemorySegment version = Dnnl_h.dnnl_version();
 * }</pre>
 */
public final class NativeLibraries {
  /**
   * A file that was looked at.
   *
   * @param source where it was named: a property, a variable, the bundled jar, site-packages,
   *     system
   * @param file its path as it was named
   * @param refused why it will not do; empty when it is the chosen one
   */
  public record Candidate(String source, String file, String refused) {
    /** Whether this file is the one to load. */
    public boolean chosen() {
      return refused.isEmpty();
    }

    @Override
    public String toString() {
      return "%s (%s): %s".formatted(file, source, chosen() ? "chosen" : refused);
    }
  }

  /**
   * A library that is loaded.
   *
   * @param library which
   * @param file the file that was loaded, all links resolved
   * @param source where it was named
   */
  public record Found(NativeLibrary library, Path file, String source) {}

  private static final Map<NativeLibrary, Found> LOADED = new EnumMap<>(NativeLibrary.class);
  private static final Map<NativeLibrary, List<Candidate>> TRIED =
      new EnumMap<>(NativeLibrary.class);

  private NativeLibraries() {}

  /**
   * Loads a library, once; later calls return what the first one found.
   *
   * @throws EngineUnavailableException when no candidate will do; lists each with its reason
   */
  public static Found load(NativeLibrary library) {
    return load(library, file -> "");
  }

  /**
   * As {@link #load(NativeLibrary)}, passing over files that do not fit the others of this machine.
   *
   * @param unfit gives "" or why a file, all links resolved, will not do
   */
  public static synchronized Found load(NativeLibrary library, Function<Path, String> unfit) {
    Found found = LOADED.get(library);
    if (found == null) {
      found = search(library, unfit);
      LOADED.put(library, found);
    }
    return found;
  }

  /**
   * Every file that was looked at for a library, in order; the last one is the chosen one if any
   * is. Before {@link #load} it is what a look without loading or unpacking gives.
   */
  public static synchronized List<Candidate> candidates(NativeLibrary library) {
    List<Candidate> tried = TRIED.get(library);
    return tried != null ? tried : LibrarySearch.here().candidates(library, (asked, file) -> "");
  }

  /** {@return the folder below which this library keeps what it unpacked or measured} */
  public static Path cache() {
    return LibrarySearch.here().cache();
  }

  private static Found search(NativeLibrary library, Function<Path, String> unfit) {
    Path[] opened = new Path[1];
    List<Candidate> tried =
        LibrarySearch.here()
            .candidates(
                library,
                (asked, located) -> {
                  opened[0] = located.file();
                  String refused = unfit.apply(opened[0]);
                  if (refused.isEmpty() && !located.verified()) {
                    refused = SharedObject.defect(asked, opened[0]);
                  }
                  return refused.isEmpty() ? open(asked, opened[0]) : refused;
                });
    TRIED.put(library, tried);
    Candidate last = tried.getLast();
    if (!last.chosen()) {
      throw new EngineUnavailableException(
          unavailable(library, tried), Diagnosis.of(library, tried, Host.here()));
    }
    return new Found(library, opened[0], last.source());
  }

  /** The generated code finds symbols only in libraries that a class of this module loaded. */
  @SuppressWarnings("restricted")
  private static String open(NativeLibrary library, Path file) throws IOException {
    try {
      // Before the generated classes, which fail for good where this is denied.
      MemorySegment.NULL.reinterpret(0);
      if (library == NativeLibrary.ONEDNN) {
        limitSpinning();
        // First, so that oneDNN and the gomp bindings share this OpenMP runtime and no other.
        loadApart(file.resolveSibling("libgomp.so.1").toRealPath());
      } else {
        // cuDNN and cuBLAS would look for the rest of themselves by name, and find any version.
        for (String companion : library.binary(file.getFileName().toString()).companions()) {
          System.load(file.resolveSibling(companion).toRealPath().toString());
        }
      }
      System.load(file.toString());
      return "";
    } catch (UnsatisfiedLinkError e) {
      return "the linker refused it: " + e.getMessage();
    } catch (IllegalCallerException e) {
      return "Java denies native access, which --enable-native-access=dev.sluice gives"
          + " (ALL-UNNAMED on the class path)";
    }
  }

  /**
   * Where the environment asks for it, OpenMP binds the thread that loads it to the first place,
   * and all threads that this one starts afterwards inherit that: so it is a thread that starts
   * none.
   */
  private static void loadApart(Path file) {
    var failure = new AtomicReference<UnsatisfiedLinkError>();
    var thread =
        Thread.ofPlatform()
            .name("loads " + file.getFileName())
            .start(
                () -> {
                  try {
                    System.load(file.toString());
                  } catch (UnsatisfiedLinkError e) {
                    failure.set(e);
                  }
                });
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (failure.get() != null) {
      throw failure.get();
    }
  }

  /**
   * OpenMP's threads spin after each region, by default for ten milliseconds and more, which takes
   * the cores from everything else on the machine. Less than a millisecond bridges the gaps between
   * two regions of a step, and is longer than a thread takes to wake: with a tenth of it, two
   * threads that had once slept went on waking each other in every region. Who sets the environment
   * decides otherwise.
   */
  private static void limitSpinning() {
    if (System.getenv("GOMP_SPINCOUNT") != null || System.getenv("OMP_WAIT_POLICY") != null) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      Gomp_h.setenv(arena.allocateFrom("GOMP_SPINCOUNT"), arena.allocateFrom("30000"), 0);
    }
  }

  static String unavailable(NativeLibrary library, List<Candidate> tried) {
    StringBuilder message = new StringBuilder("no usable file for " + library.title() + ":");
    tried.forEach(candidate -> message.append("\n  ").append(candidate));
    library.remedy().ifPresent(remedy -> message.append("\n").append(remedy));
    return message
        .append("\nname one by -D%s=/absolute/path".formatted(library.property()))
        .append(" or by %s in the environment".formatted(library.variable()))
        .toString();
  }
}
