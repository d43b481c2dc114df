package dev.sluice.bindings;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The headers of a shared library, read as bytes before the dynamic linker maps them: of a file
 * that is cut short it makes a SIGBUS, which ends the process.
 */
final class SharedObject {
  private static final int HEADER = 64;
  private static final int X86_64 = 62;
  private static final int LIBRARY = 3;
  private static final int LOADED = 1;
  private static final int SYMBOLS = 11;
  private static final int SYMBOL = 24;

  private final FileChannel channel;
  private final long size;

  private SharedObject(FileChannel channel) throws IOException {
    this.channel = channel;
    this.size = channel.size();
  }

  /**
   * {@return "" or why the file is no library for this machine that has these functions}
   *
   * @param functions that it must define; not looked for in a library without a section table
   */
  static String defect(Path file, List<String> functions) throws IOException {
    try (var channel = FileChannel.open(file)) {
      return new SharedObject(channel).defect(functions);
    }
  }

  /** The first defect among a library and the files that are loaded with it, or "". */
  static String defect(NativeLibrary library, Path file) throws IOException {
    for (String companion : library.binary(file.getFileName().toString()).companions()) {
      Path beside = file.resolveSibling(companion);
      String defect = Files.isDirectory(beside) ? "not a file" : defect(beside, List.of());
      if (!defect.isEmpty()) {
        return "beside it, %s is %s".formatted(companion, defect);
      }
    }
    return defect(file, library.functions());
  }

  private String defect(List<String> functions) throws IOException {
    if (size == 0) {
      return "an empty file";
    }
    ByteBuffer head = read(0, (int) Math.min(size, HEADER));
    if (size < 4 || head.getInt(0) != 0x464c457f) {
      return "not an ELF file (it begins with \"%s\")".formatted(beginning(head));
    }
    if (size < HEADER) {
      return "cut short, after %d bytes".formatted(size);
    }
    if (head.get(4) != 2 || head.get(5) != 1 || head.getShort(18) != X86_64) {
      return "built for another architecture (ELF machine %d, %d bits), and this is x86-64"
          .formatted(head.getShort(18), head.get(4) == 2 ? 64 : 32);
    }
    if (head.getShort(16) != LIBRARY) {
      return "no shared library (ELF type %d)".formatted(head.getShort(16));
    }
    long needed = end(head);
    if (needed < 0) {
      return "no whole ELF file: its headers point nowhere";
    }
    if (needed > size) {
      return "cut short, after %d of %d bytes".formatted(size, needed);
    }
    return missing(head, functions);
  }

  private static String beginning(ByteBuffer head) {
    var text = StandardCharsets.ISO_8859_1.decode(head.slice(0, Math.min(16, head.limit())));
    return text.toString().replaceAll("[^\\x20-\\x7e]", ".");
  }

  /** How long the file must be at least; -1 where an offset makes no sense. */
  private long end(ByteBuffer head) throws IOException {
    long programs = head.getLong(32);
    long sections = head.getLong(40);
    int programSize = Short.toUnsignedInt(head.getShort(54));
    int programCount = Short.toUnsignedInt(head.getShort(56));
    long end = programs + (long) programSize * programCount;
    long tail =
        sections
            + (long) Short.toUnsignedInt(head.getShort(58))
                * Short.toUnsignedInt(head.getShort(60));
    if (programs < HEADER || programSize < 56 || programCount == 0 || sections < 0 || end < 0) {
      return -1;
    }
    if (end > size) {
      return Math.max(end, tail);
    }
    ByteBuffer table = read(programs, programSize * programCount);
    for (int i = 0; i < programCount; i++) {
      if (table.getInt(i * programSize) == LOADED) {
        long stop = table.getLong(i * programSize + 8) + table.getLong(i * programSize + 32);
        if (stop < 0) {
          return -1;
        }
        end = Math.max(end, stop);
      }
    }
    return Math.max(end, tail);
  }

  private String missing(ByteBuffer head, List<String> functions) throws IOException {
    int entry = Short.toUnsignedInt(head.getShort(58));
    int count = Short.toUnsignedInt(head.getShort(60));
    if (functions.isEmpty() || count == 0 || entry < HEADER) {
      return "";
    }
    ByteBuffer sections = read(head.getLong(40), entry * count);
    for (int i = 0; i < count; i++) {
      int link = sections.getInt(i * entry + 40);
      if (sections.getInt(i * entry + 4) == SYMBOLS && link >= 0 && link < count) {
        ByteBuffer symbols = content(sections, i * entry);
        ByteBuffer names = content(sections, link * entry);
        if (symbols == null || names == null) {
          return "no whole ELF file: its table of functions lies outside";
        }
        var missing = new ArrayList<>(functions);
        missing.removeAll(defined(symbols, names));
        return missing.isEmpty() ? "" : "without the function " + String.join(", ", missing);
      }
    }
    return "";
  }

  private static Set<String> defined(ByteBuffer symbols, ByteBuffer names) {
    var defined = new HashSet<String>();
    for (int at = 0; at + SYMBOL <= symbols.limit(); at += SYMBOL) {
      int from = symbols.getInt(at);
      if (symbols.getShort(at + 6) == 0 || from < 0 || from >= names.limit()) {
        continue;
      }
      int to = from;
      while (to < names.limit() && names.get(to) != 0) {
        to++;
      }
      defined.add(StandardCharsets.ISO_8859_1.decode(names.slice(from, to - from)).toString());
    }
    return defined;
  }

  /** What a section holds, or null where that lies outside the file. */
  private ByteBuffer content(ByteBuffer sections, int at) throws IOException {
    long offset = sections.getLong(at + 24);
    long bytes = sections.getLong(at + 32);
    boolean inside = offset >= 0 && bytes >= 0 && bytes <= size - offset;
    return inside && bytes < 1 << 28 ? read(offset, (int) bytes) : null;
  }

  private ByteBuffer read(long offset, int bytes) throws IOException {
    var buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, offset + buffer.position()) < 0) {
        throw new IOException(String.format(Locale.ROOT, "cut short, at byte %d", offset));
      }
    }
    return buffer.flip();
  }
}
