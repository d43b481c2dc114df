package dev.sluice.cuda;

import static dev.sluice.bindings.cudnn.Cudnn_h.*;
import static dev.sluice.cuda.CudnnSequence.at;

import dev.sluice.spi.RnnSpec;
import java.lang.foreign.MemorySegment;

/** One way back through a {@link CudnnSequence}, laid out over scratch memory. */
final class CudnnBackward {
  private final CudnnSequence plan;
  private final RnnSpec spec;
  private final RnnSizes sizes;
  private final RnnNetwork network;
  private final MemorySegment descriptor;
  private final CudaStream stream;
  private final RnnEnds ends;
  private final long packed;
  private final RnnPlaces values;
  private final RnnPlaces gradients;
  private final long reserve;
  private final long x;
  private final long y;
  private final long workspace;
  private final long weights;
  private final long dx;
  private final long dyCopy;

  /** For each state: what cuDNN gives, what it gets, what passes it by. */
  private final long[] initial;

  private final long[] last;
  private final long[] past;

  CudnnBackward(
      CudnnSequence plan,
      CudaStream stream,
      long packed,
      RnnPlaces values,
      RnnPlaces gradients,
      long reserve) {
    this.plan = plan;
    this.network = plan.network;
    this.descriptor = plan.on(stream).handle();
    this.spec = network.spec();
    this.sizes = plan.sizes;
    this.stream = stream;
    this.ends = new RnnEnds(stream, sizes, values.lengths());
    this.packed = packed;
    this.values = values;
    this.gradients = gradients;
    var kept = plan.cut(reserve);
    this.reserve = kept[0];
    this.x = values.empty() ? kept[1] : values.x();
    this.y = values.empty() ? kept[2] : values.y();
    int states = spec.kind().states();
    this.initial = new long[states];
    this.last = new long[states];
    this.past = new long[states];
    var at = stream.planScratch(scratch(gradients.y() == 0 || values.empty()));
    this.workspace = at[0];
    this.weights = at[1];
    this.dx = at[2];
    this.dyCopy = at[3];
    for (int i = 0; i < states; i++) {
      initial[i] = gradients.initial()[i] == 0 ? 0 : at[4 + 3 * i];
      last[i] = at[5 + 3 * i];
      past[i] = at[6 + 3 * i];
    }
  }

  private long[] scratch(boolean ownGradient) {
    var bytes = new long[4 + 3 * initial.length];
    bytes[0] = plan.workspaceSize;
    bytes[1] = network.weightBytes();
    bytes[2] = sizes.sequenceBytes(spec.input());
    bytes[3] = ownGradient ? sizes.sequenceBytes(sizes.outputs()) : 0;
    for (int state = 0; state < initial.length; state++) {
      bytes[4 + 3 * state] = sizes.stateBytes(state);
      bytes[5 + 3 * state] = sizes.padded() ? sizes.stateBytes(state) : 0;
      bytes[6 + 3 * state] = sizes.padded() ? sizes.stateBytes(state) : 0;
    }
    return bytes;
  }

  private long elements(int width) {
    return sizes.elements(values.ends(), width);
  }

  void enqueue(long[] weightGradients) {
    long dy = outputGradient();
    divideLast();
    data(dy);
    addStates();
    if (gradients.x() != 0) {
      if (sizes.padded()) {
        ends.mask(dx, dx, spec.input());
      }
      CudaKernels.add(stream, spec.type(), dx, gradients.x(), elements(spec.input()));
    }
    weights();
    network.weights(stream.cudnn(), packed).addGradients(stream, weights, weightGradients);
  }

  /** cuDNN needs one, and one that is zero where a sequence is empty. */
  private long outputGradient() {
    if (gradients.y() == 0) {
      stream.zero(dyCopy, sizes.bytes(elements(sizes.outputs())));
      return dyCopy;
    }
    if (values.empty()) {
      ends.mask(gradients.y(), dyCopy, sizes.outputs());
      return dyCopy;
    }
    return gradients.y();
  }

  /** The gradients of empty sequences' last states are those of the initial ones. */
  private void divideLast() {
    for (int state = 0; state < last.length; state++) {
      if (!values.empty() || gradients.last()[state] == 0) {
        last[state] = gradients.last()[state];
        past[state] = 0;
      } else {
        stream.copy(gradients.last()[state], past[state], sizes.stateBytes(state));
      }
    }
    ends.divide(past, last);
  }

  private void data(long dy) {
    var states = new CudnnSequence.States(values.initial(), last, initial);
    var shape = plan.shape;
    var cudnn = stream.cudnn();
    cudnn.check(
        "cudnnRNNBackwardData_v8",
        () ->
            cudnnRNNBackwardData_v8(
                cudnn.handle(),
                descriptor,
                at(values.compared()),
                shape.y(),
                at(y),
                at(dy),
                shape.x(),
                at(dx),
                shape.h(),
                states.h(0),
                states.h(1),
                states.h(2),
                shape.c(),
                states.c(0),
                states.c(1),
                states.c(2),
                network.weightBytes(),
                at(packed),
                plan.workspaceSize,
                at(workspace),
                plan.reserveSize,
                at(reserve)));
  }

  private void addStates() {
    for (int state = 0; state < initial.length; state++) {
      if (initial[state] != 0) {
        long count = sizes.stateBytes(state) / spec.type().bytes();
        CudaKernels.add(stream, spec.type(), initial[state], gradients.initial()[state], count);
        if (past[state] != 0) {
          CudaKernels.add(stream, spec.type(), past[state], gradients.initial()[state], count);
        }
      }
    }
  }

  /** cuDNN adds, to zeros here: where our gradients lie is not its layout. */
  private void weights() {
    stream.zero(weights, network.weightBytes());
    var shape = plan.shape;
    var cudnn = stream.cudnn();
    cudnn.check(
        "cudnnRNNBackwardWeights_v8",
        () ->
            cudnnRNNBackwardWeights_v8(
                cudnn.handle(),
                descriptor,
                CUDNN_WGRAD_MODE_ADD(),
                at(values.compared()),
                shape.x(),
                at(x),
                shape.h(),
                at(values.initial()[0]),
                shape.y(),
                at(y),
                network.weightBytes(),
                at(weights),
                plan.workspaceSize,
                at(workspace),
                plan.reserveSize,
                at(reserve)));
  }
}
