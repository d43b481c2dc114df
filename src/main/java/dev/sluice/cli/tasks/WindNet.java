package dev.sluice.cli.tasks;

import dev.sluice.DType;
import dev.sluice.DeviceArena;
import dev.sluice.Tensor;
import dev.sluice.nn.Conv2d;
import dev.sluice.nn.ConvGru;
import dev.sluice.nn.ConvLstm;
import dev.sluice.nn.Layer;
import dev.sluice.nn.Parameter;
import dev.sluice.nn.Pass;
import dev.sluice.weights.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * x: [T, N, H, W, C] to the frame that follows, [N, H, W, 2]: layers of ConvLSTM or ConvGRU and a
 * 1x1 convolution of the highest one's last output. Parameters: those of the cells with suffixes
 * {@code _l0, _l1, ...}, then {@code weight} and {@code bias} of the convolution.
 */
final class WindNet implements Layer {
  /** A cell of either kind. */
  private interface Cell {
    Tensor forward(Pass pass, Tensor x);
  }

  private final List<Parameter> parameters = new ArrayList<>();
  private final List<Cell> cells = new ArrayList<>();
  private final Conv2d head;

  /**
   * A network.
   *
   * @param gru whether the cells are ConvGRU
   * @param inputs C
   * @param hidden channels of each layer, lowest first
   * @param kernel of the cells, odd
   */
  WindNet(
      boolean gru,
      int inputs,
      List<Integer> hidden,
      int kernel,
      int outputs,
      Weights weights,
      DeviceArena arena) {
    int below = inputs;
    for (int l = 0; l < hidden.size(); l++) {
      int k = hidden.get(l);
      if (gru) {
        var config = new ConvGru.Config(below, k, kernel);
        var cell = new ConvGru(config, DType.FLOAT32, "_l" + l, weights, arena);
        add(cell, (pass, x) -> cell.forward(pass, x, null).y());
      } else {
        var config = new ConvLstm.Config(below, k, kernel);
        var cell = new ConvLstm(config, DType.FLOAT32, "_l" + l, weights, arena);
        add(cell, (pass, x) -> cell.forward(pass, x, null).y());
      }
      below = k;
    }
    head = new Conv2d(below, outputs, 1, weights, arena);
    parameters.addAll(head.parameters());
  }

  private void add(Layer layer, Cell cell) {
    parameters.addAll(layer.parameters());
    cells.add(cell);
  }

  @Override
  public List<Parameter> parameters() {
    return parameters;
  }

  Tensor forward(Pass pass, Tensor x) {
    var y = x;
    for (var cell : cells) {
      y = cell.forward(pass, y);
    }
    return head.forward(pass, y.at(y.shape().dim(0) - 1));
  }
}
