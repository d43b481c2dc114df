package dev.sluice.cpu;

import java.lang.foreign.MemorySegment;

/**
 * A stream's way through a {@link WinogradConvolution}, chunk by chunk. Transforms are split over
 * threads by tiles, products by points, so that no sum depends on the number of threads. One object
 * does for all of a stream's convolutions: a step makes no garbage here.
 */
final class WinogradTrip implements Team.Chunk {
  /** What the team is doing. */
  private enum Stage {
    INPUT,
    FORWARD_PRODUCTS,
    OUTPUT,
    BOTH,
    BACKWARD_PRODUCTS,
    PATCHES
  }

  /** Outputs whose gradients of weights are gathered at most. */
  private static final int GATHERED = 20_480;

  private WinogradConvolution c;
  private WinogradTransform transform;
  private int points;

  /** Elements from one point to the next; not a power of two, which caches map to one place. */
  private long inputStride;

  private long outputStride;

  private Stage stage;
  private MemorySegment packed;
  private MemorySegment[] x;
  private MemorySegment y;
  private MemorySegment[] dx;
  private MemorySegment du;
  private MemorySegment b;
  private boolean add;

  /** V, then M. */
  private MemorySegment scratch;

  private long sums;

  /** The first tile of the chunk, and how many they are. */
  private int first;

  private int size;
  private float keep;
  private int phase;

  private void start(WinogradConvolution convolution, CpuStream stream) {
    c = convolution;
    transform = c.transform;
    points = transform.points;
    inputStride = (long) c.chunk * c.inputs + 16;
    outputStride = (long) c.chunk * c.outputs + 16;
    sums = points * inputStride;
    scratch = stream.stepScratch(4 * (sums + points * outputStride));
    stream.team().bind();
  }

  private void run(Team team, Stage stage, int items) {
    this.stage = stage;
    team.run(items, 1, this);
  }

  /** Forgets the caller's memory. */
  private void end() {
    c = null;
    packed = null;
    x = null;
    y = null;
    dx = null;
    du = null;
    b = null;
    scratch = null;
  }

  void forward(
      WinogradConvolution convolution,
      CpuStream stream,
      MemorySegment packed,
      MemorySegment b,
      MemorySegment[] x,
      MemorySegment y,
      boolean add) {
    start(convolution, stream);
    this.packed = packed;
    this.b = b;
    this.x = x;
    this.y = y;
    this.add = add;
    for (first = 0; first < c.count; first += c.chunk) {
      size = Math.min(c.chunk, c.count - first);
      run(stream.team(), Stage.INPUT, size);
      run(stream.team(), Stage.FORWARD_PRODUCTS, points);
      run(stream.team(), Stage.OUTPUT, size);
    }
    end();
  }

  void backward(
      WinogradConvolution convolution,
      CpuStream stream,
      MemorySegment packed,
      MemorySegment[] x,
      MemorySegment dy,
      MemorySegment[] dx,
      MemorySegment du,
      MemorySegment[] dw,
      MemorySegment[] db) {
    start(convolution, stream);
    this.packed = packed;
    this.x = x;
    this.y = dy;
    this.dx = dx;
    this.du = du;
    for (first = 0; first < c.count; first += c.chunk) {
      size = Math.min(c.chunk, c.count - first);
      run(stream.team(), Stage.BOTH, size);
      keep = du == null || c.gathered(du) == 0 ? 0 : 1;
      run(stream.team(), Stage.BACKWARD_PRODUCTS, points);
      count(stream, dw);
      addColumns(db);
      addPatches(stream.team());
    }
    end();
  }

  /** Long sums are less exact transformed than where they go, in which nothing cancels any more. */
  private void count(CpuStream stream, MemorySegment[] dw) {
    if (du == null) {
      return;
    }
    c.gathered(du, c.gathered(du) + size * transform.tile * transform.tile);
    if (c.gathered(du) >= GATHERED) {
      c.spread(stream, du, dw);
    }
  }

  /** The chunk's sums first: one long sum would be less exact. */
  private void addColumns(MemorySegment[] db) {
    long sum = room();
    Lanes.zero(sum, sum + 4L * c.outputs);
    for (int tile = 0; db.length > 0 && tile < size; tile++) {
      Lanes.add(m(transform.everywhere(), tile), sum, c.outputs);
    }
    for (var each : db) {
      Lanes.add(sum, each.address(), c.channels());
    }
  }

  /** dx += B dV B^T; patches reach into the rows of tiles around, so that not all go at once. */
  private void addPatches(Team team) {
    int rows = size / c.perRow;
    int apart = transform.rowsApart();
    for (phase = 0; any(dx) && phase < Math.min(apart, rows); phase++) {
      run(team, Stage.PATCHES, (rows - phase + apart - 1) / apart);
    }
  }

