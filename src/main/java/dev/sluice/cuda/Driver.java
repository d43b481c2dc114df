package dev.sluice.cuda;

import static dev.sluice.bindings.cuda.Cuda_h.*;

import dev.sluice.DeviceLostException;
import dev.sluice.NativeException;
import dev.sluice.OutOfDeviceMemoryException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Set;
import java.util.function.IntSupplier;
import java.util.function.ToIntFunction;

/**
 * The driver API on one device: its primary context, made current on each thread that calls,
 * statuses checked, out-parameters folded, no policy.
 *
 * <p>After an error that leaves the context broken every call throws the first cause again, without
 * touching the driver; see {@link #lost}.
 */
final class Driver implements AutoCloseable {
  static final int INVALID_VALUE = 1;
  static final int OUT_OF_MEMORY = 2;
  static final int NO_DEVICE = 100;

  /** Errors after which the driver's documentation wants the process, or the context, ended. */
  private static final Set<Integer> STICKY =
      Set.of(4, 214, 220, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721);

  private static final ThreadLocal<Driver> CURRENT = new ThreadLocal<>();

  private final int device;
  private final MemorySegment context;
  private volatile DeviceLostException lost;

  /** Retains the primary context of a device. */
  Driver(int ordinal) {
    this.device = device(ordinal);
    this.context =
        pointer("cuDevicePrimaryCtxRetain", out -> cuDevicePrimaryCtxRetain(out, device));
  }

  static void init() {
    check("cuInit", cuInit(0));
  }

  /** What the driver can do at most: 12020 for CUDA 12.2. */
  static int version() {
    return number("cuDriverGetVersion", out -> cuDriverGetVersion(out));
  }

  static int deviceCount() {
    return number("cuDeviceGetCount", out -> cuDeviceGetCount(out));
  }

  /** The handle of a device, which is not promised to be its ordinal. */
  static int device(int ordinal) {
    return number("cuDeviceGet", out -> cuDeviceGet(out, ordinal));
  }

  static String deviceName(int device) {
    try (var arena = Arena.ofConfined()) {
      var name = arena.allocate(256);
      check("cuDeviceGetName", cuDeviceGetName(name, 256, device));
      return name.getString(0);
    }
  }

  /** {@return GPU- and the identifier, as the driver's own tools print it} */
  static String deviceUuid(int device) {
    try (var arena = Arena.ofConfined()) {
      var uuid = arena.allocate(16);
      check("cuDeviceGetUuid", cuDeviceGetUuid_v2(uuid, device));
      var text = new StringBuilder("GPU");
      for (int i = 0; i < 16; i++) {
        text.append(i == 0 || i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "");
        text.append("%02x".formatted(uuid.get(ValueLayout.JAVA_BYTE, i) & 0xff));
      }
      return text.toString();
    }
  }

  static int attribute(int device, int attribute) {
    return number("cuDeviceGetAttribute", out -> cuDeviceGetAttribute(out, attribute, device));
  }

