package dev.sluice.cpu;

import dev.sluice.spi.CellSpec;
import dev.sluice.spi.ConvSpec;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;

/**
 * A 3x3 convolution by Winograd's F(4x4, 3x3), or a 5x5 one by F(4x4, 5x5): tiles of 4x4 outputs
 * become 36 matrix products with a quarter of the multiplications, or 64 with a sixth. Backward is
 * the adjoint of each step of forward. Packed: the transformed weights, which serve both ways.
 *
 * <p>Frames are channels-last. Tiles go through in chunks whose products stay in the caches;
 * transforms are split over threads by tiles, products by points, so that no sum depends on the
 * number of threads.
 */
final class WinogradConvolution {
  /** Pixels along a side of a tile. */
  private static final int TILE = 4;

  /** Tiles of a chunk. */
  private static final int CHUNK = 128;

  /** Channels that come from frames of their own, and the first of theirs in the matrices. */
  private record Source(WinogradFrames patches, WinogradWeights weights, int first) {
    int end() {
      return first + patches.padded();
    }
  }

  private final ConvSpec spec;
  private final int inputs;
  private final int outputs;
  private final Source[] sources;
  private final WinogradFrames tiles;

  /** Points along one axis. */
  private final int side;

  private final int points;

  /** The point whose product is added to all pixels of a tile alike, as a bias is. */
  private final int everywhere;

  private final int perFrame;
  private final int perRow;
  private final int chunk;

  /**
   * @param spec whose inputs are those of all sources
   * @param widths channels of each source
   */
  WinogradConvolution(ConvSpec spec, int... widths) {
    this(spec, widths, 0, spec.outputs());
  }

  /**
   * A convolution to some of the columns of y.
   *
   * @param column the first of them
   * @param columns of y
   */
  WinogradConvolution(ConvSpec spec, int[] widths, int column, int columns) {
    this.spec = spec;
    this.inputs = Arrays.stream(widths).map(WinogradConvolution::padded).sum();
    this.outputs = padded(spec.outputs());
    this.side = TILE + spec.kernelHeight() - 1;
    this.points = side * side;
    this.everywhere = side + 1;
    this.sources = new Source[widths.length];
    int first = 0;
    for (int i = 0; i < widths.length; i++) {
      sources[i] = source(widths[i], first);
      first = sources[i].end();
    }
    this.tiles = frames(spec.outputs(), column, columns, TILE, 0);
    this.perRow = tiles.across();
    this.perFrame = perRow * tiles.down();
    int rows = spec.batch() * tiles.down();
    this.chunk = Math.clamp(CHUNK / perRow, 1, rows) * perRow;
  }

  private Source source(int width, int first) {
    int taps = spec.kernelHeight();
    return new Source(
        frames(width, 0, width, side, taps / 2),
        new WinogradWeights(taps, width, spec.outputs(), first, inputs, outputs),
        first);
  }

  private WinogradFrames frames(int channels, int first, int columns, int size, int margin) {
    return new WinogradFrames(
        spec.height(),
        spec.width(),
        channels,
        first,
        columns,
        TILE,
        size,
        margin,
        padded(channels));
  }

  /** Whether a cell's recurrent convolution can be done this way. */
  static boolean fits(CellSpec cell) {
    return fits(cell.kernelHeight(), cell.kernelWidth());
  }

  /** Whether a convolution can be done this way. */
  static boolean fits(ConvSpec spec) {
    return fits(spec.kernelHeight(), spec.kernelWidth());
  }

  private static boolean fits(int high, int wide) {
    return VectorApi.PRESENT && high == wide && (high == 3 || high == 5);
  }

  private static int padded(int channels) {
    return (channels + Lanes.COUNT - 1) / Lanes.COUNT * Lanes.COUNT;
  }

  String implementation() {
    return side == 6 ? "Winograd F(4x4, 3x3)" : "Winograd F(4x4, 5x5)";
  }

  /** Bytes of the packed weights, and of their gradient. */
  long packedBytes() {
    return 4L * points * inputs * outputs;
  }

