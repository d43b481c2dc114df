package dev.sluice.cli.pictures;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.Shape;
import dev.sluice.train.ForecastScores;
import dev.sluice.train.FrameScores;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ReportTest {
  private static final String HOSTILE = "<script src='http://x'>&\"</script>";
  private static final String HARMLESS =
      "&lt;script src=&#39;http://x&#39;&gt;&amp;&quot;&lt;/script&gt;";

  @Test
  void allTextIsEscaped() {
    String page =
        text(
            new Report(HOSTILE)
                .section(HOSTILE)
                .paragraph(HOSTILE)
                .command(HOSTILE)
                .table(HOSTILE, List.of(HOSTILE), List.of(List.of(HOSTILE)))
                .png(HOSTILE, new byte[1])
                .html());
    assertFalse(page.contains("<script"), page);
    // Title twice, section, paragraph, command, caption, header, cell, alt and figure caption.
    assertEquals(10, page.split(Pattern.quote(HARMLESS), -1).length - 1);
  }

  @Test
  void aTrainingReportStandsAlone() {
    String page = text(report().html());
    Matcher source =
        Pattern.compile("(?:src|href|url)\\s*[=(]\\s*[\"']?([^\"'>)]{0,20})").matcher(page);
    int pictures = 0;
    while (source.find()) {
      assertTrue(source.group(1).startsWith("data:image/"), source.group());
      pictures++;
    }
    assertEquals(5, pictures);
    assertFalse(page.contains("http:") || page.contains("https:") || page.contains("@import"));
    assertFalse(page.contains("<script") || page.contains("<link"));
  }

  @Test
  void aTrainingReportSaysWhatItShould() {
    String page = text(report().html());
    for (String part :
        List.of(
            "On 1 sequences",
            "mean image",
            "last frame",
            "SSIM",
            "PSNR",
            "./sluice train --seed 3",
            "<td>hidden</td><td class=\"n\">32</td>",
            "7x7 uniform window")) {
      assertTrue(page.contains(part), part);
    }
  }

  @Test
  void picturesComeBackUnchanged() {
    var bytes = new byte[] {1, 2, 3, -1};
    String page = text(new Report("t").gif("moving", bytes).html());
    String data = page.replaceAll("(?s).*base64,([^\"]*)\".*", "$1");
    assertArrayEquals(bytes, Base64.getDecoder().decode(data));
    assertTrue(page.contains("data:image/gif;base64,"));
  }

  private static TrainingReport report() {
    var scores = new FrameScores(Shape.of(4, 1, 8, 8), new float[64]);
    var truth = new float[4 * 64];
    truth[5] = 1;
    scores.add(new float[4 * 64], truth, new float[64], 1);
    var settings = new LinkedHashMap<String, String>();
    settings.put("hidden", "32");
    var clips = List.of(PicturesTest.clip(true));
    var findings =
        new ForecastReport(scores.result(), PredictionGif.gif(clips, 3), FrameSheet.png(clips));
    var loss = new Curve.Line("loss", new double[] {8, 16}, new double[] {0.1, 0.05});
    return new TrainingReport(
        "run",
        findings::show,
        List.of(loss),
        settings,
        "./sluice train --seed 3",
        ForecastScores.CONVENTIONS);
  }

  private static String text(byte[] html) {
    return new String(html, StandardCharsets.UTF_8);
  }
}
