package dev.sluice;

/** Everything that goes wrong in Sluice and is not plain wrong use of a method. */
public abstract sealed class SluiceException extends RuntimeException
    permits NativeException, EngineUnavailableException, FormatException {
  private static final long serialVersionUID = 1;

  SluiceException(String message) {
    super(message);
  }

  SluiceException(String message, Throwable cause) {
    super(message, cause);
  }
}
