package dev.sluice.cli;

import dev.sluice.cli.tasks.Fields;
import dev.sluice.cli.tasks.FileFailure;
import dev.sluice.weights.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The file of a run to which every report adds a line of JSON. */
final class History implements AutoCloseable {
  private final Path file;
  private final FileChannel channel;

  /**
   * Goes on with a file, or begins it.
   *
   * @param bytes of it that count; what a later, lost part of the run wrote is cut off
   */
  History(Path file, long bytes) {
    this.file = file;
    try {
      this.channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (channel.size() < bytes) {
        channel.close();
        throw new IllegalStateException(
            "%s: expected %d bytes or more, as the checkpoint says, got %d"
                .formatted(file, bytes, Files.size(file)));
      }
      channel.truncate(bytes);
      channel.position(bytes);
    } catch (IOException e) {
      throw FileFailure.of(file, "cannot be written", e);
    }
  }

  void add(Map<String, ?> report) {
    var line = (Json.write(new LinkedHashMap<>(report)) + "\n").getBytes(StandardCharsets.UTF_8);
    try {
      long before = channel.position();
      try {
        for (var left = ByteBuffer.wrap(line); left.hasRemaining(); ) {
          channel.write(left);
        }
      } catch (IOException e) {
        channel.truncate(before);
        throw e;
      }
    } catch (IOException e) {
      throw FileFailure.of(file, "cannot be written", e);
    }
  }

  /** Bytes so far, all of them safe on the disk. */
  long force() {
    try {
      channel.force(true);
      return channel.position();
    } catch (IOException e) {
      throw FileFailure.of(file, "cannot be written", e);
    }
  }

  /**
   * {@return two numbers of every report that has the second, x and y, in their order}
   *
   * @param x a member of the reports
   * @param y another
   */
  static double[][] points(Path file, String x, String y) {
    try {
      List<Fields> lines =
          Files.readAllLines(file).stream()
              .map(line -> new Fields(file, (Map<?, ?>) Json.parse(line)))
              .filter(line -> line.members().containsKey(y))
              .toList();
      return new double[][] {
        lines.stream().mapToDouble(line -> line.number(x)).toArray(),
        lines.stream().mapToDouble(line -> line.number(y)).toArray()
      };
    } catch (IOException e) {
      throw FileFailure.of(file, "cannot be read", e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw FileFailure.of(file, "cannot be closed", e);
    }
  }
}
