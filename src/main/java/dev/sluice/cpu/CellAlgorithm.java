package dev.sluice.cpu;

import dev.sluice.ConvolutionMode;
import dev.sluice.spi.CellSpec;
import dev.sluice.spi.ConvSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * How a cell's convolutions are computed. The names stand in a file: they are not changed.
 *
 * <p>{@code -Dsluice.convolution=winograd} takes Winograd wherever it can be done, for tests;
 * {@code auto}, the default, times it against the others.
 */
enum CellAlgorithm {
  /** oneDNN's direct convolution, channels-last. */
  CHANNELS_LAST(Layout.CHANNELS_LAST, 0),
  /** oneDNN's direct convolution over blocks of 8 channels. */
  BLOCKS_OF_8(Layout.BLOCKS_OF_8, 0),
  /** oneDNN's direct convolution over blocks of 16 channels. */
  BLOCKS_OF_16(Layout.BLOCKS_OF_16, 0),
  /** {@link WinogradConvolution} with tiles of 4x4, channels-last. */
  WINOGRAD(Layout.CHANNELS_LAST, 4),
  /** {@link WinogradConvolution} with tiles of 2x2, channels-last: as accurate as a direct one. */
  WINOGRAD_OF_2(Layout.CHANNELS_LAST, 2);

  /** Channels that are worth timing Winograd for: with 16 it was slower. */
  private static final int WORTH_TIMING = 32;

  private final Layout layout;
  private final int tile;

  CellAlgorithm(Layout layout, int tile) {
    this.layout = layout;
    this.tile = tile;
  }

  Layout layout() {
    return layout;
  }

  boolean winograd() {
    return tile > 0;
  }

  /** Outputs along a side of Winograd's tiles. */
  int tile() {
    return tile;
  }

  private static boolean forced() {
    var wish = System.getProperty("sluice.convolution", "auto");
    if (!List.of("auto", "winograd").contains(wish)) {
      throw new IllegalArgumentException(
          "sluice.convolution: expected auto or winograd, got "
              + wish
              + "; strict and direct are options of a device");
    }
    return wish.equals("winograd");
  }

  /**
   * What can be done, the safest first.
   *
   * @param direct what can be done without Winograd
   * @param fits whether it can be done by Winograd
   * @param worth whether that is worth timing
   */
  private static List<CellAlgorithm> candidates(
      List<CellAlgorithm> direct, ConvolutionMode mode, boolean fits, boolean worth) {
    boolean forced = forced();
    if (mode == ConvolutionMode.DIRECT || !fits || !forced && !worth) {
      return direct;
    }
    var winograd = mode == ConvolutionMode.STRICT ? WINOGRAD_OF_2 : WINOGRAD;
    if (forced) {
      return List.of(winograd);
    }
    var all = new ArrayList<>(direct);
    all.add(winograd);
    return all;
  }

  /** What can be done for a convolution by itself, the safest first. */
  static List<CellAlgorithm> candidates(ConvSpec spec, ConvolutionMode mode) {
    boolean worth = spec.inputs() >= WORTH_TIMING && spec.outputs() >= WORTH_TIMING;
    return candidates(List.of(CHANNELS_LAST), mode, WinogradConvolution.fits(spec), worth);
  }

  /** What can be done for a cell, the safest first. */
  static List<CellAlgorithm> candidates(CellSpec spec, ConvolutionMode mode) {
    boolean worth = spec.hidden() >= WORTH_TIMING;
    return candidates(direct(spec), mode, WinogradConvolution.fits(spec), worth);
  }

  private static List<CellAlgorithm> direct(CellSpec spec) {
    var all = new ArrayList<CellAlgorithm>(List.of(CHANNELS_LAST));
    int block = OneDnn.isa().startsWith("avx512") ? 16 : 8;
    for (var blocks : List.of(BLOCKS_OF_8, BLOCKS_OF_16)) {
      var layout = blocks.layout;
      if (layout.block() == block && layout.fits(spec.hidden()) && layout.fits(spec.inputs())) {
        all.add(blocks);
      }
    }
    return all;
  }
}
