import java.util.Map;

/** DescribeConfigs, IncrementalAlterConfigs, AlterConfigs. */
final class ConfigAnswers {
  private static final int TOPIC = 2, BROKER = 4;
  private static final int SET = 0, DELETE = 1, APPEND = 2, SUBTRACT = 3;

  /** Topic settings with values at their bounds, beyond them and of the wrong kind, as JSON. */
  static final String[][] TOPIC_VALUES = {
      {"cleanup.policy", "'delete'"},
      {"cleanup.policy", "'compact'"},
      {"cleanup.policy", "''"},
      {"cleanup.policy", "'compact,delete'"},
      {"cleanup.policy", "'delete, compact'"},
      {"cleanup.policy", "'Delete'"},
      {"cleanup.policy", "'delete,delete'"},
      {"cleanup.policy", "'none'"},
      {"compression.type", "'producer'"},
      {"compression.type", "'zstd'"},
      {"compression.type", "'uncompressed'"},
      {"compression.type", "'none'"},
      {"compression.type", "'brotli'"},
      {"compression.type", "'GZIP'"},
      {"compression.gzip.level", "'-1'"},
      {"compression.gzip.level", "'0'"},
      {"compression.gzip.level", "'10'"},
      {"compression.lz4.level", "'18'"},
      {"compression.zstd.level", "'23'"},
      {"compression.zstd.level", "'-131073'"},
      {"delete.retention.ms", "'-1'"},
      {"delete.retention.ms", "'0'"},
      {"file.delete.delay.ms", "'-1'"},
      {"file.delete.delay.ms", "'0'"},
      {"flush.messages", "'0'"},
      {"flush.messages", "'1'"},
      {"flush.ms", "'-1'"},
      {"flush.ms", "'0'"},
      {"follower.replication.throttled.replicas", "'0:1'"},
      {"follower.replication.throttled.replicas", "'*'"},
      {"follower.replication.throttled.replicas", "'x'"},
      {"leader.replication.throttled.replicas", "'0:1,1:1'"},
      {"index.interval.bytes", "'-1'"},
      {"index.interval.bytes", "'0'"},
      {"max.compaction.lag.ms", "'0'"},
      {"max.compaction.lag.ms", "'1'"},
      {"min.compaction.lag.ms", "'-1'"},
      {"max.message.bytes", "'-1'"},
      {"max.message.bytes", "'0'"},
      {"max.message.bytes", "'2147483648'"},
      {"max.message.bytes", "'1k'"},
      {"max.message.bytes", "'0x10'"},
      {"max.message.bytes", "' 77 '"},
      {"message.timestamp.after.max.ms", "'-1'"},
      {"message.timestamp.before.max.ms", "'0'"},
      {"message.timestamp.type", "'CreateTime'"},
      {"message.timestamp.type", "'createtime'"},
      {"message.timestamp.type", "'LogAppendTime'"},
      {"message.format.version", "'3.0'"},
      {"message.timestamp.difference.max.ms", "'1'"},
      {"message.downconversion.enable", "'true'"},
      {"min.cleanable.dirty.ratio", "'0'"},
      {"min.cleanable.dirty.ratio", "'1'"},
      {"min.cleanable.dirty.ratio", "'1.01'"},
      {"min.cleanable.dirty.ratio", "'-0.1'"},
      {"min.cleanable.dirty.ratio", "'half'"},
      {"min.insync.replicas", "'0'"},
      {"min.insync.replicas", "'1'"},
      {"min.insync.replicas", "'5'"},
      {"preallocate", "'true'"},
      {"preallocate", "'TRUE'"},
      {"preallocate", "'yes'"},
      {"preallocate", "''"},
      {"remote.storage.enable", "'false'"},
      {"local.retention.ms", "'-3'"},
      {"local.retention.bytes", "'-2'"},
      {"retention.bytes", "'-1'"},
      {"retention.bytes", "'-2'"},
      {"retention.ms", "'-1'"},
      {"retention.ms", "'-2'"},
      {"retention.ms", "'9223372036854775808'"},
      {"retention.ms", "'1.5'"},
      {"retention.ms", "''"},
      {"segment.bytes", "'13'"},
      {"segment.bytes", "'1048575'"},
      {"segment.bytes", "'1048576'"},
      {"segment.index.bytes", "'3'"},
      {"segment.index.bytes", "'4'"},
      {"segment.jitter.ms", "'-1'"},
      {"segment.ms", "'0'"},
      {"segment.ms", "'1'"},
      {"unclean.leader.election.enable", "'true'"},
      {"log.retention.ms", "'1'"},
      {"Retention.ms", "'1'"},
      {"", "'1'"},
      {"retention.ms ", "'1'"},
  };

