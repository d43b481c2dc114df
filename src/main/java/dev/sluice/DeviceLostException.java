package dev.sluice;

/**
 * A sticky error: the device answers nothing any more. The first cause is kept and thrown again at
 * once by every later call, without asking the driver.
 */
public final class DeviceLostException extends NativeException {
  private static final long serialVersionUID = 1;

  /**
   * An exception.
   *
   * @param call the C function that found the device lost
   * @param code what it returned
   * @param status the name of that code
   * @param reason what the library said besides, or an empty string
   */
  public DeviceLostException(String call, int code, String status, String reason) {
    super(call, code, status, reason);
  }
}
