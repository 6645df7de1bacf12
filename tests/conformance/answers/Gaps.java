import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** The differences that are meant, from the tables in gaps.md: request, where, Kafka, ours. */
final class Gaps {
  private record Gap(String line, Pattern[] columns, int[] uses) {}

  private final List<Gap> gaps = new ArrayList<>();

  Gaps(Path file) throws IOException {
    for (String line : Files.readAllLines(file)) {
      String[] cells = line.split("(?<!\\\\)\\|");
      if (!line.startsWith("| `") || cells.length < 6)
        continue;
      Pattern[] columns = new Pattern[4];
      for (int i = 0; i < 4; i++) columns[i] = glob(cells[i + 1]);
      gaps.add(new Gap(cells[1].trim() + " " + cells[2].trim(), columns, new int[1]));
    }
  }

  private static Pattern glob(String cell) {
    String text = cell.trim().replace("`", "");
    return Pattern.compile(Pattern.quote(text).replace("*", "\\E.*\\Q"), Pattern.DOTALL);
  }

  /** Whether this difference of the request, named with its version and body, is in the tables. */
  boolean meant(String request, Compare.Difference d) {
    String[] seen = {request, d.path().isEmpty() ? "reply" : d.path(), d.a(), d.b()};
    for (Gap g : gaps) {
      boolean all = true;
      for (int i = 0; i < 4 && all; i++) all = g.columns[i].matcher(seen[i]).matches();
      if (all) {
        g.uses[0]++;
        return true;
      }
    }
    return false;
  }

  /** Rows that no difference needed: they should leave the tables. */
  List<String> unused() {
    List<String> out = new ArrayList<>();
    for (Gap g : gaps)
      if (g.uses[0] == 0)
        out.add(g.line);
    return out;
  }
}
