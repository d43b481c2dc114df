package dev.sluice.spi;

import dev.sluice.Device;

/** A way to run; found by {@link java.util.ServiceLoader}. */
public interface Engine {
  /** {@return the word users choose it by: {@code cpu}, {@code cuda}} */
  String name();

  /** {@return where {@code auto} asks it: higher first} */
  int preference();

  /** {@return what it found on this machine; never throws} */
  EngineReport report();

  /**
   * {@return the engine, ready to run}
   *
   * @param options thread count and the like
   * @throws dev.sluice.EngineUnavailableException saying what was looked for, and where
   */
  Backend open(Device.Options options);
}
