package dev.sluice.cpu;

import dev.sluice.NativeException;
import dev.sluice.spi.CellSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.function.ToLongFunction;

/**
 * Which layout is fastest for a cell's frames on this machine. Timed when a shape is first met, and
 * kept in a file, since a run that is repeated has to choose the same to give the same bits. Where
 * the file cannot be kept, frames stay channels-last.
 */
final class LayoutChoice {
  private final Path file;

  LayoutChoice(Path folder, int threads) {
    this.file =
        folder.resolve(
            "layouts-onednn" + OneDnn.version() + "-" + OneDnn.isa() + "-" + threads + "t.txt");
  }

  /**
   * {@return the layout that was fastest}
   *
   * @param time runs a short sequence in a layout and gives nanoseconds; throws {@link
   *     NativeException} where oneDNN has no implementation for it
   */
  synchronized Layout of(CellSpec spec, ToLongFunction<Layout> time) {
    var candidates = candidates(spec);
    if (candidates.size() == 1) {
      return Layout.CHANNELS_LAST;
    }
    try {
      var name = read().getProperty(key(spec));
      if (name != null) {
        return Layout.valueOf(name);
      }
      var fastest = fastest(candidates, time);
      var known = read();
      var other = known.putIfAbsent(key(spec), fastest.name());
      if (other != null) {
        return Layout.valueOf((String) other);
      }
      write(known);
      return fastest;
    } catch (IOException | IllegalArgumentException | UncheckedIOException e) {
      return Layout.CHANNELS_LAST;
    }
  }

  private static List<Layout> candidates(CellSpec spec) {
    var all = new ArrayList<Layout>(List.of(Layout.CHANNELS_LAST));
    int block = OneDnn.isa().startsWith("avx512") ? 16 : 8;
    for (var layout : List.of(Layout.BLOCKS_OF_8, Layout.BLOCKS_OF_16)) {
      if (layout.block() == block && layout.fits(spec.hidden()) && layout.fits(spec.inputs())) {
        all.add(layout);
      }
    }
    return all;
  }

  private static Layout fastest(List<Layout> candidates, ToLongFunction<Layout> time) {
    var best = Layout.CHANNELS_LAST;
    long least = Long.MAX_VALUE;
    for (var layout : candidates) {
      try {
        long nanos = time.applyAsLong(layout);
        if (nanos < least) {
          least = nanos;
          best = layout;
        }
      } catch (NativeException e) {
        // No implementation worth having in this layout: another one wins.
      }
    }
    return best;
  }

  /** The shape of one step; what a layout costs does not depend on how many there are. */
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

  private Properties read() throws IOException {
    var known = new Properties();
    if (Files.exists(file)) {
      try (var lines = Files.newBufferedReader(file)) {
        known.load(lines);
      }
    }
    return known;
  }

  private void write(Properties known) throws IOException {
    Files.createDirectories(file.getParent());
    var fresh = Files.createTempFile(file.getParent(), "layouts", ".tmp");
    try {
      try (var out = Files.newBufferedWriter(fresh)) {
        known.store(out, "layouts chosen by timing; delete the file to choose anew");
      }
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }
}
