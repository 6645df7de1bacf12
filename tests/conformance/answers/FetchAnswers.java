import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import org.apache.kafka.common.record.CompressionType;

/** Fetch: offsets, limits, epochs, sessions, every version. */
final class FetchAnswers {
  private static final int FIRST = 4, LAST = 18;
  private static final String UNKNOWN_ID = "AAECAwQFBgcICQoLDA0ODw";

  private FetchAnswers() {}

  static void add(Map<String, Answers.Scenario> scenarios) {
    scenarios.put("fetch", FetchAnswers::good);
    scenarios.put("fetch_limits", FetchAnswers::limits);
    scenarios.put("fetch_refused", FetchAnswers::refused);
    scenarios.put("fetch_epochs", FetchAnswers::epochs);
    scenarios.put("fetch_sessions", FetchAnswers::sessions);
    scenarios.put("fetch_sessions_refused", FetchAnswers::sessionsRefused);
  }

  private static String part(int p, long offset, int max, String more) {
    return "{partition:" + p + ",fetchOffset:" + offset + ",partitionMaxBytes:" + max + more + "}";
  }

  private static String body(String top, String partitions) {
    return "{maxWaitMs:0,minBytes:0" + top + ",topics:[{topic:'%s',topicId:'%s',partitions:["
        + partitions + "]}]}";
  }

  /** Everything from an offset on, record bytes compared. */
  static void readBack(Answers a, String topic, Object id, int partition, long offset) {
    a.ask("Fetch", 12, 13, body("", part(partition, offset, 10_000_000, "")), topic, id);
  }

  /** Batches of 3, 1, 20 compressed, 1: offsets 0, 3, 4, 24, the end is 25. */
  private static Answers.Both fill(Answers a, String t, int partitions) {
    Answers.Both id = a.create(t, partitions);
    String one =
        "{acks:-1,timeoutMs:5000,topicData:[{name:'%s',partitionData:[{index:%s,records:'%s'}]}]}";
    for (int p = 0; p < partitions; p++)
      for (String records : new String[] {Batches.good(3), Batches.good(1),
               Batches.compressed(CompressionType.LZ4, 20, Batches.NOW), Batches.good(1)})
        a.act("Produce", 9, one, t, p, records);
    return id;
  }

  private static void good(Answers a) {
    String t = a.topic("f");
    Answers.Both id = fill(a, t, 2);
    for (long offset : new long[] {0, 1, 2, 3, 4, 10, 23, 24, 25})
      a.ask("Fetch", FIRST, LAST, body("", part(0, offset, 1_000_000, "")), t, id);
    for (int isolation = 0; isolation <= 1; isolation++)
      a.ask("Fetch", FIRST, LAST,
          body(",isolationLevel:" + isolation,
              part(0, 0, 1_000_000, "") + "," + part(1, 4, 1_000_000, "")),
          t, id);
    a.ask("Fetch", FIRST, LAST, "{maxWaitMs:0,minBytes:0,topics:[]}");
    a.ask("Fetch", FIRST, LAST, body("", ""), t, id);
    a.ask("Fetch", FIRST, LAST, body(",rackId:'r1'", part(0, 4, 1_000_000, "")), t, id);
  }

  private static void limits(Answers a) {
    String t = a.topic("lim");
    Answers.Both id = fill(a, t, 3);
    String all = part(0, 0, 1_000_000, "") + "," + part(1, 0, 1_000_000, "") + ","
        + part(2, 25, 1_000_000, "");
    for (int max : new int[] {0, 1, 50, 120, 200, 300, 400, 1000, 2147483647})
      a.ask("Fetch", 11, 13, body(",maxBytes:" + max, all), t, id);
    for (int max : new int[] {0, 1, 120, 200, 300, 2147483647})
      a.ask("Fetch", 11, 13,
          body("", part(2, 25, max, "") + "," + part(0, 0, max, "") + "," + part(1, 0, max, "")), t,
          id);
    for (int min : new int[] {0, 1, 2147483647})
      a.ask("Fetch", 11, 13, body("", all).replace("minBytes:0", "minBytes:" + min), t, id);
    a.ask("Fetch", 11, 13,
        body("", part(0, 25, 1000, ""))
            .replace("minBytes:0", "minBytes:1")
            .replace("maxWaitMs:0", "maxWaitMs:50"),
        t, id);
  }

  private static void refused(Answers a) {
    String t = a.topic("fr");
    Answers.Both id = fill(a, t, 1);
    for (long offset : new long[] {-1, -2, 26, 1L << 40, Long.MAX_VALUE})
      a.ask("Fetch", FIRST, LAST, body("", part(0, offset, 1_000_000, "")), t, id);
    for (int p : new int[] {1, -1, 2147483647})
      a.ask("Fetch", FIRST, LAST, body("", part(p, 0, 1_000_000, "")), t, id);
    a.ask("Fetch", FIRST, LAST, body("", part(0, 0, 1_000_000, "")), a.prefix + "unknown",
        UNKNOWN_ID);
    a.ask("Fetch", FIRST, LAST, body("", part(0, 0, 1_000_000, "")), "bad name", UNKNOWN_ID);
    a.ask("Fetch", FIRST, LAST,
        body("", part(0, 0, 1_000_000, "") + "," + part(7, 0, 1_000_000, "")), t, id);
    a.ask("Fetch", FIRST, LAST,
        body("", part(0, 0, 1_000_000, "") + "," + part(0, 4, 1_000_000, "")), t, id);
    a.ask("Fetch", FIRST, LAST, body(",isolationLevel:2", part(0, 0, 1_000_000, "")), t, id);
  }