  private ConfigAnswers() {}

  static void add(Map<String, Answers.Scenario> scenarios) {
    scenarios.put("describe_topic_configs", ConfigAnswers::describeTopic);
    scenarios.put("describe_broker_configs", ConfigAnswers::describeBroker);
    scenarios.put("describe_configs_refused", ConfigAnswers::describeRefused);
    scenarios.put("incremental_alter_topic", ConfigAnswers::incremental);
    scenarios.put("incremental_alter_values", ConfigAnswers::incrementalValues);
    scenarios.put("incremental_alter_lists", ConfigAnswers::incrementalLists);
    scenarios.put("incremental_alter_refused", ConfigAnswers::incrementalRefused);
    scenarios.put("alter_topic", ConfigAnswers::alter);
    scenarios.put("alter_broker", ConfigAnswers::alterBroker);
  }

  private static final String DESCRIBE =
      "{resources:[{resourceType:%s,resourceName:'%s',configurationKeys:%s}],includeSynonyms:%s,"
      + "includeDocumentation:%s}";

  private static void describeTopic(Answers a) {
    String t = a.topic("conf");
    a.create(t, 1, "retention.ms", "1000", "cleanup.policy", "compact");
    a.ask("DescribeConfigs", 1, 4, DESCRIBE, TOPIC, t, "null", "false", "false");
    a.ask("DescribeConfigs", 1, 4, DESCRIBE, TOPIC, t, "null", "true", "false");
    a.ask("DescribeConfigs", 3, 4, DESCRIBE, TOPIC, t, "null", "true", "true");
    a.ask("DescribeConfigs", 1, 4, DESCRIBE, TOPIC, t, "[]", "true", "false");
    a.ask("DescribeConfigs", 1, 4, DESCRIBE, TOPIC, t, "['retention.ms','no.such','segment.bytes']",
        "true", "false");
    a.ask("DescribeConfigs", 1, 4, DESCRIBE, TOPIC, t, "['retention.ms','retention.ms']", "false",
        "false");
  }

  private static void describeBroker(Answers a) {
    a.ask("DescribeConfigs", 1, 4, DESCRIBE, BROKER, "1", "null", "false", "false");
    a.ask("DescribeConfigs", 4, 4, DESCRIBE, BROKER, "1", "null", "true", "true");
    a.ask("DescribeConfigs", 1, 4, DESCRIBE, BROKER, "", "null", "true", "false");
    a.ask("DescribeConfigs", 1, 4, DESCRIBE, BROKER, "1",
        "['log.retention.ms','log.retention.hours','num.partitions','node.id','no.such']", "true",
        "false");
  }

  private static void describeRefused(Answers a) {
    String t = a.topic("conf3");
    a.create(t, 1);
    a.ask("DescribeConfigs", 1, 4, DESCRIBE, TOPIC, a.prefix + "unknown", "null", "false", "false");
    a.ask("DescribeConfigs", 1, 4, DESCRIBE, TOPIC, "", "null", "false", "false");
    a.ask("DescribeConfigs", 1, 4, DESCRIBE, TOPIC, "bad name", "null", "false", "false");
    a.ask("DescribeConfigs", 1, 4, DESCRIBE, BROKER, "77", "null", "false", "false");
    a.ask("DescribeConfigs", 1, 4, DESCRIBE, BROKER, "-1", "null", "false", "false");
    a.ask("DescribeConfigs", 1, 4, DESCRIBE, BROKER, "one", "null", "false", "false");
    for (int type : new int[] {0, 1, 3, 5, 64, -1})
      a.ask("DescribeConfigs", 4, 4, DESCRIBE, type, "x", "null", "false", "false");
    a.ask("DescribeConfigs", 1, 4, "{resources:[]}");
    String two =
        "{resources:[{resourceType:2,resourceName:'%s',configurationKeys:['retention.ms']},"
        + "{resourceType:2,resourceName:'%s',configurationKeys:['retention.ms']}]}";
    a.ask("DescribeConfigs", 1, 4, two, t, a.prefix + "unknown");
    a.ask("DescribeConfigs", 1, 4, two, t, t);
  }