  private static boolean any(MemorySegment[] parts) {
    for (var part : parts) {
      if (part != null) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void run(int from, int to) {
    switch (stage) {
      case INPUT -> transformInput(from, to);
      case FORWARD_PRODUCTS -> multiply(from, to);
      case OUTPUT -> transformOutput(from, to);
      case BOTH -> {
        transformInput(from, to);
        transformGradient(from, to);
      }
      case BACKWARD_PRODUCTS -> {
        multiplyWeights(from, to);
        multiplyBack(from, to);
      }
      case PATCHES -> {
        int apart = transform.rowsApart();
        int end = Math.min(phase + apart * to, size / c.perRow);
        for (int row = phase + apart * from; row < end; row += apart) {
          addRow(row * c.perRow);
        }
      }
    }
  }

  /** Room for a window, then for what is between two passes. */
  private long room() {
    return WinogradRoom.of(2 * windowBytes());
  }

  private long windowBytes() {
    return 4L * points * Math.max(c.inputs, c.outputs);
  }

  /** V = B^T x B. */
  private void transformInput(int from, int to) {
    long window = room();
    long between = window + windowBytes();
    for (int i = 0; i < x.length; i++) {
      var patches = c.sources[i].patches();
      long bytes = patches.bytes();
      for (int tile = from; x[i] != null && tile < to; tile++) {
        long at = v(0, (long) tile * c.inputs + c.sources[i].first());
        if (patches.inside(first + tile)) {
          long patch = patches.at(x[i], first + tile);
          transform.patch(patch, patches.down(), between, at, 4 * inputStride, bytes);
        } else {
          patches.read(x[i], first + tile, window);
          transform.patch(window, patches.size() * bytes, between, at, 4 * inputStride, bytes);
        }
      }
    }
  }

  /** y = A^T M A. */
  private void transformOutput(int from, int to) {
    long window = room();
    long between = window + windowBytes();
    long bytes = 4L * c.outputs;
    for (int tile = from; tile < to; tile++) {
      if (b != null) {
        Lanes.add(b.address(), m(transform.everywhere(), tile), c.channels());
      }
      if (!add && c.tiles.inside(first + tile)) {
        long at = c.tiles.at(y, first + tile);
        transform.tile(
            m(0, tile), 4 * outputStride, between, at, c.tiles.down(), c.tiles.across(), bytes);
        continue;
      }
      long down = transform.tile * bytes;
      transform.tile(m(0, tile), 4 * outputStride, between, window, down, bytes, bytes);
      if (add) {
        c.tiles.add(window, y, first + tile);
      } else {
        c.tiles.write(window, y, first + tile);
      }
    }
  }

  /** dM = A dy A^T. */
  private void transformGradient(int from, int to) {
    long window = room();
    long between = window + windowBytes();
    long bytes = 4L * c.outputs;
    long apart = 4 * outputStride;
    for (int tile = from; tile < to; tile++) {
      if (c.tiles.inside(first + tile)) {
        long at = c.tiles.at(y, first + tile);
        transform.tileBack(at, c.tiles.down(), c.tiles.across(), between, m(0, tile), apart, bytes);
      } else {
        c.tiles.read(y, first + tile, window);
        long down = transform.tile * bytes;
        transform.tileBack(window, down, bytes, between, m(0, tile), apart, bytes);
      }
    }
  }

  private void addRow(int from) {
    long window = room();
    long between = window + windowBytes();
    for (int i = 0; i < dx.length; i++) {
      var patches = c.sources[i].patches();
      for (int tile = from; dx[i] != null && tile < from + c.perRow; tile++) {
        long at = v(0, (long) tile * c.inputs + c.sources[i].first());
        transform.patchBack(at, 4 * inputStride, between, window, patches.bytes());
        patches.add(window, dx[i], first + tile);
      }
    }
  }

  /** The first column of the matrices that belongs to a source which takes part. */
  private int low(MemorySegment[] parts) {
    int i = 0;
    while (parts[i] == null) {
      i++;
    }
    return c.sources[i].first();
  }

  /** The column after the last one. */
  private int high(MemorySegment[] parts) {
    int i = parts.length - 1;
    while (parts[i] == null) {
      i--;
    }
    return c.sources[i].end();
  }

  private long v(int point, long column) {
    return scratch.address() + 4 * (point * inputStride + column);
  }

  private long m(int point, int tile) {
    return scratch.address() + 4 * (sums + point * outputStride + (long) tile * c.outputs);
  }

  private long u(MemorySegment matrices, int point, int row) {
    return matrices.address() + 4L * (point * c.inputs + row) * c.outputs;
  }

  /** M = V U at some points. */
  private void multiply(int from, int to) {
    int low = low(x);
    int depth = high(x) - low;
    int n = c.outputs;
    for (int p = from; p < to; p++) {
      OneDnn.sgemm(
          false, false, size, n, depth, v(p, low), c.inputs, u(packed, p, low), n, 0, m(p, 0), n);
    }
  }

  /** dV = dM U^T at some points. */
  private void multiplyBack(int from, int to) {
    if (!any(dx)) {
      return;
    }
    int low = low(dx);
    int width = high(dx) - low;
    int k = c.outputs;
    for (int p = from; p < to; p++) {
      OneDnn.sgemm(
          false, true, size, width, k, m(p, 0), k, u(packed, p, low), k, 0, v(p, low), c.inputs);
    }
  }

  /**
   * dU = keep dU + V^T dM at some points. Columns that are only room for vectors take part: rows of
   * dU that do not fill oneDNN's blocks are summed in an order that has four times the error.
   */
  private void multiplyWeights(int from, int to) {
    if (!any(x)) {
      return;
    }
    int low = low(x);
    int width = WinogradConvolution.padded(high(x)) - low;
    int n = c.outputs;
    for (int p = from; p < to; p++) {
      if (keep == 0 && width < c.inputs) {
        Lanes.zero(u(du, p, 0), u(du, p + 1, 0));
      }
      OneDnn.sgemm(
          true, false, width, n, size, v(p, low), c.inputs, m(p, 0), n, keep, u(du, p, low), n);
    }
  }
}
