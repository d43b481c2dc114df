package dev.sluice.cpu;

/**
 * Whether the Vector API's incubator module is there, an option of the JVM's command line, asked
 * without touching its classes. {@code -Dsluice.plain=true} does without it all the same.
 */
final class VectorApi {
  static final boolean PRESENT =
      ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()
          && !Boolean.getBoolean("sluice.plain");

  private VectorApi() {}
}