  /** One change to one resource, and the effect. */
  private static void change(
      Answers a, int version, int type, String name, String key, int op, String value) {
    a.act("IncrementalAlterConfigs", version,
        "{resources:[{resourceType:%s,resourceName:'%s',configs:[{name:'%s',configOperation:%s,"
            + "value:%s}]}]}",
        type, name, key, op, value);
  }

  private static void describe(Answers a, int type, String name, String... keys) {
    a.ask("DescribeConfigs", 4, 4, DESCRIBE, type, name, "['" + String.join("','", keys) + "']",
        "true", "false");
  }

  private static void incremental(Answers a) {
    for (int v = 0; v <= 1; v++) {
      String t = a.topic("inc" + v);
      a.create(t, 1);
      change(a, v, TOPIC, t, "retention.ms", SET, "'5000'");
      describe(a, TOPIC, t, "retention.ms");
      change(a, v, TOPIC, t, "retention.ms", SET, "'6000'");
      describe(a, TOPIC, t, "retention.ms");
      a.act("IncrementalAlterConfigs", v,
          "{resources:[{resourceType:2,resourceName:'%s',configs:[{name:'retention.ms',"
              + "configOperation:1,value:null},"
              + "{name:'segment.ms',configOperation:0,value:'60000'}]}],validateOnly:true}",
          t);
      describe(a, TOPIC, t, "retention.ms", "segment.ms");
      a.act("IncrementalAlterConfigs", v,
          "{resources:[{resourceType:2,resourceName:'%s',configs:[{name:'retention.ms',"
              + "configOperation:1,value:null},"
              + "{name:'segment.ms',configOperation:0,value:'60000'}]}]}",
          t);
      describe(a, TOPIC, t, "retention.ms", "segment.ms");
      change(a, v, TOPIC, t, "retention.ms", DELETE, "null");
      change(a, v, TOPIC, t, "no.such.config", DELETE, "null");
      change(a, v, TOPIC, t, "segment.ms", DELETE, "'ignored'");
      describe(a, TOPIC, t, "segment.ms");
    }
  }

  private static void incrementalValues(Answers a) {
    String t = a.topic("values");
    a.create(t, 1);
    for (String[] c : TOPIC_VALUES)
      a.act("IncrementalAlterConfigs", 1,
          "{resources:[{resourceType:2,resourceName:'%s',configs:[{name:'%s',configOperation:0,"
              + "value:%s}]}],validateOnly:true}",
          t, c[0], c[1]);
  }

  private static void incrementalLists(Answers a) {
    String t = a.topic("lists");
    a.create(t, 1);
    String key = "cleanup.policy";
    change(a, 1, TOPIC, t, key, APPEND, "'compact'");
    describe(a, TOPIC, t, key);
    change(a, 1, TOPIC, t, key, APPEND, "'compact'");
    describe(a, TOPIC, t, key);
    change(a, 1, TOPIC, t, key, SUBTRACT, "'delete'");
    describe(a, TOPIC, t, key);
    change(a, 1, TOPIC, t, key, SUBTRACT, "'nothing'");
    describe(a, TOPIC, t, key);
    change(a, 1, TOPIC, t, key, SUBTRACT, "'compact'");
    describe(a, TOPIC, t, key);
    change(a, 1, TOPIC, t, key, APPEND, "'bad'");
    change(a, 1, TOPIC, t, key, DELETE, "null");
    describe(a, TOPIC, t, key);
    String throttled = "leader.replication.throttled.replicas";
    change(a, 1, TOPIC, t, throttled, APPEND, "'0:1'");
    change(a, 1, TOPIC, t, throttled, APPEND, "'1:1,0:1'");
    describe(a, TOPIC, t, throttled);
    change(a, 1, TOPIC, t, "retention.ms", APPEND, "'1'");
    change(a, 1, TOPIC, t, "retention.ms", SUBTRACT, "'1'");
  }

