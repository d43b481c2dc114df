package dev.sluice.cpu;

import dev.sluice.spi.CellSpec;
import dev.sluice.spi.ConvSpec;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A 3x3 convolution by Winograd's F(4x4, 3x3), or a 5x5 one by F(2x2, 5x5) on the same points:
 * tiles of 4x4 outputs, or 2x2, become 36 matrix products with a quarter of the multiplications, or
 * little more than a third. Backward is the adjoint of each step of forward. Packed: the
 * transformed weights, which serve both ways.
 *
 * <p>Frames are channels-last. Tiles go through in chunks whose products stay in the caches;
 * transforms are split over threads by tiles, products by points, so that no sum depends on the
 * number of threads.
 */
final class WinogradConvolution implements CellConvolution {
  private static final int POINTS = 36;

  /** The point whose product is added to all pixels of a tile alike, as a bias is. */
  private static final int EVERYWHERE = 7;

  /** Tiles of a chunk. */
  private static final int CHUNK = 128;

  /** Nanoseconds in which Java's loops are compiled. */
  private static final long WARM_UP = 1_000_000_000;

  private static volatile boolean compiled;

  /** Where a block of matrices lies, and how many elements are between two. */
  private record Place(long address, long stride) {
    MemorySegment[] matrices() {
      var matrices = new MemorySegment[POINTS];
      for (int p = 0; p < POINTS; p++) {
        matrices[p] = MemorySegment.ofAddress(address + 4 * p * stride);
      }
      return matrices;
    }
  }

  private final Map<Place, MemorySegment[]> places = new ConcurrentHashMap<>();
  private final ConvSpec spec;
  private final boolean training;
  private final boolean bias;
  private final boolean add;
  private final int all;
  private final int inputs;
  private final int outputs;
  private final WinogradWeights weights;
  private final WinogradFrames patches;
  private final WinogradFrames tiles;
  private final int tile;
  private final int perFrame;
  private final int perRow;
  private final int chunk;

  /**
   * @param batch frames of the forward and data passes
   * @param all frames of the weight pass
   * @param bias whether forward adds the bias
   * @param add whether forward adds to what is there
   */
  WinogradConvolution(CellSpec cell, int batch, int all, int channels, boolean bias, boolean add) {
    this(Convolutions.conv(cell, batch, channels), all, cell.training(), bias, add);
  }

