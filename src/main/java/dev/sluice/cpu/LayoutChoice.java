package dev.sluice.cpu;

import dev.sluice.ConvolutionMode;
import dev.sluice.NativeException;
import dev.sluice.spi.CellSpec;
import dev.sluice.spi.ConvSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * Which algorithm is fastest for a cell's convolutions on this machine. Timed when a shape is first
 * met, and kept in a file, since a run that is repeated has to choose the same to give the same
 * bits. Where the file cannot be kept, the first candidate is taken.
 */
final class LayoutChoice {
  /** Raised when an algorithm changes so much that its old times mislead. */
  private static final int GENERATION = 3;

  private final Path folder;
  private final int threads;
  private final ConvolutionMode mode;
  private final Race race;

  /**
   * @param folder where the file is kept
   * @param mode which algorithms may be chosen
   * @param clock nanoseconds
   */
  LayoutChoice(Path folder, int threads, ConvolutionMode mode, LongSupplier clock) {
    this.folder = folder;
    this.threads = threads;
    this.mode = mode;
    this.race = new Race(clock);
  }

  private Path file() {
    return folder.resolve(
        "layouts-%d-onednn%s-%s-%dt.txt"
            .formatted(GENERATION, OneDnn.version(), OneDnn.isa(), threads));
  }

  /**
   * {@return the algorithm that was fastest}
   *
   * @param entrants makes what is timed; throws {@link NativeException} where oneDNN has no
   *     implementation for it
   */
  CellAlgorithm of(CellSpec spec, Function<CellAlgorithm, Race.Entrant> entrants) {
    var candidates = CellAlgorithm.candidates(spec, mode);
    return of(key(spec) + suffix(candidates), candidates, entrants);
  }

  /** The same for a convolution by itself. */
  CellAlgorithm of(ConvSpec spec, Function<CellAlgorithm, Race.Entrant> entrants) {
    var candidates = CellAlgorithm.candidates(spec, mode);
    return of(key(spec) + suffix(candidates), candidates, entrants);
  }

  private synchronized CellAlgorithm of(
      String key, List<CellAlgorithm> candidates, Function<CellAlgorithm, Race.Entrant> entrants) {
    if (candidates.size() == 1) {
      return candidates.getFirst();
    }
    try {
      var before = remembered(read(), key, candidates);
      if (before.isPresent()) {
        return before.get();
      }
      var fastest = fastest(candidates, entrants);
      var known = read();
      var other = remembered(known, key, candidates);
      if (other.isPresent()) {
        return other.get();
      }
      known.setProperty(key, fastest.name());
      write(known);
      return fastest;
    } catch (IOException | IllegalArgumentException | UncheckedIOException e) {
      return candidates.getFirst();
    }
  }

  /** A name that is no candidate, another version's or another option's, counts as none. */
  private static Optional<CellAlgorithm> remembered(
      Properties known, String key, List<CellAlgorithm> candidates) {
    var name = known.getProperty(key);
    return candidates.stream().filter(c -> c.name().equals(name)).findFirst();
  }

  private CellAlgorithm fastest(
      List<CellAlgorithm> candidates, Function<CellAlgorithm, Race.Entrant> entrants) {
    var able = new ArrayList<CellAlgorithm>();
    var trials = new ArrayList<Race.Entrant>();
    try {
      for (var candidate : candidates) {
        try {
          trials.add(entrants.apply(candidate));
          able.add(candidate);
        } catch (NativeException e) {
          Primitive.requireUnimplemented(e); // Another one wins.
        }
      }
      return able.isEmpty() ? candidates.getFirst() : able.get(race.winner(trials));
    } finally {
      trials.forEach(Race.Entrant::close);
    }
  }

  /** Which Winograd had its chance, if any: that depends on more than the shape. */
  private static String suffix(List<CellAlgorithm> candidates) {
    return switch (candidates.getLast()) {
      case WINOGRAD -> "w";
      case WINOGRAD_OF_2 -> "w2";
      default -> "";
    };
  }

  /** The shape of a step. */
  private static String key(CellSpec s) {
    return String.join(
        "-",
        s.kind().name(),
        "n" + s.batch(),
        s.height() + "x" + s.width(),
        "c" + s.inputs(),
        "k" + s.hidden(),
        s.kernelHeight() + "x" + s.kernelWidth(),
        s.training() ? "t" : "i");
  }

  private static String key(ConvSpec s) {
    return String.join(
        "-",
        "CONV",
        "n" + s.batch(),
        s.height() + "x" + s.width(),
        "c" + s.inputs(),
        "k" + s.outputs(),
        s.kernelHeight() + "x" + s.kernelWidth());
  }

  private Properties read() throws IOException {
    var known = new Properties();
    var file = file();
    if (Files.exists(file)) {
      try (var lines = Files.newBufferedReader(file)) {
        known.load(lines);
      }
    }
    return known;
  }

  private void write(Properties known) throws IOException {
    Files.createDirectories(folder);
    var fresh = Files.createTempFile(folder, "layouts", ".tmp");
    try {
      try (var out = Files.newBufferedWriter(fresh)) {
        known.store(out, "layouts chosen by timing; delete the file to choose anew");
      }
      Files.move(
          fresh, file(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }
}
