package dev.sluice.cuda;

/**
 * What cuDNN has no word for where sequences end before T: rows past the ends are zero, and an
 * empty sequence keeps its states.
 */
final class RnnEnds {
  private final CudaStream stream;
  private final RnnSizes sizes;
  private final long lengths;

  /**
   * @param lengths [N] int32
   */
  RnnEnds(CudaStream stream, RnnSizes sizes, long lengths) {
    this.stream = stream;
    this.sizes = sizes;
    this.lengths = lengths;
  }

  private void launch(String kernel, long elements, Object... arguments) {
    String suffix = CudaStream.suffix(sizes.spec().type());
    stream.launch("sequence", kernel + suffix, Grid.of(elements), arguments);
  }

  /** to: [T, N, width] is from, zero past the ends; in place if both are one. */
  void mask(long from, long to, int width) {
    var run = sizes.run();
    long elements = (long) run.steps() * run.batch() * width;
    launch("mask_rows", elements, from, to, lengths, run.steps(), run.batch(), width);
  }

  /**
   * The last states of empty sequences become their initial ones.
   *
   * @param scratch [N, H] twice
   */
  void keepInitial(RnnPlaces values, long scratch, long unused) {
    int batch = sizes.run().batch();
    stream.zero(scratch, sizes.strandBytes(sizes.spec().hidden()));
    sizes.eachStrand(
        (state, width, offset) -> {
          long from = values.initial()[state];
          if (values.last()[state] != 0) {
            launch(
                "project_forward",
                (long) batch * width,
                values.last()[state] + offset,
                from == 0 ? scratch : from + offset,
                unused,
                (long) width,
                lengths,
                0,
                batch,
                width);
          }
        });
  }

  /**
   * Divides the gradient of a last state: that of empty sequences stays, that of the others goes.
   *
   * @param gradients of each state, 0 where there is nothing to divide
   * @param others where those go, as large; zero for empty sequences
   */
  void divide(long[] gradients, long[] others) {
    int batch = sizes.run().batch();
    sizes.eachStrand(
        (state, width, offset) -> {
          if (gradients[state] != 0) {
            launch(
                "project_backward",
                (long) batch * width,
                gradients[state] + offset,
                0L,
                0L,
                others[state] + offset,
                lengths,
                0,
                batch,
                width);
          }
        });
  }
}
