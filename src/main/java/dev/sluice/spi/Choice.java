package dev.sluice.spi;

/**
 * How an engine does one of its plans.
 *
 * @param what the plan is for: {@code lstm}, {@code convolution 3x3}
 * @param algorithm in the engine's own words
 * @param layout how tensors lie inside
 */
public record Choice(String what, String algorithm, String layout) {}