  /** The weights of each source. */
  void pack(CpuStream stream, MemorySegment[] w, MemorySegment packed) {
    if (spec.inputs() < inputs) {
      packed.asSlice(0, packedBytes()).fill((byte) 0);
    }
    for (int i = 0; i < sources.length; i++) {
      sources[i].weights.forward(stream.team(), w[i], packed);
    }
  }

  /** Elements from one point to the next; not a power of two, which caches map to one place. */
  private long stride(int channels) {
    return (long) chunk * channels + 16;
  }

  private MemorySegment[] products(CpuStream stream) {
    long from = 4 * points * stride(inputs);
    long to = 4 * points * stride(outputs);
    return Blocks.cut(stream.stepScratch(Blocks.total(from, to)), from, to);
  }

  private float[][] windows() {
    return WinogradArrays.of(points * Math.max(inputs, outputs));
  }

  private void eachPoint(Team team, Team.Chunk products) {
    team.run(points, 1, products);
  }

  private static long at(MemorySegment matrices, int point, long stride, long offset) {
    return matrices.address() + 4 * (point * stride + offset);
  }

  /** The first column of the matrices that belongs to a source which takes part. */
  private int low(MemorySegment[] parts) {
    int i = 0;
    while (parts[i] == null) {
      i++;
    }
    return sources[i].first;
  }

  /** The column after the last one. */
  private int high(MemorySegment[] parts) {
    int i = parts.length - 1;
    while (parts[i] == null) {
      i--;
    }
    return sources[i].end();
  }

  /**
   * y (+)= w * x (+ b); b may be null.
   *
   * @param x of each source; null where it is zero, but not all
   */
  void forward(
      CpuStream stream,
      MemorySegment packed,
      MemorySegment b,
      MemorySegment[] x,
      MemorySegment y,
      boolean add) {
    stream.team().bind();
    var m = products(stream);
    int count = spec.batch() * perFrame;
    for (int first = 0; first < count; first += chunk) {
      int start = first;
      int size = Math.min(chunk, count - first);
      stream.team().run(size, 1, (from, to) -> transformInput(x, start, from, to, m[0]));
      eachPoint(stream.team(), (from, to) -> multiply(m, packed, x, size, from, to));
      stream.team().run(size, 1, (from, to) -> transformOutput(m[1], b, y, add, start, from, to));
    }
  }

  /** V = B^T x B. */
  private void transformInput(MemorySegment[] x, int first, int from, int to, MemorySegment v) {
    var w = windows();
    for (int i = 0; i < x.length; i++) {
      for (int tile = from; x[i] != null && tile < to; tile++) {
        int c = sources[i].patches.padded();
        sources[i].patches.read(x[i], first + tile, w[0]);
        input(w, c);
        scatter(w[0], c, v, (long) tile * inputs + sources[i].first, stride(inputs));
      }
    }
  }

  private void scatter(float[] values, int channels, MemorySegment to, long at, long stride) {
    for (int p = 0; p < points; p++) {
      WinogradVector.copy(values, p * channels, to, p * stride + at, channels);
    }
  }

  private void gather(MemorySegment from, long at, long stride, float[] values, int channels) {
    for (int p = 0; p < points; p++) {
      WinogradVector.copy(from, p * stride + at, values, p * channels, channels);
    }
  }

  /** M = V U at some points. */
  private void multiply(
      MemorySegment[] m, MemorySegment packed, MemorySegment[] x, int size, int from, int to) {
    int low = low(x);
    int depth = high(x) - low;
    for (int p = from; p < to; p++) {
      long v = at(m[0], p, stride(inputs), low);
      long u = at(packed, p, (long) inputs * outputs, (long) low * outputs);
      long sums = at(m[1], p, stride(outputs), 0);
      OneDnn.sgemm(false, false, size, outputs, depth, v, inputs, u, outputs, 0, sums, outputs);
    }
  }

  /** y = A^T M A. */
  private void transformOutput(
      MemorySegment m, MemorySegment b, MemorySegment y, boolean add, int first, int from, int to) {
    var w = windows();
    int k = outputs;
    for (int tile = from; tile < to; tile++) {
      gather(m, (long) tile * k, stride(k), w[0], k);
      if (b != null) {
        WinogradVector.add(b, w[0], everywhere * k, spec.outputs());
      }
      output(w, k);
      if (add) {
        tiles.add(w[0], y, first + tile);
      } else {
        tiles.write(w[0], y, first + tile);
      }
    }
  }

