import java.util.Map;
import org.apache.kafka.common.record.CompressionType;

/** Produce: what is accepted, what is refused, and what comes back of it. */
final class ProduceAnswers {
  private static final int FIRST = 3, LAST = 13;
  private static final String ONE = "{acks:%s,timeoutMs:5000,topicData:[{name:'%s',topicId:'%s',"
      + "partitionData:[{index:%s,records:%s}]}]}";
  private static final String UNKNOWN_ID = "AAECAwQFBgcICQoLDA0ODw";

  private ProduceAnswers() {}

  static void add(Map<String, Answers.Scenario> scenarios) {
    scenarios.put("produce", ProduceAnswers::good);
    scenarios.put("produce_refused", ProduceAnswers::refused);
    scenarios.put("produce_damaged", ProduceAnswers::damaged);
    scenarios.put("produce_timestamps", ProduceAnswers::timestamps);
    scenarios.put("produce_recompressed", ProduceAnswers::recompressed);
    scenarios.put("produce_idempotent", ProduceAnswers::idempotent);
    scenarios.put("produce_transactional", ProduceAnswers::transactional);
  }

  static String quoted(String base64) {
    return "'" + base64 + "'";
  }

  private static void send(
      Answers a, int version, String acks, String topic, Object id, int partition, String records) {
    a.act("Produce", version, ONE, acks, topic, id, partition, records);
  }

  private static void good(Answers a) {
    String t = a.topic("p");
    Answers.Both id = a.create(t, 2);
    for (int v = FIRST; v <= LAST; v++) {
      send(a, v, "-1", t, id, 0, quoted(Batches.good(3)));
      send(a, v, "1", t, id, 1, quoted(Batches.good(1)));
      for (CompressionType type : CompressionType.values())
        send(a, v, "-1", t, id, 0, quoted(Batches.compressed(type, 20, Batches.NOW)));
      a.act("Produce", v, "{acks:-1,timeoutMs:5000,topicData:[]}");
      a.act("Produce", v,
          "{acks:-1,timeoutMs:5000,topicData:[{name:'%s',topicId:'%s',partitionData:[]}]}", t, id);
      a.act("Produce", v,
          "{acks:-1,timeoutMs:5000,topicData:[{name:'%s',topicId:'%s',partitionData:["
              + "{index:0,records:%s},{index:1,records:%s},{index:9,records:%s}]}]}",
          t, id, quoted(Batches.good(1)), quoted(Batches.good(2)), quoted(Batches.good(1)));
    }
    FetchAnswers.readBack(a, t, id, 0, 0);
    FetchAnswers.readBack(a, t, id, 1, 0);
    OffsetAnswers.ends(a, t, 2);
  }

  private static void refused(Answers a) {
    String t = a.topic("pr");
    Answers.Both id = a.create(t, 1, "max.message.bytes", "2000", "segment.bytes", "1048576");
    String compact = a.topic("pc");
    Answers.Both compactId = a.create(compact, 1, "cleanup.policy", "compact");
    String big = a.topic("pb");
    Answers.Both bigId =
        a.create(big, 1, "max.message.bytes", "5000000", "segment.bytes", "1048576");
    String internal = "__consumer_offsets";
    for (int v = FIRST; v <= LAST; v++) {
      String one = quoted(Batches.good(1));
      for (String acks : new String[] {"2", "-2", "100"}) send(a, v, acks, t, id, 0, one);
      send(a, v, "-1", a.prefix + "unknown", UNKNOWN_ID, 0, one);
      send(a, v, "-1", "bad name", UNKNOWN_ID, 0, one);
      for (int p : new int[] {1, -1, 2147483647}) send(a, v, "-1", t, id, p, one);
      send(a, v, "-1", t, id, 0, "''");
      send(a, v, "-1", t, id, 0, quoted(Batches.two()));
      send(a, v, "-1", t, id, 0, quoted(Batches.old((byte) 0)));
      send(a, v, "-1", t, id, 0, quoted(Batches.old((byte) 1)));
      send(a, v, "-1", t, id, 0, quoted(Batches.sized(3000)));
      send(a, v, "-1", big, bigId, 0, quoted(Batches.sized(1_048_600)));
      send(a, v, "-1", compact, compactId, 0, quoted(Batches.keyless()));
      send(a, v, "-1", compact, compactId, 0, one);
    }
    OffsetAnswers.ends(a, t, 1);
  }

