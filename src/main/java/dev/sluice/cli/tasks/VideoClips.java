package dev.sluice.cli.tasks;

import dev.sluice.data.Split;
import dev.sluice.data.Videos;
import java.util.Arrays;
import java.util.stream.IntStream;

/** The beginnings of a file's videos, the last fifth of them to be judged by. */
final class VideoClips implements Clips {
  private final Videos videos;
  private final int frames;
  private final int[] held;
  private final Epochs epochs;
  private final int batch;

  /**
   * Clips of videos.
   *
   * @param frames T, seen and ahead
   * @param recipe says how many are held out
   */
  VideoClips(Videos videos, int frames, Recipe recipe) {
    this.videos = videos;
    this.frames = frames;
    this.batch = recipe.batch();
    int all = videos.count(Split.TRAIN);
    int out = (int) Math.round(all * recipe.validate());
    if (recipe.validate() > 0) {
      out = Math.clamp(out, 1, Math.max(1, all - 1));
    }
    // Evenly among the others, as neighbours in a file are often alike.
    int share = out;
    held = IntStream.range(0, out).map(i -> (int) ((long) i * all / share)).toArray();
    int[] kept = IntStream.range(0, all).filter(i -> Arrays.binarySearch(held, i) < 0).toArray();
    epochs = new Epochs(kept, batch, recipe.seed());
  }

  /** Steps of an epoch. */
  long steps() {
    return epochs.steps();
  }

  @Override
  public void train(long step, float[] clips, int n) {
    int[] picks = epochs.at(step);
    // An epoch's last step begins again, so that all steps have as many clips.
    fill(Split.TRAIN, IntStream.range(0, n).map(i -> picks[i % picks.length]).toArray(), clips);
  }

  @Override
  public int held() {
    return (held.length + batch - 1) / batch;
  }

  @Override
  public void held(int index, float[] clips, int n) {
    var picks = IntStream.range(0, n).map(i -> held[(index * batch + i) % held.length]);
    fill(Split.TRAIN, picks.toArray(), clips);
  }

  @Override
  public int tests() {
    return videos.count(Split.TEST);
  }

  @Override
  public void test(long first, float[] clips, int n) {
    fill(Split.TEST, IntStream.range((int) first, (int) first + n).toArray(), clips);
  }

  /** A batch is time-major, so the frames of its beginning come first. */
  private void fill(Split split, int[] picks, float[] clips) {
    if (frames == videos.frames()) {
      videos.batch(split, picks, clips);
      return;
    }
    var whole = new float[Math.toIntExact(videos.shape(picks.length).elements())];
    videos.batch(split, picks, whole);
    System.arraycopy(whole, 0, clips, 0, clips.length);
  }

  @Override
  public float[] meanFrame() {
    int area = videos.height() * videos.width();
    int channels = videos.channels();
    int pixels = area * channels;
    var sum = new double[pixels];
    var one = new float[Math.toIntExact(videos.shape(1).elements())];
    int count = videos.count(Split.TRAIN);
    for (int v = 0; v < count; v++) {
      videos.batch(Split.TRAIN, new int[] {v}, one);
      for (int i = 0; i < one.length; i++) {
        int pixel = i % pixels;
        sum[pixel % channels * area + pixel / channels] += one[i];
      }
    }
    var mean = new float[pixels];
    for (int p = 0; p < pixels; p++) {
      mean[p] = (float) (sum[p] / ((double) count * videos.frames()));
    }
    return mean;
  }
}
