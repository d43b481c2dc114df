package dev.sluice.nn;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Tensor;
import dev.sluice.spi.RnnSpec.Blend;
import dev.sluice.weights.Weights;
import java.util.List;

/** A layer of a model of frames, whichever its cell: x: [T, N, H, W, C] to y: [T, N, H, W, K]. */
sealed interface FrameLayer extends Layer {
  /**
   * What a sequence gives.
   *
   * @param y [T, N, H, W, K]
   * @param last [N, H, W, K] each: h, or h and c
   */
  record Output(Tensor y, List<Tensor> last) {}

  /**
   * Runs a sequence.
   *
   * @param x [T, N, H, W, C]
   * @param before [N, H, W, K] each, or null for zeros
   */
  Output forward(Pass pass, Tensor x, List<Tensor> before);

  /** Runs a layer that gets no input, for so many steps. */
  Output forward(Pass pass, int steps, List<Tensor> before);

  /**
   * Makes a layer.
   *
   * @param inputs C, 0 for a layer that gets no input
   * @param peephole the size of the frames, or null without peepholes
   * @param suffix of its parameters' names
   */
  static FrameLayer of(
      FrameCell cell,
      int inputs,
      int hidden,
      int kernel,
      ConvLstm.Config.Frame peephole,
      DType type,
      String suffix,
      Weights weights,
      DeviceArena arena) {
    return switch (cell) {
      case CONV_LSTM -> {
        var config = new ConvLstm.Config(inputs, hidden, kernel, kernel, peephole);
        yield new Lstm(new ConvLstm(config, type, suffix, weights, arena));
      }
      case CONV_GRU -> {
        var config =
            new ConvGru.Config(inputs, hidden, kernel, kernel, ConvGru.Reset.BEFORE, Blend.KEEP);
        yield new Gru(new ConvGru(config, type, suffix, weights, arena));
      }
    };
  }

  /** Says where a model of these layers makes no sense. */
  static void check(
      String model,
      FrameCell cell,
      int channels,
      List<Integer> hidden,
      ConvLstm.Config.Frame peephole) {
    if (channels < 1 || hidden.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: expected channels >= 1 and at least one layer, got %d and %s"
              .formatted(model, channels, hidden));
    }
    if (cell != FrameCell.CONV_LSTM && peephole != null) {
      throw new IllegalArgumentException(
          "%s: peepholes are for %s, got %s".formatted(model, FrameCell.CONV_LSTM, cell));
    }
  }

  /** ConvLSTM. */
  record Lstm(ConvLstm cell) implements FrameLayer {
    @Override
    public List<Parameter> parameters() {
      return cell.parameters();
    }

    @Override
    public Output forward(Pass pass, Tensor x, List<Tensor> before) {
      return output(cell.forward(pass, x, before == null ? null : state(before)));
    }

    @Override
    public Output forward(Pass pass, int steps, List<Tensor> before) {
      return output(cell.forward(pass, steps, state(before)));
    }

    private static ConvLstm.State state(List<Tensor> before) {
      return new ConvLstm.State(before.get(0), before.get(1));
    }

    private static Output output(ConvLstm.Output output) {
      return new Output(output.y(), List.of(output.last().h(), output.last().c()));
    }
  }

  /** ConvGRU. */
  record Gru(ConvGru cell) implements FrameLayer {
    @Override
    public List<Parameter> parameters() {
      return cell.parameters();
    }

    @Override
    public Output forward(Pass pass, Tensor x, List<Tensor> before) {
      return output(cell.forward(pass, x, before == null ? null : before.getFirst()));
    }

    @Override
    public Output forward(Pass pass, int steps, List<Tensor> before) {
      return output(cell.forward(pass, steps, before.getFirst()));
    }

    private static Output output(ConvGru.Output output) {
      return new Output(output.y(), List.of(output.h()));
    }
  }
}
