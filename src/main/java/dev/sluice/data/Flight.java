package dev.sluice.data;

/**
 * A point that flies straight at constant speed in the square from 0 to {@code room} and bounces
 * off its walls. A step that would leave the square ends on the wall and turns there.
 */
final class Flight {
  private final double room;
  private double x;
  private double y;
  private double dx;
  private double dy;

  /**
   * Starts anywhere, in any direction.
   *
   * @param random draws x, y and the direction, in this order
   * @param room the square's side in pixels
   * @param speed in pixels a step
   */
  Flight(SplitMix random, double room, double speed) {
    this.room = room;
    x = room * random.unit();
    y = room * random.unit();
    double direction = 2 * Math.PI * random.unit();
    // Math.sin and Math.cos may differ in the last bit between machines.
    dx = speed * StrictMath.cos(direction);
    dy = speed * StrictMath.sin(direction);
  }

  void step() {
    x += dx;
    if (x <= 0 || x >= room) {
      x = Math.clamp(x, 0, room);
      dx = -dx;
    }
    y += dy;
    if (y <= 0 || y >= room) {
      y = Math.clamp(y, 0, room);
      dy = -dy;
    }
  }

  double x() {
    return x;
  }

  double y() {
    return y;
  }
}
