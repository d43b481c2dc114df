package dev.sluice.peers;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.recurrent.GRU;
import ai.djl.nn.recurrent.LSTM;
import ai.djl.nn.recurrent.RNN;
import ai.djl.nn.recurrent.RecurrentBlock;
import ai.djl.training.ParameterStore;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** DJL's own LSTM, GRU and RNN blocks, whose gates are PyTorch's. */
final class DjlSequence implements Djl.Cell {
  private final RecurrentBlock block;
  private final ParameterStore store;
  private final boolean training;
  private final Map<String, NDArray> parameters = new LinkedHashMap<>();

  DjlSequence(Given given, NDManager arrays) {
    training = given.training();
    var builder =
        switch (given.cell()) {
          case "lstm" -> LSTM.builder();
          case "gru" -> GRU.builder();
          default -> RNN.builder().setActivation(RNN.Activation.TANH);
        };
    builder.setNumLayers(given.layers()).setStateSize(given.hidden());
    builder.optBatchFirst(false).optBidirectional(given.directions() == 2);
    block = build(builder);
    for (var parameter : block.getDirectParameters().values()) {
      var name = ours(parameter.getName());
      var array = array(given, arrays, name);
      array.setRequiresGradient(training);
      parameter.setArray(array);
      parameters.put(name, array);
    }
    store = new ParameterStore(arrays, false);
    block.initialize(arrays, DataType.FLOAT32, Djl.shape(given.shape("x")));
  }

  private static RecurrentBlock build(RecurrentBlock.BaseBuilder<?> builder) {
    return switch (builder) {
      case LSTM.Builder lstm -> lstm.build();
      case GRU.Builder gru -> gru.build();
      case RNN.Builder rnn -> rnn.build();
      default -> throw new IllegalArgumentException(builder.toString());
    };
  }

  /** DJL's r_0_i2h_WEIGHT is our weight_ih_l0_reverse. */
  private static String ours(String theirs) {
    var part = theirs.split("_");
    return part[3].toLowerCase(Locale.ROOT)
        + (part[2].equals("i2h") ? "_ih_l" : "_hh_l")
        + part[1]
        + (part[0].equals("r") ? "_reverse" : "");
  }

  static NDArray array(Given given, NDManager arrays, String name) {
    return arrays.create(given.floats(name), Djl.shape(given.shape(name)));
  }

  @Override
  public NDArray forward(NDArray x) {
    return block.forward(store, new NDList(x), training).head();
  }

  @Override
  public Map<String, float[]> gradients() {
    var all = new LinkedHashMap<String, float[]>();
    parameters.forEach((name, p) -> all.put("grad." + name, p.getGradient().toFloatArray()));
    return all;
  }
}
