import java.util.Map;
import org.apache.kafka.common.record.CompressionType;

/** ListOffsets, OffsetForLeaderEpoch, DeleteRecords, DescribeLogDirs. */
final class OffsetAnswers {
  private static final String PRODUCE =
      "{acks:-1,timeoutMs:5000,topicData:[{name:'%s',partitionData:[{index:0,records:'%s'}]}]}";

  private OffsetAnswers() {}

  static void add(Map<String, Answers.Scenario> scenarios) {
    scenarios.put("list_offsets", OffsetAnswers::list);
    scenarios.put("list_offsets_by_time", OffsetAnswers::byTime);
    scenarios.put("list_offsets_refused", OffsetAnswers::listRefused);
    scenarios.put("offset_for_leader_epoch", OffsetAnswers::epochs);
    scenarios.put("delete_records", OffsetAnswers::deleteRecords);
    scenarios.put("describe_log_dirs", OffsetAnswers::logDirs);
  }

  private static String list(String partitions) {
    return "{replicaId:-1,topics:[{name:'%s',partitions:[" + partitions + "]}]}";
  }

  private static String at(int partition, long timestamp) {
    return "{partitionIndex:" + partition + ",timestamp:" + timestamp + "}";
  }

  /** Where the partitions of a topic begin and end. */
  static void ends(Answers a, String topic, int partitions) {
    for (int p = 0; p < partitions; p++)
      for (int what : new int[] {-1, -2}) a.ask("ListOffsets", 8, 8, list(at(p, what)), topic);
  }

  private static void list(Answers a) {
    String t = a.topic("lo"), empty = a.topic("lo-empty");
    a.create(t, 2);
    a.create(empty, 1);
    a.act("Produce", 9, PRODUCE, t, Batches.good(5));
    a.act("Produce", 9, PRODUCE, t, Batches.compressed(CompressionType.GZIP, 5, Batches.NOW));
    for (int special = -1; special >= -8; special--) {
      a.ask("ListOffsets", 1, 11, list(at(0, special)), t);
      a.ask("ListOffsets", 1, 11, list(at(0, special)), empty);
    }
    a.ask("ListOffsets", 1, 11, list(at(0, -99)), t);
    a.ask("ListOffsets", 1, 11, list(at(0, -1) + "," + at(1, -2)), t);
    a.ask("ListOffsets", 2, 11,
        list(at(0, -1)).replace("{replicaId:-1", "{replicaId:-1,isolationLevel:1"), t);
    a.ask("ListOffsets", 2, 11,
        list(at(0, -1)).replace("{replicaId:-1", "{replicaId:-1,isolationLevel:2"), t);
    a.ask("ListOffsets", 1, 11, list(at(0, -1)).replace("{replicaId:-1", "{replicaId:-2"), t);
    a.ask("ListOffsets", 1, 11, "{topics:[]}");
    a.ask("ListOffsets", 10, 11,
        "{timeoutMs:0,topics:[{name:'%s',partitions:[" + at(0, -1) + "]}]}", t);
  }

  private static void byTime(Answers a) {
    String t = a.topic("lt"), append = a.topic("lt-append");
    a.create(t, 1);
    a.create(append, 1, "message.timestamp.type", "LogAppendTime");
    long start = Batches.NOW - 200_000;
    // Records one second apart; the second batch is older than the first, the third is compressed.
    a.act("Produce", 9, PRODUCE, t, Batches.at(5, start + 50_000));
    a.act("Produce", 9, PRODUCE, t, Batches.at(5, start));
    a.act("Produce", 9, PRODUCE, t, Batches.compressed(CompressionType.ZSTD, 10, start + 100_000));
    a.act("Produce", 9, PRODUCE, t, Batches.at(2, -1));
    a.act("Produce", 9, PRODUCE, append, Batches.at(3, start));
    for (long ts : new long[] {0, 1, start - 1, start, start + 1, start + 3000, start + 50_000,
             start + 50_001, start + 54_000, start + 54_001, start + 100_000, start + 104_500,
             start + 109_000, start + 109_001, Long.MAX_VALUE})
      a.ask("ListOffsets", 1, 11, list(at(0, ts)), t);
    a.ask("ListOffsets", 7, 11, list(at(0, -3)), t);
    a.ask("ListOffsets", 1, 11, list(at(0, 5)).replace("replicaId:-1", "replicaId:-1"), t);
    a.ask("ListOffsets", 1, 11, list(at(0, Batches.NOW + 100_000_000)), append);
  }