  private static void incrementalRefused(Answers a) {
    String t = a.topic("refused");
    a.create(t, 1);
    for (int op : new int[] {SET, APPEND, SUBTRACT})
      change(a, 1, TOPIC, t, "cleanup.policy", op, "null");
    for (int op : new int[] {4, -1, 100}) change(a, 1, TOPIC, t, "cleanup.policy", op, "'delete'");
    change(a, 1, TOPIC, a.prefix + "unknown", "retention.ms", SET, "'1'");
    change(a, 1, TOPIC, "", "retention.ms", SET, "'1'");
    change(a, 1, TOPIC, "bad name", "retention.ms", SET, "'1'");
    change(a, 1, TOPIC, t, "retention.ms", SET,
        "'"
            + "9".repeat(32768 - 100) + "'");
    for (int type : new int[] {0, 1, 3, 64, -1}) change(a, 1, type, "x", "a", SET, "'1'");
    String key = "{name:'retention.ms',configOperation:%s,value:'1'}";
    a.act("IncrementalAlterConfigs", 1,
        "{resources:[{resourceType:2,resourceName:'%s',configs:[" + key + "," + key + "]}]}", t,
        SET, DELETE);
    String resource = "{resourceType:2,resourceName:'%s',configs:[{name:'retention.ms',"
        + "configOperation:0,value:'%s'}]}";
    a.act("IncrementalAlterConfigs", 1, "{resources:[" + resource + "," + resource + "]}", t, "1",
        t, "2");
    a.act("IncrementalAlterConfigs", 1, "{resources:[" + resource + "," + resource + "]}", t, "77",
        a.prefix + "unknown", "2");
    describe(a, TOPIC, t, "retention.ms");
    a.act("IncrementalAlterConfigs", 1, "{resources:[]}");
    a.act("IncrementalAlterConfigs", 1,
        "{resources:[{resourceType:2,resourceName:'%s',configs:[]}]}", t);
  }

  private static void alter(Answers a) {
    for (int v = 0; v <= 2; v++) {
      String t = a.topic("alter" + v);
      a.create(t, 1, "segment.ms", "70000");
      String set = "{resources:[{resourceType:2,resourceName:'%s',configs:[{name:'%s',value:%s}]}],"
          + "validateOnly:%s}";
      a.act("AlterConfigs", v, set, t, "retention.ms", "'5000'", "true");
      describe(a, TOPIC, t, "retention.ms", "segment.ms");
      a.act("AlterConfigs", v, set, t, "retention.ms", "'5000'", "false");
      describe(a, TOPIC, t, "retention.ms", "segment.ms");
      a.act("AlterConfigs", v, set, t, "retention.ms", "null", "false");
      a.act("AlterConfigs", v, set, t, "no.such", "'1'", "false");
      a.act("AlterConfigs", v, set, t, "retention.ms", "'x'", "false");
      a.act("AlterConfigs", v, set, a.prefix + "unknown", "retention.ms", "'1'", "false");
      describe(a, TOPIC, t, "retention.ms", "segment.ms");
      a.act("AlterConfigs", v, "{resources:[{resourceType:2,resourceName:'%s',configs:[]}]}", t);
      describe(a, TOPIC, t, "retention.ms", "segment.ms");
      String one = "{resourceType:2,resourceName:'%s',configs:[]}";
      a.act("AlterConfigs", v, "{resources:[" + one + "," + one + "]}", t, t);
      a.act("AlterConfigs", v, "{resources:[{resourceType:1,resourceName:'x',configs:[]}]}");
    }
  }

  private static void alterBroker(Answers a) {
    for (String name : new String[] {"1", ""}) {
      change(a, 1, BROKER, name, "log.retention.ms", SET, "'86400000'");
      describe(a, BROKER, name, "log.retention.ms", "log.retention.hours");
      describe(a, BROKER, "1", "log.retention.ms");
      change(a, 1, BROKER, name, "log.retention.ms", SET, "'-2'");
      change(a, 1, BROKER, name, "node.id", SET, "'5'");
      change(a, 1, BROKER, name, "num.partitions", SET, "'5'");
      change(a, 1, BROKER, name, "no.such.config", SET, "'5'");
      describe(a, BROKER, name, "no.such.config");
      change(a, 1, BROKER, name, "no.such.config", DELETE, "null");
      change(a, 1, BROKER, name, "log.cleanup.policy", APPEND, "'compact'");
      describe(a, BROKER, name, "log.cleanup.policy");
      change(a, 1, BROKER, name, "log.cleanup.policy", DELETE, "null");
      change(a, 1, BROKER, name, "log.retention.ms", DELETE, "null");
      describe(a, BROKER, name, "log.retention.ms", "log.cleanup.policy");
    }
    change(a, 1, BROKER, "77", "log.retention.ms", SET, "'1'");
    change(a, 1, BROKER, "one", "log.retention.ms", SET, "'1'");
    String t = a.topic("inherits");
    a.create(t, 1);
    change(a, 1, BROKER, "", "message.max.bytes", SET, "'2000000'");
    describe(a, TOPIC, t, "max.message.bytes");
    change(a, 1, BROKER, "", "message.max.bytes", DELETE, "null");
    describe(a, TOPIC, t, "max.message.bytes");
  }
}
