package dev.sluice.spi;

/**
 * A convolutional cell, fused, over one step or a whole sequence: {@link RnnPlan} with frames.
 * Weights in the order of {@link CellSpec.Kind}; x [T, N, H, W, C], y [T, N, H, W, K], states [N,
 * H, W, K].
 */
public interface CellPlan extends RnnPlan {}