  WinogradConvolution(ConvSpec spec, int all, boolean training, boolean bias, boolean add) {
    this.spec = spec;
    this.training = training;
    this.bias = bias;
    this.add = add;
    this.all = all;
    this.inputs = padded(spec.inputs());
    this.outputs = padded(spec.outputs());
    int taps = spec.kernelHeight();
    this.tile = 7 - taps;
    this.weights = new WinogradWeights(taps, spec.inputs(), spec.outputs(), inputs, outputs);
    int high = spec.height();
    int wide = spec.width();
    this.patches = new WinogradFrames(high, wide, spec.inputs(), tile, 6, taps / 2, inputs);
    this.tiles = new WinogradFrames(high, wide, spec.outputs(), tile, tile, 0, outputs);
    this.perRow = tiles.across();
    this.perFrame = perRow * tiles.down();
    int rows = all * tiles.down();
    this.chunk = Math.clamp(CHUNK / perRow, 1, rows) * perRow;
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

  @Override
  public ConvSpec spec() {
    return spec;
  }

  @Override
  public int frames() {
    return all;
  }

  @Override
  public boolean training() {
    return training;
  }

  @Override
  public String implementation() {
    return tile == 4 ? "Winograd F(4x4, 3x3)" : "Winograd F(2x2, 5x5)";
  }

  @Override
  public long packedBytes() {
    return 4 * weights.elements();
  }

  @Override
  public void pack(CpuStream stream, MemorySegment w, MemorySegment packed) {
    weights.forward(stream.team(), w, packed);
  }

  /** Elements from one point to the next; not a power of two, which caches map to one place. */
  private long stride(int channels) {
    return (long) chunk * channels + 16;
  }

  private MemorySegment[] products(CpuStream stream) {
    long from = 4 * POINTS * stride(inputs);
    long to = 4 * POINTS * stride(outputs);
    return Blocks.cut(stream.stepScratch(Blocks.total(from, to)), from, to);
  }

  private float[][] windows() {
    return WinogradArrays.of(POINTS * Math.max(inputs, outputs));
  }

  private static void points(Team team, Team.Chunk products) {
    team.run(POINTS, 1, products);
  }

  @Override
  public void forward(
      CpuStream stream, MemorySegment packed, MemorySegment b, MemorySegment x, MemorySegment y) {
    forward(stream, packed, bias ? b : null, x, y, add);
  }

  /** y (+)= w * x (+ b); b may be null. */
  void forward(
      CpuStream stream,
      MemorySegment packed,
      MemorySegment b,
      MemorySegment x,
      MemorySegment y,
      boolean add) {
    stream.team().bind();
    var m = products(stream);
    var v = matrices(m[0], stride(inputs));
    var sums = matrices(m[1], stride(outputs));
    var u = matrices(packed, (long) inputs * outputs);
    int count = spec.batch() * perFrame;
    for (int first = 0; first < count; first += chunk) {
      int start = first;
      int size = Math.min(chunk, count - first);
      stream.team().run(size, 1, (from, to) -> transformInput(x, start, from, to, m[0]));
      points(stream.team(), (from, to) -> multiply(v, u, sums, size, from, to));
      stream.team().run(size, 1, (from, to) -> transformOutput(m[1], b, y, add, start, from, to));
    }
  }

  /** V = B^T x B. */
  private void transformInput(MemorySegment x, int first, int from, int to, MemorySegment v) {
    var w = windows();
    int c = inputs;
    for (int tile = from; tile < to; tile++) {
      patches.read(x, first + tile, w[0]);
      WinogradVector.input(w[0], 0, 6 * c, w[1], 0, 6 * c, 6 * c);
      for (int i = 0; i < 6; i++) {
        WinogradVector.input(w[1], i * 6 * c, c, w[0], i * 6 * c, c, c);
      }
      scatter(w[0], v, tile, c);
    }
  }

  private void scatter(float[] points, MemorySegment to, int tile, int channels) {
    for (int p = 0; p < POINTS; p++) {
      long at = p * stride(channels) + (long) tile * channels;
      WinogradVector.copy(points, p * channels, to, at, channels);
    }
  }

  private void gather(MemorySegment from, int tile, float[] points, int channels) {
    for (int p = 0; p < POINTS; p++) {
      long at = p * stride(channels) + (long) tile * channels;
      WinogradVector.copy(from, at, points, p * channels, channels);
    }
  }

  /** The matrices of all points in a block, kept: slices a call would be garbage. */
  private MemorySegment[] matrices(MemorySegment block, long stride) {
    if (places.size() > 64) {
      places.clear();
    }
    return places.computeIfAbsent(new Place(block.address(), stride), Place::matrices);
  }

  /** M = V U at some points. */
  private void multiply(
      MemorySegment[] v, MemorySegment[] u, MemorySegment[] m, int size, int from, int to) {
    for (int p = from; p < to; p++) {
      OneDnn.sgemm(
          false, false, size, outputs, inputs, v[p], inputs, u[p], outputs, 0, m[p], outputs);
    }
  }

  /** y = A^T M A. */
  private void transformOutput(
      MemorySegment m, MemorySegment b, MemorySegment y, boolean add, int first, int from, int to) {
    var w = windows();
    int k = outputs;
    for (int tile = from; tile < to; tile++) {
      gather(m, tile, w[0], k);
      if (b != null) {
        WinogradVector.add(b, w[0], EVERYWHERE * k, spec.outputs());
      }
      output(w, k);
      if (add) {
        tiles.add(w[0], y, first + tile);
      } else {
        tiles.write(w[0], y, first + tile);
      }
    }
  }

  /** Points to pixels, in place. */
  private void output(float[][] w, int k) {
    if (tile == 4) {
      WinogradVector.output(w[0], 0, 6 * k, w[1], 0, 6 * k, 6 * k);
    } else {
      WinogradVector.outputOfTwo(w[0], 0, 6 * k, w[1], 0, 6 * k, 6 * k);
    }
    for (int i = 0; i < tile; i++) {
      if (tile == 4) {
        WinogradVector.output(w[1], i * 6 * k, k, w[0], i * 4 * k, k, k);
      } else {
        WinogradVector.outputOfTwo(w[1], i * 6 * k, k, w[0], i * 2 * k, k, k);
      }
    }
  }

  /** Pixels to points, in place. */
  private void outputBack(float[][] w, int k) {
    if (tile == 4) {
      WinogradVector.outputBack(w[0], 0, 4 * k, w[1], 0, 4 * k, 4 * k);
    } else {
      WinogradVector.outputOfTwoBack(w[0], 0, 2 * k, w[1], 0, 2 * k, 2 * k);
    }
    for (int i = 0; i < 6; i++) {
      if (tile == 4) {
        WinogradVector.outputBack(w[1], i * 4 * k, k, w[0], i * 6 * k, k, k);
      } else {
        WinogradVector.outputOfTwoBack(w[1], i * 2 * k, k, w[0], i * 6 * k, k, k);
      }
    }
  }

  @Override
  public void backwardData(
      CpuStream stream, MemorySegment packed, MemorySegment dy, MemorySegment dx) {
    dx.asSlice(0, inputGradientBytes()).fill((byte) 0);
    addBackwardData(stream, packed, dy, dx);
  }

  /** As {@link #backwardData}, added to dx. */
  void addBackwardData(CpuStream stream, MemorySegment packed, MemorySegment dy, MemorySegment dx) {
    var team = stream.team();
    team.bind();
    var m = products(stream);
    var v = matrices(m[0], stride(inputs));
    var sums = matrices(m[1], stride(outputs));
    var u = matrices(packed, (long) inputs * outputs);
    int count = spec.batch() * perFrame;
    for (int first = 0; first < count; first += chunk) {
      int start = first;
      int size = Math.min(chunk, count - first);
      team.run(size, 1, (from, to) -> transformGradient(dy, start, from, to, m[1]));
      points(team, (from, to) -> multiplyBack(sums, u, v, size, from, to));
      // Patches reach into the rows of tiles above and below: every second or third at a time.
      int rows = size / perRow;
      int apart = tile == 4 ? 2 : 3;
      for (int phase = 0; phase < Math.min(apart, rows); phase++) {
        int row = phase;
        team.run(
            (rows - phase + apart - 1) / apart,
            1,
            (from, to) -> addPatches(m[0], dx, start, row + apart * from, row + apart * to, rows));
      }
    }
  }

  /** dM = A dy A^T. */
  private void transformGradient(MemorySegment dy, int first, int from, int to, MemorySegment m) {
    var w = windows();
    int k = outputs;
    for (int tile = from; tile < to; tile++) {
      tiles.read(dy, first + tile, w[0]);
      outputBack(w, k);
      scatter(w[0], m, tile, k);
    }
  }

  /** dV = dM U^T at some points. */
  private void multiplyBack(
      MemorySegment[] m, MemorySegment[] u, MemorySegment[] v, int size, int from, int to) {
    for (int p = from; p < to; p++) {
      OneDnn.sgemm(
          false, true, size, inputs, outputs, m[p], outputs, u[p], outputs, 0, v[p], inputs);
    }
  }

  /** dx += B dV B^T, for every second or third row of tiles. */
  private void addPatches(
      MemorySegment v, MemorySegment dx, int first, int from, int to, int rows) {
    var w = windows();
    int c = inputs;
    for (int row = from; row < Math.min(to, rows); row += tile == 4 ? 2 : 3) {
      for (int tile = row * perRow; tile < (row + 1) * perRow; tile++) {
        gather(v, tile, w[0], c);
        WinogradVector.inputBack(w[0], 0, 6 * c, w[1], 0, 6 * c, 6 * c);
        for (int i = 0; i < 6; i++) {
          WinogradVector.inputBack(w[1], i * 6 * c, c, w[0], i * 6 * c, c, c);
        }
        patches.add(w[0], dx, first + tile);
      }
    }
  }

  @Override
  public long gradientBytes() {
    return 4 * weights.elements();
  }

  @Override
  public void backwardWeights(
      CpuStream stream,
      MemorySegment x,
      MemorySegment dy,
      MemorySegment dw,
      MemorySegment db,
      MemorySegment scratch) {
    var team = stream.team();
    team.bind();
    var m = products(stream);
    var v = matrices(m[0], stride(inputs));
    var sums = matrices(m[1], stride(outputs));
    var u = matrices(scratch, (long) inputs * outputs);
    int count = all * perFrame;
    for (int first = 0; first < count; first += chunk) {
      int start = first;
      int size = Math.min(chunk, count - first);
      team.run(
          size,
          1,
          (from, to) -> {
            transformInput(x, start, from, to, m[0]);
            transformGradient(dy, start, from, to, m[1]);
          });
      points(team, (from, to) -> multiplyWeights(v, sums, u, size, start == 0 ? 0 : 1, from, to));
      if (db != null) {
        var everywhere = m[1].asSlice(4 * EVERYWHERE * stride(outputs));
        Loops.addColumns(team, Reals.FLOATS, everywhere, size, outputs, spec.outputs(), db, null);
      }
    }
    weights.backward(team, scratch, dw);
  }

  /** dU (+)= V^T dM at some points. */
  private void multiplyWeights(
      MemorySegment[] v,
      MemorySegment[] m,
      MemorySegment[] u,
      int size,
      int beta,
      int from,
      int to) {
    for (int p = from; p < to; p++) {
      OneDnn.sgemm(
          true, false, inputs, outputs, size, v[p], inputs, m[p], outputs, beta, u[p], outputs);
    }
  }

  /** The first time that any is timed, its loops are compiled first. */
  @Override
  public long time(CpuStream stream) {
    long end = System.nanoTime() + WARM_UP;
    while (!compiled && System.nanoTime() < end) {
      CellConvolution.super.time(stream);
    }
    compiled = true;
    return CellConvolution.super.time(stream);
  }

  @Override
  public void close() {
    // Nothing is held.
  }
}
