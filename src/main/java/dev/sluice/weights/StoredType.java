package dev.sluice.weights;

import java.nio.ByteBuffer;

/** The element types of a safetensors file that are read; named as there. */
enum StoredType {
  F64(8),
  F32(4),
  F16(2),
  BF16(2),
  I64(8),
  I32(4),
  I16(2),
  I8(1),
  U8(1),
  BOOL(1);

  final int bytes;

  StoredType(int bytes) {
    this.bytes = bytes;
  }

  boolean floating() {
    return this == F64 || this == F32 || this == F16 || this == BF16;
  }

  /** The type of this name, or null. */
  static StoredType named(String name) {
    for (var type : values()) {
      if (type.name().equals(name)) {
        return type;
      }
    }
    return null;
  }

  /** Converts what is left in a buffer to out[at...], rounding F64 and I64 to nearest. */
  void floats(ByteBuffer in, float[] out, int at) {
    int n = in.remaining() / bytes;
    switch (this) {
      case F32 -> in.asFloatBuffer().get(out, at, n);
      case F64 -> {
        for (int i = 0; i < n; i++) {
          out[at + i] = (float) in.getDouble();
        }
      }
      case F16, BF16 -> {
        for (int i = 0; i < n; i++) {
          out[at + i] = half(in.getShort());
        }
      }
      default -> {
        for (int i = 0; i < n; i++) {
          out[at + i] = integer(in);
        }
      }
    }
  }

  /** Converts what is left in a buffer to out[at...]; exact, but for I64 beyond 2^53. */
  void doubles(ByteBuffer in, double[] out, int at) {
    int n = in.remaining() / bytes;
    switch (this) {
      case F64 -> in.asDoubleBuffer().get(out, at, n);
      case F32 -> {
        for (int i = 0; i < n; i++) {
          out[at + i] = in.getFloat();
        }
      }
      case F16, BF16 -> {
        for (int i = 0; i < n; i++) {
          out[at + i] = half(in.getShort());
        }
      }
      default -> {
        for (int i = 0; i < n; i++) {
          out[at + i] = integer(in);
        }
      }
    }
  }

  private float half(short bits) {
    return this == F16 ? Float.float16ToFloat(bits) : Float.intBitsToFloat(bits << 16);
  }

  /** The next element of an integer type; BOOL gives its byte. */
  long integer(ByteBuffer in) {
    return switch (this) {
      case I64 -> in.getLong();
      case I32 -> in.getInt();
      case I16 -> in.getShort();
      case I8 -> in.get();
      case U8, BOOL -> in.get() & 0xff;
      default -> throw new AssertionError(this);
    };
  }
}
