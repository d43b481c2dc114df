package dev.sluice.cpu;

import dev.sluice.spi.CellSpec;
import dev.sluice.spi.ConvSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How a cell's convolutions are computed. The names stand in a file: they are not changed.
 *
 * <p>{@code -Dsluice.convolution=direct} does without Winograd, {@code winograd} takes it wherever
 * it can be done; {@code auto}, the default, times it against the others.
 */
enum CellAlgorithm {
  /** oneDNN's direct convolution, channels-last. */
  CHANNELS_LAST(Layout.CHANNELS_LAST),
  /** oneDNN's direct convolution over blocks of 8 channels. */
  BLOCKS_OF_8(Layout.BLOCKS_OF_8),
  /** oneDNN's direct convolution over blocks of 16 channels. */
  BLOCKS_OF_16(Layout.BLOCKS_OF_16),
  /** {@link WinogradConvolution}, channels-last. */
  WINOGRAD(Layout.CHANNELS_LAST);

  /** Channels that are worth timing Winograd for: with 16 it was slower. */
  private static final int WORTH_TIMING = 32;

  private final Layout layout;

  CellAlgorithm(Layout layout) {
    this.layout = layout;
  }

  Layout layout() {
    return layout;
  }

  private static String wish() {
    var wish = System.getProperty("sluice.convolution", "auto").toLowerCase(Locale.ROOT);
    if (!List.of("auto", "direct", "winograd").contains(wish)) {
      throw new IllegalArgumentException(
          "sluice.convolution: expected auto, direct or winograd, got " + wish);
    }
    return wish;
  }

  /** What can be done for a convolution by itself, the safest first. */
  static List<CellAlgorithm> candidates(ConvSpec spec) {
    var wish = wish();
    if (wish.equals("direct") || !WinogradConvolution.fits(spec)) {
      return List.of(CHANNELS_LAST);
    }
    if (wish.equals("winograd")) {
      return List.of(WINOGRAD);
    }
    return spec.inputs() >= WORTH_TIMING && spec.outputs() >= WORTH_TIMING
        ? List.of(CHANNELS_LAST, WINOGRAD)
        : List.of(CHANNELS_LAST);
  }

  /** What can be done for a cell, the safest first. */
  static List<CellAlgorithm> candidates(CellSpec spec) {
    var wish = wish();
    boolean winograd = !wish.equals("direct") && WinogradConvolution.fits(spec);
    if (winograd && wish.equals("winograd")) {
      return List.of(WINOGRAD);
    }
    var all = new ArrayList<CellAlgorithm>(List.of(CHANNELS_LAST));
    int block = OneDnn.isa().startsWith("avx512") ? 16 : 8;
    for (var blocks : List.of(BLOCKS_OF_8, BLOCKS_OF_16)) {
      var layout = blocks.layout;
      if (layout.block() == block && layout.fits(spec.hidden()) && layout.fits(spec.inputs())) {
        all.add(blocks);
      }
    }
    if (winograd && spec.hidden() >= WORTH_TIMING) {
      all.add(WINOGRAD);
    }
    return all;
  }
}
