package dev.sluice.data;

import dev.sluice.FormatException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The element types of .npy files that can be read. */
enum NpyType {
  F4("<f4", 4),
  F8("<f8", 8),
  U1("|u1", 1),
  I2("<i2", 2),
  I4("<i4", 4),
  I8("<i8", 8);

  private final String descr;
  private final int bytes;

  NpyType(String descr, int bytes) {
    this.descr = descr;
    this.bytes = bytes;
  }

  int bytes() {
    return bytes;
  }

  static NpyType of(String descr, String name) {
    for (NpyType type : values()) {
      if (type.descr.equals(descr)) {
        return type;
      }
    }
    throw new FormatException(
        name
            + ": expected elements of type <f4, <f8, |u1, <i2, <i4 or <i8, got "
            + (descr.length() <= 40 ? descr : descr.substring(0, 40) + "..."));
  }

  /** {@return the elements that these little-endian bytes hold, as floats} */
  float[] floats(byte[] data) {
    ByteBuffer in = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
    var values = new float[data.length / bytes];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (this) {
            case F4 -> in.getFloat();
            case F8 -> (float) in.getDouble();
            case U1 -> in.get() & 0xff;
            case I2 -> in.getShort();
            case I4 -> in.getInt();
            case I8 -> in.getLong();
          };
    }
    return values;
  }
}
