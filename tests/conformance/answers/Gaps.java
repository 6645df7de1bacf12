import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** The differences that are meant, from the table in gaps.md: | request | where | reason |. */
final class Gaps {
  private record Gap(Pattern request, Pattern where, int[] uses) {}

  private final List<Gap> gaps = new ArrayList<>();

  Gaps(Path file) throws IOException {
    for (String line : Files.readAllLines(file)) {
      String[] cells = line.split("\\|");
      if (!line.startsWith("| `") || cells.length < 4)
        continue;
      gaps.add(new Gap(glob(cells[1]), glob(cells[2]), new int[1]));
    }
  }

  private static Pattern glob(String cell) {
    String text = cell.trim().replace("`", "");
    return Pattern.compile(Pattern.quote(text).replace("*", "\\E.*\\Q"));
  }

  /** Whether the difference at `where` of the request named `request` is in the table. */
  boolean meant(String request, String where) {
    for (Gap g : gaps)
      if (g.request.matcher(request).matches() && g.where.matcher(where).matches()) {
        g.uses[0]++;
        return true;
      }
    return false;
  }

  /** Rows that no difference needed: they should leave the table. */
  List<String> unused() {
    List<String> out = new ArrayList<>();
    for (Gap g : gaps)
      if (g.uses[0] == 0)
        out.add(g.request + " at " + g.where);
    return out;
  }
}
