package dev.sluice.cpu;

import static dev.sluice.bindings.onednn.Dnnl_h.*;

/** How frames lie in memory inside the engine; outside of it they are channels-last. */
enum Layout {
  /** [N, H, W, C]. */
  CHANNELS_LAST(1),
  /** [N, C / 8, H, W, 8]. */
  BLOCKS_OF_8(8),
  /** [N, C / 16, H, W, 16]. */
  BLOCKS_OF_16(16);

  private final int block;

  Layout(int block) {
    this.block = block;
  }

  int tag() {
    return switch (this) {
      case CHANNELS_LAST -> dnnl_nhwc();
      case BLOCKS_OF_8 -> dnnl_aBcd8b();
      case BLOCKS_OF_16 -> dnnl_nChw16c();
    };
  }

  int block() {
    return block;
  }

  boolean fits(int channels) {
    return channels % block == 0;
  }
}
