package dev.sluice.cuda;

import static dev.sluice.bindings.cudnn.Cudnn_h.*;

import dev.sluice.spi.RnnSpec;
import java.util.List;

/** How cuDNN steps through sequences; the persistent ones keep W_hh on the chip. */
enum RnnAlgorithm {
  STANDARD,
  PERSIST_STATIC,
  PERSIST_STATIC_SMALL_H,
  /** Compiled for its batch when it is made. */
  PERSIST_DYNAMIC;

  /** {@return those worth a trial, {@link #STANDARD}, which takes everything, first} */
  static List<RnnAlgorithm> candidates(RnnSpec spec, RnnSpec.Run run) {
    boolean standardOnly =
        run.lengths() || !spec.bias() || spec.projection() > 0 || spec.clip().active();
    return standardOnly ? List.of(STANDARD) : List.of(values());
  }

  int code() {
    return switch (this) {
      case STANDARD -> CUDNN_RNN_ALGO_STANDARD();
      case PERSIST_STATIC -> CUDNN_RNN_ALGO_PERSIST_STATIC();
      case PERSIST_STATIC_SMALL_H -> CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H();
      case PERSIST_DYNAMIC -> CUDNN_RNN_ALGO_PERSIST_DYNAMIC();
    };
  }
}
