package dev.sluice.cli.pictures;

/** Turns a value into a colour, {@code 0xRRGGBB}, between equally spaced stops. */
enum Shade {
  /** 0 black to 1 white. */
  GREY(0, 1, 0x000000, 0xffffff),
  /** -1 blue over 0 white to 1 red: ColorBrewer's RdBu, which the colour-blind can tell apart. */
  DIFFERENCE(-1, 1, 0x053061, 0x4393c3, 0xf7f7f7, 0xd6604d, 0x67001f);

  /** Magenta: a broken prediction must not look like a black one. */
  static final int NOT_A_NUMBER = 0xff00ff;

  private final float low;
  private final float high;
  private final int[] stops;

  Shade(float low, float high, int... stops) {
    this.low = low;
    this.high = high;
    this.stops = stops;
  }

  int of(float value) {
    if (Float.isNaN(value)) {
      return NOT_A_NUMBER;
    }
    float at = (Math.clamp(value, low, high) - low) / (high - low) * (stops.length - 1);
    int below = Math.min((int) at, stops.length - 2);
    int colour = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
      int from = stops[below] >> shift & 0xff;
      int to = stops[below + 1] >> shift & 0xff;
      colour |= Math.round(from + (to - from) * (at - below)) << shift;
    }
    return colour;
  }
}
