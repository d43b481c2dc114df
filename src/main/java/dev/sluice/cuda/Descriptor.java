package dev.sluice.cuda;

import static dev.sluice.bindings.cudnn.Cudnn_h.*;

import dev.sluice.NativeException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A descriptor of cuDNN's graph API: made, set, finished, read, destroyed. */
final class Descriptor implements AutoCloseable {
  private final Cudnn cudnn;
  private final String kind;
  private final MemorySegment handle;

  /**
   * @param kind for messages
   * @param type of {@code cudnnBackendDescriptorType_t}
   */
  Descriptor(Cudnn cudnn, String kind, int type) {
    this.cudnn = cudnn;
    this.kind = kind;
    try (var arena = Arena.ofConfined()) {
      var out = arena.allocate(ValueLayout.ADDRESS);
      cudnn.check(
          "cudnnBackendCreateDescriptor(" + kind + ")",
          () -> cudnnBackendCreateDescriptor(type, out));
      this.handle = out.get(ValueLayout.ADDRESS, 0);
    }
  }

  MemorySegment handle() {
    return handle;
  }

  private Descriptor set(int attribute, int type, long count, MemorySegment values) {
    cudnn.check(
        "cudnnBackendSetAttribute(" + kind + ")",
        () -> cudnnBackendSetAttribute(handle, attribute, type, count, values));
    return this;
  }

  Descriptor longs(int attribute, long... values) {
    try (var arena = Arena.ofConfined()) {
      var from = arena.allocateFrom(ValueLayout.JAVA_LONG, values);
      return set(attribute, CUDNN_TYPE_INT64(), values.length, from);
    }
  }

  /** A number of one of cuDNN's enumerations. */
  Descriptor choice(int attribute, int type, int value) {
    try (var arena = Arena.ofConfined()) {
      return set(attribute, type, 1, arena.allocateFrom(ValueLayout.JAVA_INT, value));
    }
  }

  Descriptor real(int attribute, double value) {
    try (var arena = Arena.ofConfined()) {
      var from = arena.allocateFrom(ValueLayout.JAVA_DOUBLE, value);
      return set(attribute, CUDNN_TYPE_DOUBLE(), 1, from);
    }
  }

  /** Pointers: to descriptors, to a handle, to device memory. */
  Descriptor pointers(int attribute, int type, MemorySegment... values) {
    try (var arena = Arena.ofConfined()) {
      var from = arena.allocate(ValueLayout.ADDRESS, values.length);
      for (int i = 0; i < values.length; i++) {
        from.setAtIndex(ValueLayout.ADDRESS, i, values[i]);
      }
      return set(attribute, type, values.length, from);
    }
  }

  Descriptor descriptor(int attribute, Descriptor value) {
    return pointers(attribute, CUDNN_TYPE_BACKEND_DESCRIPTOR(), value.handle);
  }

  Descriptor handle(int attribute) {
    return pointers(attribute, CUDNN_TYPE_HANDLE(), cudnn.handle());
  }

  Descriptor finish() {
    cudnn.check("cudnnBackendFinalize(" + kind + ")", () -> cudnnBackendFinalize(handle));
    return this;
  }

  /** Reads into {@code into}; returns how many there were. */
  long get(int attribute, int type, long count, MemorySegment into) {
    try (var arena = Arena.ofConfined()) {
      var got = arena.allocate(ValueLayout.JAVA_LONG);
      cudnn.check(
          "cudnnBackendGetAttribute(" + kind + ")",
          () -> cudnnBackendGetAttribute(handle, attribute, type, count, got, into));
      return got.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  long getLong(int attribute) {
    try (var arena = Arena.ofConfined()) {
      var value = arena.allocate(ValueLayout.JAVA_LONG);
      get(attribute, CUDNN_TYPE_INT64(), 1, value);
      return value.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  /** On a lost device it is left alone. */
  @Override
  public void close() {
    cudnn.destroy(() -> cudnnBackendDestroyDescriptor(handle), kind);
  }

  /** Whether a failure means that this device or version cannot, and another choice may. */
  static boolean unsupported(NativeException e) {
    return e.getClass() == NativeException.class
        && e.code() >= CUDNN_STATUS_NOT_SUPPORTED()
        && e.code() < CUDNN_STATUS_NOT_SUPPORTED() + 1000;
  }
}
