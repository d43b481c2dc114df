package dev.sluice;

/** The device, or the cap set on it, has no room for an allocation; the device stays usable. */
public final class OutOfDeviceMemoryException extends NativeException {
  private static final long serialVersionUID = 1;

  /**
   * An exception.
   *
   * @param call what asked for memory
   * @param code the native status, or 0 where a cap of ours refused
   * @param status the name of that status
   * @param reason asked, free, total, and what to do
   */
  public OutOfDeviceMemoryException(String call, int code, String status, String reason) {
    super(call, code, status, reason);
  }
}
