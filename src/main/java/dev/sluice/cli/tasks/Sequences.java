package dev.sluice.cli.tasks;

/** The sizes of one sequence; moves between [N, T, C, H, W] and [T, N, H, W, C]. */
record Sequences(int steps, int channels, int height, int width) {
  long size() {
    return (long) steps * channels * height * width;
  }

  float[] batch(float[] from, int first, int n) {
    var batch = new float[Math.toIntExact(n * size())];
    move(first, n, (outside, inside) -> batch[inside] = from[outside]);
    return batch;
  }

  void unbatch(float[] batch, float[] to, int first, int n) {
    move(first, n, (outside, inside) -> to[outside] = batch[inside]);
  }

  private interface Move {
    void at(int outside, int inside);
  }

  private void move(int first, int n, Move move) {
    int area = height * width;
    for (int i = 0; i < n; i++) {
      for (int t = 0; t < steps; t++) {
        for (int c = 0; c < channels; c++) {
          int outside = (((first + i) * steps + t) * channels + c) * area;
          int inside = (t * n + i) * area * channels + c;
          for (int p = 0; p < area; p++) {
            move.at(outside + p, inside + p * channels);
          }
        }
      }
    }
  }
}
