package dev.sluice;

/** No engine of the wanted kind opens on this machine; the message lists each with its reason. */
public final class EngineUnavailableException extends SluiceException {
  private static final long serialVersionUID = 1;

  /**
   * An exception.
   *
   * @param message the engines that were asked and why each refused
   */
  public EngineUnavailableException(String message) {
    super(message);
  }

  /**
   * An exception with a cause.
   *
   * @param message the engines that were asked and why each refused
   * @param cause the failure behind it
   */
  public EngineUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
