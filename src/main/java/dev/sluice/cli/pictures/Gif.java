package dev.sluice.cli.pictures;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;

/** Writes an animated GIF that loops for ever. */
final class Gif {
  private static final String FORMAT = "javax_imageio_gif_image_1.0";
  private static final int GREYS = 120;
  private static final int DIFFERENCES = 121;

  private final int[] colours = palette();
  private final Map<Integer, Byte> nearest = new HashMap<>();
  private final IndexColorModel model =
      new IndexColorModel(8, colours.length, colours, 0, false, -1, 0);

  private static int[] palette() {
    var colours = new ArrayList<Integer>();
    for (int i = 0; i < GREYS; i++) {
      colours.add(Shade.GREY.of(i / (GREYS - 1f)));
    }
    for (int i = 0; i < DIFFERENCES; i++) {
      colours.add(Shade.DIFFERENCE.of(2 * i / (DIFFERENCES - 1f) - 1));
    }
    colours.add(Shade.NOT_A_NUMBER);
    colours.add(PredictionGif.ACCENT);
    return colours.stream().mapToInt(Integer::intValue).toArray();
  }

  /**
   * {@return the GIF}
   *
   * @param frames of one size, at least 1; colours become the nearest of a palette of greys and of
   *     {@link Shade#DIFFERENCE}
   * @param hundredths how long each frame stands, in 1/100 s
   */
  static byte[] encode(List<BufferedImage> frames, int[] hundredths) {
    var gif = new Gif();
    var out = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("gif").next();
    try (var stream = ImageIO.createImageOutputStream(out)) {
      writer.setOutput(stream);
      writer.prepareWriteSequence(null);
      for (int i = 0; i < frames.size(); i++) {
        BufferedImage frame = gif.indexed(frames.get(i));
        IIOMetadata timing = timing(writer, frame, hundredths[i], i == 0);
        writer.writeToSequence(new IIOImage(frame, null, timing), null);
      }
      writer.endWriteSequence();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
    return out.toByteArray();
  }

  private BufferedImage indexed(BufferedImage frame) {
    int width = frame.getWidth();
    var indexed =
        new BufferedImage(width, frame.getHeight(), BufferedImage.TYPE_BYTE_INDEXED, model);
    int[] rgb = frame.getRGB(0, 0, width, frame.getHeight(), null, 0, width);
    var bytes = new byte[rgb.length];
    for (int i = 0; i < rgb.length; i++) {
      bytes[i] = nearest.computeIfAbsent(rgb[i] & 0xffffff, this::index);
    }
    indexed.getRaster().setDataElements(0, 0, width, frame.getHeight(), bytes);
    return indexed;
  }

  private byte index(int rgb) {
    int best = 0;
    for (int i = 1; i < colours.length; i++) {
      if (distance(colours[i], rgb) < distance(colours[best], rgb)) {
        best = i;
      }
    }
    return (byte) best;
  }

  private static int distance(int a, int b) {
    int red = (a >> 16) - (b >> 16);
    int green = (a >> 8 & 0xff) - (b >> 8 & 0xff);
    int blue = (a & 0xff) - (b & 0xff);
    return red * red + green * green + blue * blue;
  }

  private static IIOMetadata timing(
      ImageWriter writer, BufferedImage frame, int hundredths, boolean first) throws IOException {
    IIOMetadata metadata =
        writer.getDefaultImageMetadata(ImageTypeSpecifier.createFromRenderedImage(frame), null);
    var root = new IIOMetadataNode(FORMAT);
    var control = new IIOMetadataNode("GraphicControlExtension");
    control.setAttribute("disposalMethod", "none");
    control.setAttribute("userInputFlag", "FALSE");
    control.setAttribute("transparentColorFlag", "FALSE");
    control.setAttribute("transparentColorIndex", "0");
    control.setAttribute("delayTime", String.valueOf(hundredths));
    root.appendChild(control);
    if (first) {
      var loop = new IIOMetadataNode("ApplicationExtension");
      loop.setAttribute("applicationID", "NETSCAPE");
      loop.setAttribute("authenticationCode", "2.0");
      loop.setUserObject(new byte[] {1, 0, 0});
      var extensions = new IIOMetadataNode("ApplicationExtensions");
      extensions.appendChild(loop);
      root.appendChild(extensions);
    }
    metadata.mergeTree(FORMAT, root);
    return metadata;
  }
}
