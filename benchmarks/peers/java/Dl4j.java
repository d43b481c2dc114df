package dev.sluice.peers;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;

/** Deeplearning4j's LSTM and SimpleRnn on nd4j-native; it has no GRU and no cells over frames. */
final class Dl4j implements Service.Library {
  private Dl4j() {}

  /** Serves. */
  public static void main(String[] args) throws IOException {
    Service.serve(new Dl4j());
  }

  @Override
  public Map<String, Object> start(int threads) {
    Nd4j.getEnvironment().setMaxThreads(threads);
    Nd4j.getEnvironment().setMaxMasterThreads(threads);
    NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(threads);
    var jar = MultiLayerNetwork.class.getProtectionDomain().getCodeSource().getLocation();
    var version = jar.getPath().replaceFirst(".*deeplearning4j-nn-(.*)\\.jar", "$1");
    return Map.of("name", "DL4J", "version", version);
  }

  @Override
  public Service.Work open(Given given) {
    given.plain();
    if (given.overFrames() || given.cell().equals("gru")) {
      throw new UnsupportedOperationException("it has no such cell");
    }
    if (given.directions() == 2) {
      throw new UnsupportedOperationException("both directions are not raced here");
    }
    return new Network(given);
  }

  /** Layers over sequences in DL4J's own order of axes, [N, C, T]. */
  private static final class Network implements Service.Work {
    private final Given given;
    private final MultiLayerNetwork network;
    private final INDArray x;
    private final INDArray dy;

    Network(Given given) {
      this.given = given;
      var layers = new NeuralNetConfiguration.Builder().list();
      for (int l = 0; l < given.layers(); l++) {
        layers.layer(layer(l == 0 ? given.input() : given.hidden()));
      }
      network = new MultiLayerNetwork(layers.build());
      network.init();
      for (int l = 0; l < given.layers(); l++) {
        set(l + "_W", columns("weight_ih_l" + l));
        set(l + "_RW", columns("weight_hh_l" + l));
        set(l + "_b", Given.sum(columns("bias_ih_l" + l), columns("bias_hh_l" + l)));
      }
      x = theirs("x");
      dy = given.training() ? theirs("dy") : null;
    }

    private FeedForwardLayer layer(int input) {
      return given.cell().equals("lstm")
          ? new LSTM.Builder()
              .nIn(input)
              .nOut(given.hidden())
              .activation(Activation.TANH)
              .gateActivationFunction(Activation.SIGMOID)
              .build()
          : new SimpleRnn.Builder()
              .nIn(input)
              .nOut(given.hidden())
              .activation(Activation.TANH)
              .build();
    }

    private void set(String name, float[] columns) {
      var array = network.getParam(name);
      array.assign(Nd4j.createFromArray(columns).reshape(array.shape()));
    }

    /** Rows of gates i f g o as columns g f o i, which are an LSTM's here. */
    private float[] columns(String name) {
      var rows = turned(given.floats(name), 2, 1, 3, 0);
      int count = given.shape(name)[0];
      return Given.swap(rows, 1, count, rows.length / count);
    }

    private float[] turned(float[] rows, int... order) {
      return given.cell().equals("lstm") ? Given.blocks(rows, order) : rows;
    }

    private INDArray theirs(String name) {
      var s = given.shape(name);
      return Nd4j.createFromArray(given.floats(name))
          .reshape(s[0], s[1], s[2])
          .permute(1, 2, 0)
          .dup('f');
    }

    @Override
    public boolean shared() {
      return false;
    }

    @Override
    public void round() {
      if (given.training()) {
        train();
      } else {
        network.output(x);
      }
    }

    /** Errors from outside, as DL4J's documentation has it. */
    private Pair<Gradient, INDArray> train() {
      network.setInput(x);
      network.feedForward(true, false);
      return network.backpropGradient(dy, LayerWorkspaceMgr.noWorkspaces());
    }

    @Override
    public Map<String, float[]> results() {
      var all = new LinkedHashMap<String, float[]>();
      all.put("y", ours(network.output(x)));
      if (given.training()) {
        var gradients = train();
        all.put("grad.x", ours(gradients.getSecond()));
        for (int l = 0; l < given.layers(); l++) {
          all.put("grad.weight_ih_l" + l, rows(gradients.getFirst(), l + "_W"));
          all.put("grad.weight_hh_l" + l, rows(gradients.getFirst(), l + "_RW"));
          all.put("grad.bias_ih_l" + l, rows(gradients.getFirst(), l + "_b"));
          all.put("grad.bias_hh_l" + l, all.get("grad.bias_ih_l" + l));
        }
      }
      return all;
    }

    private float[] rows(Gradient gradients, String name) {
      var gradient = gradients.getGradientFor(name);
      var columns = gradient.dup('c').data().asFloat();
      int count = (int) gradient.size(gradient.rank() - 1);
      return turned(Given.swap(columns, 1, columns.length / count, count), 3, 1, 0, 2);
    }

    private static float[] ours(INDArray array) {
      return array.permute(2, 0, 1).dup('c').data().asFloat();
    }

    @Override
    public void close() {
      network.close();
    }
  }
}
