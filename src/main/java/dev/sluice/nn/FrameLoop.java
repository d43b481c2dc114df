package dev.sluice.nn;

import dev.sluice.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The loop of a model that makes each frame from those before, step by step through all layers.
 *
 * @param reading what each step reads
 * @param climb a step through the layers
 * @param head makes the frame of the highest h
 */
record FrameLoop(FrameSampling.Reading reading, Climb climb, Head head) {
  private static final double[] ZERO = {0};

  /** One step through all layers. */
  @FunctionalInterface
  interface Climb {
    /**
     * {@return the highest h}
     *
     * @param states before, replaced by those after
     * @param also where to leave what else is kept of this step
     */
    Tensor up(Pass pass, Tensor x, List<Tensor> states, List<Tensor> also);
  }

  /** Adds the frame that it makes of x to y. */
  @FunctionalInterface
  interface Head {
    /** Adds to y, watched. */
    void addTo(Pass pass, Tensor x, Tensor y);
  }

  /**
   * Makes frames.
   *
   * @param x [T', ...] the frames that may be read, or null
   * @param made the prediction before the first step, or null
   * @param states before the first step
   * @param y [S, ...] one frame a step, watched, written
   * @param also [S, ...] each, watched, what else the steps write
   * @return the states after the last step
   */
  List<Tensor> run(
      Pass pass, Tensor x, Tensor made, List<Tensor> states, Tensor y, List<Tensor> also) {
    var before = new ArrayList<Tensor>(Arrays.asList(made));
    before.addAll(states);
    var kept = new ArrayList<Tensor>(List.of(y));
    kept.addAll(also);
    return Segments.run(pass, y.shape().size(0), Arrays.asList(x), before, kept, this::steps);
  }

  private List<Tensor> steps(
      Pass pass,
      int from,
      List<Tensor> read,
      List<Tensor> before,
      List<Tensor> kept,
      List<Tensor> after) {
    var made = before.getFirst();
    var states = new ArrayList<>(before.subList(1, before.size()));
    var y = kept.getFirst();
    // The head adds, so that it can write a prediction to its place.
    pass.device().backend().kernel("fill").run(pass.stream(), ZERO, y);
    var x = read.getFirst();
    for (int i = 0; i < y.shape().size(0); i++) {
      int at = i;
      var given = x != null && i < x.shape().dim(0) ? x.at(i) : null;
      var also = kept.subList(1, kept.size()).stream().map(tensor -> tensor.at(at)).toList();
      var top = climb.up(pass, reading.at(pass, from + i, given, made), states, also);
      made = y.at(i);
      head.addTo(pass, top, made);
    }
    return states;
  }
}