  /** Pixels of a patch to points, in place. */
  private void input(float[][] w, int c) {
    int row = side * c;
    if (side == 6) {
      WinogradVector.input(w[0], 0, row, w[1], 0, row, row);
    } else {
      WinogradFiveVector.input(w[0], 0, row, w[1], 0, row, row);
    }
    for (int i = 0; i < side; i++) {
      if (side == 6) {
        WinogradVector.input(w[1], i * row, c, w[0], i * row, c, c);
      } else {
        WinogradFiveVector.input(w[1], i * row, c, w[0], i * row, c, c);
      }
    }
  }

  /** Points to pixels of a patch, in place. */
  private void inputBack(float[][] w, int c) {
    int row = side * c;
    if (side == 6) {
      WinogradVector.inputBack(w[0], 0, row, w[1], 0, row, row);
    } else {
      WinogradFiveVector.inputBack(w[0], 0, row, w[1], 0, row, row);
    }
    for (int i = 0; i < side; i++) {
      if (side == 6) {
        WinogradVector.inputBack(w[1], i * row, c, w[0], i * row, c, c);
      } else {
        WinogradFiveVector.inputBack(w[1], i * row, c, w[0], i * row, c, c);
      }
    }
  }

  /** Points to pixels of a tile, in place. */
  private void output(float[][] w, int c) {
    int row = side * c;
    if (side == 6) {
      WinogradVector.output(w[0], 0, row, w[1], 0, row, row);
    } else {
      WinogradFiveVector.output(w[0], 0, row, w[1], 0, row, row);
    }
    for (int i = 0; i < TILE; i++) {
      if (side == 6) {
        WinogradVector.output(w[1], i * row, c, w[0], i * TILE * c, c, c);
      } else {
        WinogradFiveVector.output(w[1], i * row, c, w[0], i * TILE * c, c, c);
      }
    }
  }

  /** Pixels of a tile to points, in place. */
  private void outputBack(float[][] w, int c) {
    int row = TILE * c;
    if (side == 6) {
      WinogradVector.outputBack(w[0], 0, row, w[1], 0, row, row);
    } else {
      WinogradFiveVector.outputBack(w[0], 0, row, w[1], 0, row, row);
    }
    for (int i = 0; i < side; i++) {
      if (side == 6) {
        WinogradVector.outputBack(w[1], i * row, c, w[0], i * side * c, c, c);
      } else {
        WinogradFiveVector.outputBack(w[1], i * row, c, w[0], i * side * c, c, c);
      }
    }
  }

  /**
   * dx += the adjoint of w * x.
   *
   * @param dx of each source; null where it is not wanted, but not all
   */
  void backwardData(CpuStream stream, MemorySegment packed, MemorySegment dy, MemorySegment[] dx) {
    var team = stream.team();
    team.bind();
    var m = products(stream);
    int count = spec.batch() * perFrame;
    for (int first = 0; first < count; first += chunk) {
      int start = first;
      int size = Math.min(chunk, count - first);
      team.run(size, 1, (low, high) -> transformGradient(dy, start, low, high, m[1]));
      eachPoint(team, (low, high) -> multiplyBack(m, packed, dx, size, low, high));
      addPatches(team, m[0], dx, start, size);
    }
  }

  /**
   * The whole way back over the frames of a forward pass: dy is transformed once for all.
   *
   * @param x of each source; null where it is zero
   * @param dx added to, of each source; null where it is not wanted
   * @param du the gradient of the packed weights, to which is added
   * @param keep of du's values before, 1 or 0
   * @param db added to, any number
   */
  void backward(
      CpuStream stream,
      MemorySegment packed,
      MemorySegment[] x,
      MemorySegment dy,
      MemorySegment[] dx,
      MemorySegment du,
      float keep,
      MemorySegment... db) {
    var team = stream.team();
    team.bind();
    var m = products(stream);
    boolean some = Arrays.stream(x).anyMatch(Objects::nonNull);
    boolean wanted = Arrays.stream(dx).anyMatch(Objects::nonNull);
    int count = spec.batch() * perFrame;
    for (int first = 0; first < count; first += chunk) {
      int start = first;
      int size = Math.min(chunk, count - first);
      float beta = start == 0 ? keep : 1;
      transformBoth(team, x, dy, start, size, m);
      eachPoint(
          team,
          (low, high) -> {
            if (some) {
              multiplyWeights(m, x, du, size, beta, low, high);
            }
            if (wanted) {
              multiplyBack(m, packed, dx, size, low, high);
            }
          });
      addColumns(team, m[1], size, db);
      if (wanted) {
        addPatches(team, m[0], dx, start, size);
      }
    }
  }