  private static void listRefused(Answers a) {
    String t = a.topic("lr");
    a.create(t, 1);
    a.ask("ListOffsets", 1, 11, list(at(0, -1)), a.prefix + "unknown");
    a.ask("ListOffsets", 1, 11, list(at(0, -1)), "bad name");
    for (int p : new int[] {1, -1, 2147483647}) a.ask("ListOffsets", 1, 11, list(at(p, -1)), t);
    a.ask("ListOffsets", 1, 11, list(at(0, -1) + "," + at(0, -2)), t);
    for (int epoch : new int[] {-1, 0, 1, 9, -2})
      a.ask("ListOffsets", 4, 11,
          list("{partitionIndex:0,timestamp:-1,currentLeaderEpoch:" + epoch + "}"), t);
    a.ask("ListOffsets", 1, 11, list(at(0, -1)).replace("{replicaId:-1", "{replicaId:5"), t);
  }

  private static void epochs(Answers a) {
    String t = a.topic("ole");
    a.create(t, 1);
    String ask = "{replicaId:%s,topics:[{topic:'%s',partitions:[{partition:%s,currentLeaderEpoch:%"
        + "s,leaderEpoch:%s}]}]}";
    for (int round = 0; round < 2; round++) {
      for (int epoch : new int[] {0, 1, 5, -1, -2})
        a.ask("OffsetForLeaderEpoch", 2, 4, ask, -2, t, 0, -1, epoch);
      for (int current : new int[] {0, 1, 5, -2})
        a.ask("OffsetForLeaderEpoch", 2, 4, ask, -2, t, 0, current, 0);
      a.act("Produce", 9, PRODUCE, t, Batches.good(4));
    }
    for (int p : new int[] {1, -1}) a.ask("OffsetForLeaderEpoch", 2, 4, ask, -2, t, p, -1, 0);
    a.ask("OffsetForLeaderEpoch", 2, 4, ask, -2, a.prefix + "unknown", 0, -1, 0);
    a.ask("OffsetForLeaderEpoch", 3, 4, ask, -1, t, 0, -1, 0);
    a.ask("OffsetForLeaderEpoch", 2, 4, "{topics:[]}");
  }

  private static void deleteRecords(Answers a) {
    String compact = a.topic("dr-compact"), mixed = a.topic("dr-mixed");
    a.create(compact, 1, "cleanup.policy", "compact");
    a.create(mixed, 1, "cleanup.policy", "compact,delete");
    String ask = "{topics:[{name:'%s',partitions:[{partitionIndex:%s,offset:%s}]}],timeoutMs:5000}";
    for (int v = 0; v <= 2; v++) {
      String t = a.topic("dr" + v);
      Answers.Both id = a.create(t, 2);
      a.act("Produce", 9, PRODUCE, t, Batches.good(10));
      a.act("Produce", 9, PRODUCE, t, Batches.good(10));
      for (long offset : new long[] {0, 5, 3, 21, -2, 12})
        a.act("DeleteRecords", v, ask, t, 0, offset);
      ends(a, t, 1);
      for (long offset : new long[] {0, 11, 12, 15, 20}) readFrom(a, t, id, offset);
      a.act("DeleteRecords", v, ask, t, 0, -1);
      ends(a, t, 1);
      a.act("Produce", 9, PRODUCE, t, Batches.good(1));
      readFrom(a, t, id, 20);
      for (int p : new int[] {2, -1}) a.act("DeleteRecords", v, ask, t, p, 0);
      a.act("DeleteRecords", v, ask, t, 1, 0);
      a.act("DeleteRecords", v, ask, t, 1, 1);
      a.act("DeleteRecords", v, ask, a.prefix + "unknown", 0, 0);
      a.act("DeleteRecords", v, ask, compact, 0, 0);
      a.act("DeleteRecords", v, ask, mixed, 0, 0);
      a.act("DeleteRecords", v, "{topics:[],timeoutMs:5000}");
    }
  }

  private static void readFrom(Answers a, String t, Object id, long offset) {
    FetchAnswers.readBack(a, t, id, 0, offset);
  }

  private static void logDirs(Answers a) {
    String t = a.topic("ld"), u = a.topic("ld2");
    a.create(t, 2);
    a.create(u, 1);
    a.act("Produce", 9, PRODUCE, t, Batches.good(10));
    a.ask("DescribeLogDirs", 1, 4, "{topics:null}");
    a.ask("DescribeLogDirs", 1, 4, "{topics:[]}");
    a.ask("DescribeLogDirs", 1, 4, "{topics:[{topic:'%s',partitions:[0,1]}]}", t);
    a.ask("DescribeLogDirs", 1, 4,
        "{topics:[{topic:'%s',partitions:[1]},{topic:'%s',partitions:[0]}]}", t, u);
    a.ask("DescribeLogDirs", 1, 4, "{topics:[{topic:'%s',partitions:[9]}]}", t);
    a.ask("DescribeLogDirs", 1, 4, "{topics:[{topic:'%s',partitions:[]}]}", t);
    a.ask("DescribeLogDirs", 1, 4, "{topics:[{topic:'%s',partitions:[0]}]}", a.prefix + "unknown");
  }
}
