package dev.sluice.nn;

import dev.sluice.spi.RnnSpec;
import dev.sluice.weights.HostTensor;
import java.util.LinkedHashMap;
import java.util.Map;

/** The weights of a GRU under another convention. */
public final class GruWeights {
  private GruWeights() {}

  /**
   * {@return weights with which one network computes what the other did} Between the blends: s(-a)
   * = 1 - s(a), so the rows of z are negated in every weight and bias, and so are their gradients.
   *
   * @param from the network that the weights are of
   * @param to the network that they are for
   * @param weights by PyTorch's names, float[] or double[]
   * @throws IllegalArgumentException between the resets: W (r h) is not r (W h), no weights of one
   *     give the other
   */
  public static Map<String, HostTensor> convert(
      RnnSpec from, RnnSpec to, Map<String, HostTensor> weights) {
    if (from.kind() != to.kind()) {
      throw new IllegalArgumentException(
          "gru: weights of "
              + from.kind()
              + " cannot be converted to "
              + to.kind()
              + ": expected the same kind on both sides, since r (W h) is not W (r h); run them"
              + " with the reset that they were trained with, or train again");
    }
    if (!from.weights().equals(to.weights())) {
      throw new IllegalArgumentException(
          "gru: conversion: expected networks of equal sizes, got " + from + " and " + to);
    }
    var converted = new LinkedHashMap<>(weights);
    if (from.blend() != to.blend()) {
      from.weights().keySet().forEach(name -> converted.put(name, negated(name, from, weights)));
    }
    return converted;
  }

  private static HostTensor negated(String name, RnnSpec spec, Map<String, HostTensor> weights) {
    var tensor = weights.get(name);
    if (tensor == null || !tensor.shape().equals(spec.weights().get(name))) {
      throw new IllegalArgumentException(
          "gru: conversion: "
              + name
              + ": expected "
              + spec.weights().get(name)
              + ", got "
              + (tensor == null ? "none" : tensor.shape()));
    }
    int rows = Math.toIntExact(tensor.shape().elements() / 3);
    return new HostTensor(
        tensor.shape(),
        switch (tensor.data()) {
          case float[] floats -> {
            var copy = floats.clone();
            for (int i = rows; i < 2 * rows; i++) {
              copy[i] = -copy[i];
            }
            yield copy;
          }
          case double[] doubles -> {
            var copy = doubles.clone();
            for (int i = rows; i < 2 * rows; i++) {
              copy[i] = -copy[i];
            }
            yield copy;
          }
          default ->
              throw new IllegalArgumentException(
                  "gru: conversion: " + name + ": expected float[] or double[]");
        });
  }
}