  private void transformBoth(
      Team team, MemorySegment[] x, MemorySegment dy, int start, int size, MemorySegment[] m) {
    team.run(
        size,
        1,
        (from, to) -> {
          transformInput(x, start, from, to, m[0]);
          transformGradient(dy, start, from, to, m[1]);
        });
  }

  /** dM = A dy A^T. */
  private void transformGradient(MemorySegment dy, int first, int from, int to, MemorySegment m) {
    var w = windows();
    int k = outputs;
    for (int tile = from; tile < to; tile++) {
      tiles.read(dy, first + tile, w[0]);
      outputBack(w, k);
      scatter(w[0], k, m, (long) tile * k, stride(k));
    }
  }

  /** dV = dM U^T at some points. */
  private void multiplyBack(
      MemorySegment[] m, MemorySegment packed, MemorySegment[] dx, int size, int from, int to) {
    int low = low(dx);
    int width = high(dx) - low;
    for (int p = from; p < to; p++) {
      long sums = at(m[1], p, stride(outputs), 0);
      long u = at(packed, p, (long) inputs * outputs, (long) low * outputs);
      long v = at(m[0], p, stride(inputs), low);
      OneDnn.sgemm(false, true, size, width, outputs, sums, outputs, u, outputs, 0, v, inputs);
    }
  }

  /** dx += B dV B^T; patches reach into the rows of tiles around: every second at once. */
  private void addPatches(Team team, MemorySegment v, MemorySegment[] dx, int first, int size) {
    int rows = size / perRow;
    for (int phase = 0; phase < Math.min(2, rows); phase++) {
      int row = phase;
      team.run(
          (rows - phase + 1) / 2,
          1,
          (from, to) -> {
            for (int r = row + 2 * from; r < Math.min(row + 2 * to, rows); r += 2) {
              addRow(v, dx, first, r * perRow);
            }
          });
    }
  }

  private void addRow(MemorySegment v, MemorySegment[] dx, int first, int from) {
    var w = windows();
    for (int i = 0; i < dx.length; i++) {
      for (int tile = from; dx[i] != null && tile < from + perRow; tile++) {
        int c = sources[i].patches.padded();
        gather(v, (long) tile * inputs + sources[i].first, stride(inputs), w[0], c);
        inputBack(w, c);
        sources[i].patches.add(w[0], dx[i], first + tile);
      }
    }
  }

  private void addColumns(Team team, MemorySegment m, int size, MemorySegment[] db) {
    var sums = m.asSlice(4 * everywhere * stride(outputs));
    for (var b : db) {
      Loops.addColumns(team, Reals.FLOATS, sums, size, outputs, spec.outputs(), b, null);
    }
  }

  /** The gradients of each source's weights, added to. */
  void unpack(CpuStream stream, MemorySegment du, MemorySegment[] dw) {
    for (int i = 0; i < sources.length; i++) {
      sources[i].weights.backward(stream.team(), du, dw[i]);
    }
  }

  /** dU = beta dU + V^T dM at some points. */
  private void multiplyWeights(
      MemorySegment[] m,
      MemorySegment[] x,
      MemorySegment du,
      int size,
      float beta,
      int from,
      int to) {
    int low = low(x);
    int width = high(x) - low;
    for (int p = from; p < to; p++) {
      long v = at(m[0], p, stride(inputs), low);
      long sums = at(m[1], p, stride(outputs), 0);
      long u = at(du, p, (long) inputs * outputs, (long) low * outputs);
      OneDnn.sgemm(true, false, width, outputs, size, v, inputs, sums, outputs, beta, u, outputs);
    }
  }
}
