package dev.sluice.nn;

import dev.sluice.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The gradients of a pass's tensors: of which they are wanted, and where they lie. A tensor's is
 * its base's, so that views share one; memory of gradients that nobody will read again is used for
 * others.
 */
final class Adjoints {
  private final Pass pass;

  /** Of each base that is watched; null until something is added. */
  private final Map<Tensor, Tensor> gradients = new IdentityHashMap<>();

  /** Watched until they are spent. */
  private final Set<Tensor> passing = Collections.newSetFromMap(new IdentityHashMap<>());

  private final List<Tensor> free = new ArrayList<>();

  Adjoints(Pass pass) {
    this.pass = pass;
  }

  /** Keeps the gradient from here on, for as long as the pass. */
  void watch(Tensor tensor) {
    gradients.putIfAbsent(tensor.base(), null);
    passing.remove(tensor.base());
  }

  /** Keeps the gradient until it is {@link #spent}, unless somebody watches the tensor. */
  void watchUntilSpent(Tensor tensor) {
    watch(tensor);
    passing.add(tensor.base());
  }

  /** Whether nobody but who made the tensor watches it. */
  boolean passes(Tensor tensor) {
    return passing.contains(tensor.base());
  }

  /** Says that nobody will read the gradient again. */
  void spent(Tensor tensor) {
    if (passing.remove(tensor.base())) {
      var gradient = gradients.remove(tensor.base());
      if (gradient != null) {
        free.add(gradient);
      }
    }
  }

  /** Says where the gradient of a base lies. */
  void lies(Tensor base, Tensor gradient) {
    gradients.put(base, gradient);
  }

  /** Takes a gradient that nobody else will read: as it is where the tensor is whole. */
  void receive(Tensor tensor, Tensor gradient) {
    if (tensor == tensor.base() && gradients.get(tensor) == null) {
      gradients.put(tensor, gradient);
    } else {
      pass.copy(gradient, of(tensor));
    }
  }

  boolean wanted(Tensor tensor) {
    return gradients.containsKey(tensor.base());
  }

  /** Null where nothing was added. */
  Tensor arrived(Tensor tensor) {
    return gradients.get(tensor.base()) == null ? null : of(tensor);
  }

  /** Zero where nothing was added. */
  Tensor of(Tensor tensor) {
    var base = tensor.base();
    var gradient = gradients.get(base);
    if (gradient == null) {
      gradient = zeros(base);
      gradients.put(base, gradient);
    }
    return tensor.viewOf(gradient);
  }

  private Tensor zeros(Tensor like) {
    for (var tensor : free) {
      if (tensor.type() == like.type() && tensor.shape().equals(like.shape())) {
        free.remove(tensor);
        pass.fill(tensor, 0);
        return tensor;
      }
    }
    return pass.zeros(like.type(), like.shape());
  }
}
