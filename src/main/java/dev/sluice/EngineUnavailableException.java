package dev.sluice;

/** No engine of the wanted kind opens on this machine; the message lists each with its reason. */
public final class EngineUnavailableException extends SluiceException {
  private static final long serialVersionUID = 1;

  private final String diagnosis;

  /**
   * An exception.
   *
   * @param message the engines that were asked and why each refused
   */
  public EngineUnavailableException(String message) {
    this(message, message);
  }

  /**
   * An exception with a diagnosis.
   *
   * @param message the files that were looked at and why each was refused
   * @param diagnosis one paragraph: what is wrong with which file, and what mends it
   */
  public EngineUnavailableException(String message, String diagnosis) {
    super(message);
    this.diagnosis = diagnosis;
  }

  /**
   * An exception with a cause.
   *
   * @param message the engines that were asked and why each refused
   * @param cause the failure behind it
   */
  public EngineUnavailableException(String message, Throwable cause) {
    super(message, cause);
    this.diagnosis = message;
  }

  /** {@return one paragraph: what is wrong, where, and what mends it} */
  public String diagnosis() {
    return diagnosis;
  }
}