  static long totalMemory(int device) {
    try (var arena = Arena.ofConfined()) {
      var bytes = arena.allocate(ValueLayout.JAVA_LONG);
      check("cuDeviceTotalMem", cuDeviceTotalMem_v2(bytes, device));
      return bytes.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  private static int number(String call, ToIntFunction<MemorySegment> ask) {
    try (var arena = Arena.ofConfined()) {
      var out = arena.allocate(ValueLayout.JAVA_INT);
      check(call, ask.applyAsInt(out));
      return out.get(ValueLayout.JAVA_INT, 0);
    }
  }

  private static MemorySegment pointer(String call, ToIntFunction<MemorySegment> ask) {
    try (var arena = Arena.ofConfined()) {
      var out = arena.allocate(ValueLayout.ADDRESS);
      check(call, ask.applyAsInt(out));
      return out.get(ValueLayout.ADDRESS, 0);
    }
  }

  private static void check(String call, int code) {
    if (code != 0) {
      throw new NativeException(call, code, name(code), reason(code));
    }
  }

  /** CUDA_ERROR_ILLEGAL_ADDRESS. */
  private static String name(int code) {
    return text(code, out -> cuGetErrorName(code, out), "an unknown status");
  }

  private static String reason(int code) {
    return text(code, out -> cuGetErrorString(code, out), "");
  }

  private static String text(int code, ToIntFunction<MemorySegment> ask, String otherwise) {
    try (var arena = Arena.ofConfined()) {
      var out = arena.allocate(ValueLayout.ADDRESS);
      return ask.applyAsInt(out) == 0 ? out.get(C_POINTER, 0).getString(0) : otherwise;
    }
  }

  /** The first error that broke the context, or null. */
  DeviceLostException lost() {
    return lost;
  }

  /** Throws if the device is lost; else makes its context current on this thread. */
  void enter() {
    if (lost != null) {
      throw again();
    }
    // A virtual thread goes on where another may have made its own context current.
    if (CURRENT.get() != this || Thread.currentThread().isVirtual()) {
      judge("cuCtxSetCurrent", cuCtxSetCurrent(context));
      CURRENT.set(this);
    }
  }

  /** The first cause anew, so that its own stack and this thread's are both seen. */
  private DeviceLostException again() {
    var again = new DeviceLostException(lost.call(), lost.code(), lost.status(), lost.reason());
    again.initCause(lost);
    return again;
  }

  /** One call in this context. */
  void call(String name, IntSupplier call) {
    enter();
    judge(name, call.getAsInt());
  }

  /** One call that gives a handle. */
  MemorySegment create(String name, ToIntFunction<MemorySegment> call) {
    enter();
    try (var arena = Arena.ofConfined()) {
      var out = arena.allocate(ValueLayout.ADDRESS);
      judge(name, call.applyAsInt(out));
      return out.get(ValueLayout.ADDRESS, 0);
    }
  }

  void judge(String call, int code) {
    if (code == 0) {
      return;
    }
    if (STICKY.contains(code)) {
      lose(call, code);
      throw again();
    }
    if (code == OUT_OF_MEMORY) {
      throw new OutOfDeviceMemoryException(call, code, name(code), reason(code));
    }
    throw new NativeException(call, code, name(code), reason(code));
  }

  private synchronized void lose(String call, int code) {
    if (lost == null) {
      lost = new DeviceLostException(call, code, name(code), reason(code));
    }
  }

  /**
   * What to throw when a library above the driver fails: if the context is broken, the driver knows
   * more than the library says.
   */
  RuntimeException explain(NativeException failure) {
    if (lost != null) {
      return again();
    }
    try (var arena = Arena.ofConfined()) {
      var free = arena.allocate(ValueLayout.JAVA_LONG);
      var total = arena.allocate(ValueLayout.JAVA_LONG);
      int code = cuMemGetInfo_v2(free, total);
      if (STICKY.contains(code)) {
        lose(failure.call() + " (cuMemGetInfo after it)", code);
        var again = again();
        again.addSuppressed(failure);
        return again;
      }
    }
    return failure;
  }

  long allocate(long bytes) {
    enter();
    try (var arena = Arena.ofConfined()) {
      var out = arena.allocate(ValueLayout.JAVA_LONG);
      int code = cuMemAlloc_v2(out, bytes);
      if (code == OUT_OF_MEMORY) {
        var info = memory();
        throw new OutOfDeviceMemoryException(
            "cuMemAlloc",
            code,
            name(code),
            "asked for %d bytes, free %d, total %d".formatted(bytes, info.free, info.total));
      }
      judge("cuMemAlloc", code);
      return out.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  void free(long address) {
    call("cuMemFree", () -> cuMemFree_v2(address));
  }

  /** Memory of the whole device, in bytes. */
  record Memory(long free, long total) {}

  Memory memory() {
    enter();
    try (var arena = Arena.ofConfined()) {
      var free = arena.allocate(ValueLayout.JAVA_LONG);
      var total = arena.allocate(ValueLayout.JAVA_LONG);
      judge("cuMemGetInfo", cuMemGetInfo_v2(free, total));
      return new Memory(free.get(ValueLayout.JAVA_LONG, 0), total.get(ValueLayout.JAVA_LONG, 0));
    }
  }

  /** Page-locked host memory, which copies need to be asynchronous. */
  MemorySegment allocateHost(long bytes) {
    return hostMemory(create("cuMemHostAlloc", out -> cuMemHostAlloc(out, bytes, 0)), bytes);
  }

  @SuppressWarnings("restricted")
  private static MemorySegment hostMemory(MemorySegment address, long bytes) {
    return address.reinterpret(bytes);
  }

  void freeHost(MemorySegment memory) {
    call("cuMemFreeHost", () -> cuMemFreeHost(memory));
  }

  /** A stream that does not wait for the legacy default stream. */
  MemorySegment stream() {
    return create("cuStreamCreate", out -> cuStreamCreate(out, CU_STREAM_NON_BLOCKING()));
  }

  /** An event without a time. */
  MemorySegment event() {
    return create("cuEventCreate", out -> cuEventCreate(out, CU_EVENT_DISABLE_TIMING()));
  }

  /** An event with a time. */
  MemorySegment timer() {
    return create("cuEventCreate", out -> cuEventCreate(out, CU_EVENT_DEFAULT()));
  }

  void destroyEvent(MemorySegment event) {
    call("cuEventDestroy", () -> cuEventDestroy_v2(event));
  }

  /** Gives the context back; a lost one is left alone. */
  @Override
  public void close() {
    if (CURRENT.get() == this) {
      CURRENT.remove();
    }
    if (lost == null) {
      judge("cuDevicePrimaryCtxRelease", cuDevicePrimaryCtxRelease_v2(device));
    }
  }
}
