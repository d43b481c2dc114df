package dev.sluice.cli.experiments;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class DocumentTest {
  private static Document document() {
    return new Document("A & B")
        .section("Found")
        .paragraph("|x_t| < 1")
        .table("sizes", List.of("a", "b"), List.of(List.of("1", "2|3")))
        .picture("flow", "what flows", new byte[] {1, 2, 3})
        .command("./sluice experiment adding");
  }

  @Test
  void markdownKeepsTextFromBeingReadAsMarks() {
    assertEquals(
        """
        # A & B

        ## Found

        \\|x\\_t\\| \\< 1

        sizes:

        | a | b |
        | --- | --- |
        | 1 | 2\\|3 |

        ![what flows](flow.png)

        *what flows*

            ./sluice experiment adding
        """,
        document().markdown());
  }

  @Test
  void picturesStandInThePageAndAsideByTheirNames() {
    assertEquals(List.of("flow"), List.copyOf(document().pictures().keySet()));
    assertArrayEquals(new byte[] {1, 2, 3}, document().pictures().get("flow"));
    String page = new String(document().html(), StandardCharsets.UTF_8);
    assertTrue(page.contains("data:image/png;base64,AQID"), page);
    assertTrue(page.contains("<h1>A &amp; B</h1>"), page);
    assertTrue(page.contains("|x_t| &lt; 1"), page);
  }
}
