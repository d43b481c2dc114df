package dev.sluice.cli.verify;

/** A case asks for something that the library, the engine or its runner does not have. */
final class NotSupported extends RuntimeException {
  private static final long serialVersionUID = 1;

  NotSupported(String reason) {
    super(reason);
  }
}
