package dev.sluice.nn;

/** The cells that models of frames are stacked of. */
public enum FrameCell {
  /** {@link ConvLstm}. */
  CONV_LSTM,
  /** {@link ConvGru}, the reset before, z keeping the past. */
  CONV_GRU
}
