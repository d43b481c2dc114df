package dev.sluice;

/**
 * A native call that answered with an error: {@code cudnnRNNForward returned
 * CUDNN_STATUS_NOT_SUPPORTED (3000): projSize > hiddenSize}.
 */
public sealed class NativeException extends SluiceException
    permits OutOfDeviceMemoryException, DeviceLostException {
  private static final long serialVersionUID = 1;

  private final String call;
  private final int code;
  private final String status;
  private final String reason;

  /**
   * An exception.
   *
   * @param call the C function's name
   * @param code what it returned
   * @param status the name of that code in the library's own header
   * @param reason what the library said besides, or an empty string
   */
  public NativeException(String call, int code, String status, String reason) {
    super(message(call, code, status, reason));
    this.call = call;
    this.code = code;
    this.status = status;
    this.reason = reason;
  }

  private static String message(String call, int code, String status, String reason) {
    var head = call + " returned " + status + " (" + code + ")";
    return reason.isEmpty() ? head : head + ": " + reason;
  }

  /** {@return the C function that failed} */
  public String call() {
    return call;
  }

  /** {@return the number that it returned} */
  public int code() {
    return code;
  }

  /** {@return the name of that number} */
  public String status() {
    return status;
  }

  /** {@return what the library said besides, or an empty string} */
  public String reason() {
    return reason;
  }
}