  /**
   * Field offsets of the batch: base offset 0, length 8, leader epoch 12, magic 16, CRC 17,
   * attributes 21, last offset delta 23, base timestamp 27, max timestamp 35, producer id 43,
   * epoch 51, sequence 53, count 57.
   */
  private static void damaged(Answers a) {
    String t = a.topic("pd");
    int[][] changes = {
        {0, 7, 8, 1},
        {8, 10, 4, 1},
        {8, 0, 4, 1},
        {8, 1000, 4, 1},
        {12, 5, 4, 1},
        {16, 3, 1, 1},
        {16, 9, 1, 0},
        {17, 1, 4, 0},
        {21, 0x20, 2, 1},
        {21, 0x10, 2, 1},
        {21, 0x08, 2, 1},
        {21, 0x40, 2, 1},
        {21, 0x4000, 2, 1},
        {23, 0, 4, 1},
        {23, 5, 4, 1},
        {23, -1, 4, 1},
        {35, 0, 8, 1},
        {43, 7, 8, 1},
        {51, 3, 2, 1},
        {53, 3, 4, 1},
        {57, 0, 4, 1},
        {57, 1, 4, 1},
        {57, 3, 4, 1},
        {57, -1, 4, 1},
        {57, 0x7fffffff, 4, 1},
        {61, 0x7f, 1, 1},
        {62, 1, 1, 1},
        {62, 0xff, 1, 1},
        {64, 2, 1, 1},
        {65, 0x7f, 1, 1},
    };
    // Each has a partition of its own: what one broker takes must not move the others' offsets.
    Answers.Both id = a.create(t, changes.length);
    for (int v : new int[] {7, 9, 13})
      for (int p = 0; p < changes.length; p++) {
        int[] c = changes[p];
        send(a, v, "-1", t, id, p, quoted(Batches.changed(c[0], c[1], c[2], c[3] == 1)));
      }
    for (int p = 0; p < changes.length; p++) FetchAnswers.readBack(a, t, id, p, 0);
  }

  private static void timestamps(Answers a) {
    String t = a.topic("ts"), append = a.topic("lat"), strict = a.topic("strict");
    Answers.Both id = a.create(t, 1);
    Answers.Both appendId = a.create(append, 1, "message.timestamp.type", "LogAppendTime");
    Answers.Both strictId = a.create(strict, 1, "message.timestamp.before.max.ms", "60000",
        "message.timestamp.after.max.ms", "60000");
    long hour = 3_600_000, now = Batches.NOW;
    long[] times = {now, now - hour, now - 1000 * hour, now + hour / 2, now + 2 * hour,
        now + 1000 * hour, -1, 0, 1};
    for (int v : new int[] {3, 8, 13})
      for (long ts : times) {
        String records = quoted(Batches.at(1, ts));
        send(a, v, "-1", t, id, 0, records);
        send(a, v, "-1", append, appendId, 0, records);
        send(a, v, "-1", strict, strictId, 0, records);
      }
    FetchAnswers.readBack(a, t, id, 0, 0);
    OffsetAnswers.ends(a, t, 1);
    OffsetAnswers.ends(a, append, 1);
    OffsetAnswers.ends(a, strict, 1);
  }

  private static void recompressed(Answers a) {
    for (String type : new String[] {"producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"}) {
      String t = a.topic("re-" + type);
      Answers.Both id = a.create(t, 1, "compression.type", type);
      for (CompressionType sent : CompressionType.values())
        send(a, 13, "-1", t, id, 0, quoted(Batches.compressed(sent, 50, Batches.NOW)));
      OffsetAnswers.ends(a, t, 1);
      if (type.equals("producer") || type.equals("uncompressed"))
        FetchAnswers.readBack(a, t, id, 0, 0);
    }
  }

  private static void idempotent(Answers a) {
    String t = a.topic("idem");
    Answers.Both id = a.create(t, 1);
    // (epoch, sequence, count): in order, duplicates, gaps, old duplicates, epochs up and down.
    int[][] steps = {
        {0, 0, 2},
        {0, 0, 2},
        {0, 2, 1},
        {0, 2, 2},
        {0, 4, 1},
        {0, 3, 1},
        {0, 4, 1},
        {0, 5, 1},
        {0, 6, 1},
        {0, 7, 1},
        {0, 0, 2},
        {0, 2, 1},
        {0, 3, 1},
        {0, 7, 1},
        {1, 8, 1},
        {1, 0, 1},
        {0, 8, 1},
        {1, 1, 1},
        {1, 0, 1},
        {3, 0, 1},
    };
    for (int[] s : steps)
      send(a, 9, "-1", t, id, 0, quoted(Batches.idempotent("4000000", s[0], s[1], s[2])));
    // A producer the log does not know may begin anywhere.
    send(a, 9, "-1", t, id, 0, quoted(Batches.idempotent("4000001", 0, 100, 1)));
    send(a, 9, "-1", t, id, 0, quoted(Batches.idempotent("4000001", 0, 100, 1)));
    send(a, 9, "-1", t, id, 0, quoted(Batches.idempotent("4000001", 0, 102, 1)));
    send(a, 9, "-1", t, id, 0, quoted(Batches.idempotent("4000002", 0, 2147483646, 2)));
    send(a, 9, "-1", t, id, 0, quoted(Batches.idempotent("4000002", 0, 0, 1)));
    send(a, 9, "-1", t, id, 0, quoted(Batches.idempotent("4000003", 0, 2147483647, 2)));
    send(a, 9, "-1", t, id, 0, quoted(Batches.idempotent("4000003", 0, 1, 1)));
    OffsetAnswers.ends(a, t, 1);
    FetchAnswers.readBack(a, t, id, 0, 0);
  }

  private static void transactional(Answers a) {
    String t = a.topic("txn");
    Answers.Both id = a.create(t, 1);
    for (int v = FIRST; v <= LAST; v++)
      send(a, v, "-1", t, id, 0, quoted(Batches.transactional(9)));
  }
}
