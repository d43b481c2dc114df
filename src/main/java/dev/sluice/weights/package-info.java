/**
 * Where the numbers of a model come from and go to: {@link dev.sluice.weights.Weights} are taken by
 * name, from a file or a seed; {@link dev.sluice.weights.Safetensors} reads and writes the files;
 * {@link dev.sluice.weights.AtomicFile} replaces a file whole or not at all.
 */
package dev.sluice.weights;
