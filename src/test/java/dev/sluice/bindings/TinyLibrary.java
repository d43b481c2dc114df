package dev.sluice.bindings;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The headers of a shared library for x86-64 and its table of functions; it cannot be loaded. */
final class TinyLibrary {
  static final int CLASS = 4;
  static final int TYPE = 16;
  static final int MACHINE = 18;
  static final int PROGRAMS = 32;

  private TinyLibrary() {}

  /** {@return the bytes of a library that defines the functions} */
  static byte[] bytes(List<String> functions) {
    byte[] names = ("\0" + String.join("\0", functions) + "\0").getBytes(StandardCharsets.UTF_8);
    int symbols = 64 + 56;
    int strings = symbols + 24 * (functions.size() + 1);
    int sections = strings + names.length;
    var file = ByteBuffer.allocate(sections + 3 * 64).order(ByteOrder.LITTLE_ENDIAN);
    file.putInt(0, 0x464c457f).put(CLASS, (byte) 2).put(5, (byte) 1).put(6, (byte) 1);
    file.putShort(TYPE, (short) 3).putShort(MACHINE, (short) 62).putInt(20, 1);
    file.putLong(PROGRAMS, 64).putLong(40, sections);
    file.putShort(52, (short) 64).putShort(54, (short) 56).putShort(56, (short) 1);
    file.putShort(58, (short) 64).putShort(60, (short) 3);
    file.putInt(64, 1).putLong(64 + 32, sections);
    int name = 1;
    for (int i = 0; i < functions.size(); i++) {
      file.putInt(symbols + 24 * (i + 1), name).putShort(symbols + 24 * (i + 1) + 6, (short) 1);
      name += functions.get(i).length() + 1;
    }
    file.put(strings, names);
    section(file, sections + 64, 11, symbols, strings - symbols, 2);
    section(file, sections + 128, 3, strings, names.length, 0);
    return file.array();
  }

  private static void section(ByteBuffer file, int at, int type, long from, long bytes, int link) {
    file.putInt(at + 4, type).putLong(at + 24, from).putLong(at + 32, bytes).putInt(at + 40, link);
  }

  /** Writes a library, and sound ones beside it for all that it must have there. */
  static Path write(NativeLibrary library, Path file) throws IOException {
    Files.createDirectories(file.getParent());
    for (String companion : library.binary(file.getFileName().toString()).companions()) {
      Files.write(file.resolveSibling(companion), bytes(List.of()));
    }
    return Files.write(file, bytes(library.functions()));
  }
}