  private static void epochs(Answers a) {
    String t = a.topic("fe");
    Answers.Both id = fill(a, t, 1);
    for (int epoch : new int[] {-1, 0, 1, 7, -2})
      a.ask(
          "Fetch", 9, LAST, body("", part(0, 0, 1_000_000, ",currentLeaderEpoch:" + epoch)), t, id);
    for (int last : new int[] {-1, 0, 1, 7})
      for (long offset : new long[] {0, 25, 30})
        a.ask("Fetch", 12, LAST, body("", part(0, offset, 1_000_000, ",lastFetchedEpoch:" + last)),
            t, id);
  }

  private static void sessions(Answers a) {
    String t = a.topic("fs");
    Answers.Both id = fill(a, t, 2);
    String produce =
        "{acks:-1,timeoutMs:5000,topicData:[{name:'%s',partitionData:[{index:%s,records:'%s'}]}]}";
    for (int v : new int[] {7, 12, 13, LAST}) {
      String in = ",sessionId:%s,sessionEpoch:%s";
      String topics =
          ",topics:[{topic:'%s',topicId:'%s',partitions:[%s]}],forgottenTopicsData:[%s]}";
      String incremental = "{maxWaitMs:0,minBytes:0" + in + topics;
      String nothing = "{maxWaitMs:0,minBytes:0" + in + ",topics:[],forgottenTopicsData:[]}";
      JsonNode[] first = a.act("Fetch", v, incremental, 0, 0, t, id,
          part(0, 25, 1000, "") + "," + part(1, 25, 1000, ""), "");
      Answers.Both session = Answers.both(first, "/sessionId");
      a.act("Fetch", v, nothing, session, 1);
      a.act("Produce", 9, produce, t, 1, Batches.good(1));
      a.act("Fetch", v, nothing, session, 2);
      a.act("Fetch", v, nothing, session, 3);
      a.act("Fetch", v, incremental, session, 4, t, id, part(0, 4, 100_000, ""), "");
      a.act("Fetch", v, incremental, session, 5, t, id, part(0, 99, 100_000, ""), "");
      a.act("Fetch", v, incremental, session, 6, t, id, part(0, 25, 100_000, ""), "");
      a.act("Fetch", v, incremental, session, 7, t, id, part(5, 0, 100_000, ""), "");
      a.act("Fetch", v,
          "{maxWaitMs:0,minBytes:0" + in
              + ",topics:[],forgottenTopicsData:[{topic:'%s',topicId:'%s',partitions:[1,5]}]}",
          session, 8, t, id);
      a.act("Fetch", v, nothing, session, 9);
      a.act("Fetch", v,
          "{maxWaitMs:0,minBytes:0" + in
              + ",topics:[],forgottenTopicsData:[{topic:'%s',topicId:'%s',partitions:[0]}]}",
          session, 10, t, id);
      a.act("Fetch", v, nothing, session, 11);
      reset(a, t);
    }
  }

  /** Partition 1 grew by a record: cut the front off so that each version starts alike. */
  private static void reset(Answers a, String t) {
    a.ask("ListOffsets", 5, 5,
        "{topics:[{name:'%s',partitions:[{partitionIndex:1,timestamp:-1}]}]}", t);
  }

  private static void sessionsRefused(Answers a) {
    String t = a.topic("fsr");
    Answers.Both id = fill(a, t, 1);
    String in = "{maxWaitMs:0,minBytes:0,sessionId:%s,sessionEpoch:%s,topics:[{topic:'%s',topicId:'"
        + "%s',partitions:[" + part(0, 25, 1000, "") + "]}]}";
    for (int v : new int[] {7, 12, 13, LAST}) {
      a.act("Fetch", v, in, 12345, 1, t, id);
      a.act("Fetch", v, in, 12345, 0, t, id);
      a.act("Fetch", v, in, 12345, -1, t, id);
      a.act("Fetch", v, in, 0, 1, t, id);
      a.act("Fetch", v, in, 0, -2, t, id);
      Answers.Both session = Answers.both(a.act("Fetch", v, in, 0, 0, t, id), "/sessionId");
      a.act("Fetch", v, in, session, 2, t, id);
      a.act("Fetch", v, in, session, 1, t, id);
      a.act("Fetch", v, in, session, 1, t, id);
      a.act("Fetch", v, in, session, 2, t, id);
      // Names and ids may not be mixed in one session.
      a.act("Fetch", v <= 12 ? 13 : 12, in, session, 3, t, id);
      a.act("Fetch", v, in, session, -1, t, id);
      a.act("Fetch", v, in, session, 3, t, id);
    }
    // No topic, and a session that is not asked for.
    a.act("Fetch", 13, "{maxWaitMs:0,minBytes:0,sessionId:0,sessionEpoch:0,topics:[]}");
    a.act("Fetch", 13, in, 0, 0, t, UNKNOWN_ID);
  }
}
