package dev.sluice.cuda;

import static dev.sluice.bindings.cudnn.Cudnn_h.*;

import dev.sluice.NativeException;
import dev.sluice.OutOfDeviceMemoryException;
import dev.sluice.bindings.cudnn.cudnnCallback_t;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;

/**
 * A cuDNN handle and its graph API, statuses checked, out-parameters folded; no policy. What cuDNN
 * says besides a status comes through its callback, at the level of warnings, since the text of its
 * last error is empty where something is merely not supported.
 */
final class Cudnn implements AutoCloseable {
  private static final ThreadLocal<List<String>> SAID = ThreadLocal.withInitial(ArrayList::new);
  private static final int MOST_SAID = 8;
  private static final long MOST_TEXT = 16 << 10;

  private static boolean listening;

  private final Driver driver;
  private final MemorySegment handle;

  /** A handle for a stream of the driver's device. */
  Cudnn(Driver driver, MemorySegment stream) {
    this.driver = driver;
    driver.enter();
    listen();
    try (var arena = Arena.ofConfined()) {
      var out = arena.allocate(ValueLayout.ADDRESS);
      check("cudnnCreate", () -> cudnnCreate(out));
      this.handle = out.get(ValueLayout.ADDRESS, 0);
    }
    try {
      check("cudnnSetStream", () -> cudnnSetStream(handle, stream));
    } catch (NativeException e) {
      close();
      throw e;
    }
  }

  static long version() {
    return cudnnGetVersion();
  }

  /** 13000 for CUDA 13.0. */
  static int cudaVersion() {
    return (int) cudnnGetCudartVersion();
  }

  /** "" or which of cuDNN's libraries are of another version than the first. */
  static String partsFit() {
    var misfits = new ArrayList<String>();
    addMisfit(misfits, "libcudnn_graph", cudnnGraphVersionCheck());
    addMisfit(misfits, "libcudnn_ops", cudnnOpsVersionCheck());
    addMisfit(misfits, "libcudnn_cnn", cudnnCnnVersionCheck());
    addMisfit(misfits, "libcudnn_adv", cudnnAdvVersionCheck());
    return String.join(", ", misfits);
  }

  private static void addMisfit(List<String> misfits, String library, int status) {
    if (status != CUDNN_STATUS_SUCCESS()) {
      misfits.add(library + " (" + name(status) + ")");
    }
  }

  private static String name(int status) {
    return cudnnGetErrorString(status).getString(0);
  }

  /** Once a process. */
  private static synchronized void listen() {
    if (!listening) {
      var callback = cudnnCallback_t.allocate(Cudnn::said, Arena.global());
      cudnnSetCallback(CUDNN_SEV_ERROR_EN() | CUDNN_SEV_WARNING_EN(), MemorySegment.NULL, callback);
      listening = true;
    }
  }

  /** Strings behind one another, each ended by a zero, the last by two. */
  @SuppressWarnings("restricted")
  private static void said(
      int severity, MemorySegment user, MemorySegment debug, MemorySegment message) {
    try {
      var text = message.reinterpret(MOST_TEXT);
      var said = SAID.get();
      for (long at = 0; at < MOST_TEXT && text.get(ValueLayout.JAVA_BYTE, at) != 0; ) {
        var line = text.getString(at);
        at += line.getBytes(java.nio.charset.StandardCharsets.UTF_8).length + 1;
        if (said.size() < MOST_SAID && !line.isBlank()) {
          said.add(line.strip());
        }
      }
    } catch (Throwable e) {
      // An exception that left an upcall would end the process.
    }
  }

  void check(String call, IntSupplier run) {
    driver.enter();
    SAID.get().clear();
    int status = run.getAsInt();
    if (status != CUDNN_STATUS_SUCCESS()) {
      throw driver.explain(failure(call, status));
    }
  }

  private static NativeException failure(String call, int status) {
    var reason = String.join("; ", SAID.get());
    if (reason.isEmpty()) {
      try (var arena = Arena.ofConfined()) {
        var text = arena.allocate(1024);
        cudnnGetLastErrorString(text, 1024);
        reason = text.getString(0).strip();
      }
    }
    return status == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED()
            || status == CUDNN_STATUS_ALLOC_FAILED()
        ? new OutOfDeviceMemoryException(call, status, name(status), reason)
        : new NativeException(call, status, name(status), reason);
  }

  MemorySegment handle() {
    return handle;
  }

  /** Destroys something; on a lost device it is left alone. */
  void destroy(IntSupplier destroy, String kind) {
    free("cudnnBackendDestroyDescriptor(" + kind + ")", destroy);
  }

  /** Gives something back; on a lost device it is left alone. */
  void free(String call, IntSupplier destroy) {
    if (driver.lost() == null) {
      check(call, destroy);
    }
  }

  /** Runs a plan. */
  void execute(MemorySegment plan, MemorySegment variantPack) {
    check("cudnnBackendExecute", () -> cudnnBackendExecute(handle, plan, variantPack));
  }

  /** Destroys the handle; on a lost device it is left alone. */
  @Override
  public void close() {
    if (driver.lost() == null) {
      check("cudnnDestroy", () -> cudnnDestroy(handle));
    }
  }
}
