import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/** CreateTopics, CreatePartitions, DeleteTopics. */
final class TopicAnswers {
  private static final String UNKNOWN_ID = "AAECAwQFBgcICQoLDA0ODw";

  private TopicAnswers() {}

  static void add(Map<String, Answers.Scenario> scenarios) {
    scenarios.put("create_topics", TopicAnswers::create);
    scenarios.put("create_topics_refused", TopicAnswers::refused);
    scenarios.put("create_topics_assigned", TopicAnswers::assigned);
    scenarios.put("create_topics_configs", TopicAnswers::configs);
    scenarios.put("create_partitions", TopicAnswers::partitions);
    scenarios.put("delete_topics", TopicAnswers::delete);
    scenarios.put("delete_topics_by_id", TopicAnswers::deleteById);
  }

  private static String one(String fields) {
    return "{topics:[{name:'%s'," + fields + "}],timeoutMs:10000}";
  }

  private static void create(Answers a) {
    for (int v = 2; v <= 7; v++) {
      String t = a.topic("new" + v);
      a.act("CreateTopics", v, one("numPartitions:2,replicationFactor:1"), t);
      a.ask("DescribeTopicPartitions", 0, 0, "{topics:[{name:'%s'}]}", t);
      a.act("CreateTopics", v, one("numPartitions:2,replicationFactor:1"), t);
      a.act("CreateTopics", v, one("numPartitions:-1,replicationFactor:-1"), a.topic("def" + v));
      a.act("CreateTopics", v,
          "{topics:[{name:'%s',numPartitions:1,replicationFactor:1}],timeoutMs:5000,validateOnly:"
              + "true}",
          a.topic("dry" + v));
      a.ask("Metadata", 4, 4, "{topics:[{name:'%s'}],allowAutoTopicCreation:false}",
          a.prefix + "dry" + v);
      a.act("CreateTopics", v,
          "{topics:[{name:'%s',numPartitions:1,replicationFactor:1},{name:'%s',numPartitions:0,"
              + "replicationFactor:1},{name:'bad "
              + "name',numPartitions:1,replicationFactor:1}],timeoutMs:5000}",
          a.topic("mix" + v), a.prefix + "none" + v);
      a.ask("Metadata", 4, 4, "{topics:[{name:'%s'}],allowAutoTopicCreation:false}",
          a.prefix + "mix" + v);
      a.act("CreateTopics", v, "{topics:[],timeoutMs:5000}");
    }
    a.act("CreateTopics", 7,
        "{topics:[{name:'%s',numPartitions:1,replicationFactor:1}],timeoutMs:0}", a.topic("t0"));
    a.act("CreateTopics", 7,
        "{topics:[{name:'%s',numPartitions:1,replicationFactor:1}],timeoutMs:-1}", a.topic("t1"));
  }

  private static void refused(Answers a) {
    String there = a.topic("there");
    a.create(there, 1);
    a.create(a.topic("a.b"), 1);
    String good = "numPartitions:1,replicationFactor:1";
    for (int n : new int[] {0, -2, -100})
      a.each(
          "CreateTopics", 2, 7, one("numPartitions:" + n + ",replicationFactor:1"), a.prefix + "x");
    for (int n : new int[] {0, -2, 2, 9, 32767})
      a.each("CreateTopics", 2, 7, one("numPartitions:1,replicationFactor:" + n), a.prefix + "x");
    a.each("CreateTopics", 2, 7, one("numPartitions:0,replicationFactor:9"), a.prefix + "x");
    for (String bad : new String[] {"", ".", "..", "a b", "a/b", "ä", "a\\nb", "x".repeat(250)})
      a.each("CreateTopics", 2, 7, one(good), bad);
    a.each("CreateTopics", 2, 7, one("numPartitions:0,replicationFactor:9"), "bad name");
    a.each("CreateTopics", 2, 7, one(good), there);
    a.each("CreateTopics", 2, 7, one("numPartitions:0,replicationFactor:1"), there);
    a.each("CreateTopics", 2, 7, one(good), a.prefix + "a_b");
    a.each("CreateTopics", 2, 7, one(good), "__cluster_metadata");
    a.each("CreateTopics", 2, 7, one("numPartitions:10001,replicationFactor:1"), a.prefix + "x");
    String twice = "{topics:[{name:'%s'," + good + "},{name:'%s'," + good + "},{name:'%s'," + good
        + "}],timeoutMs:5000,validateOnly:true}";
    a.each("CreateTopics", 2, 7, twice, a.prefix + "d", a.prefix + "e", a.prefix + "d");
    a.each("CreateTopics", 2, 7, twice, a.prefix + "p.q", a.prefix + "p_q", a.prefix + "r");
  }

  private static void assigned(Answers a) {
    String[] bad = {
        "numPartitions:1,replicationFactor:-1,assignments:[{partitionIndex:0,brokerIds:[1]}]",
        "numPartitions:-1,replicationFactor:1,assignments:[{partitionIndex:0,brokerIds:[1]}]",
        "numPartitions:-1,replicationFactor:-1,assignments:[{partitionIndex:1,brokerIds:[1]}]",
        "numPartitions:-1,replicationFactor:-1,assignments:[{partitionIndex:0,brokerIds:[]}]",
        "numPartitions:-1,replicationFactor:-1,assignments:[{partitionIndex:0,brokerIds:[1,1]}]",
        "numPartitions:-1,replicationFactor:-1,assignments:[{partitionIndex:0,brokerIds:[77]}]",
        "numPartitions:-1,replicationFactor:-1,assignments:[{partitionIndex:0,brokerIds:[-1]}]",
        "numPartitions:-1,replicationFactor:-1,assignments:[{partitionIndex:0,brokerIds:[1]},{"
            + "partitionIndex:2,brokerIds:[1]}]",
        "numPartitions:-1,replicationFactor:-1,assignments:[{partitionIndex:0,brokerIds:[1]},{"
            + "partitionIndex:1,brokerIds:[1,77]}]",
        "numPartitions:-1,replicationFactor:-1,assignments:[{partitionIndex:0,brokerIds:[1]},{"
            + "partitionIndex:0,brokerIds:[1]}]",
    };
    for (String fields : bad) a.each("CreateTopics", 2, 7, one(fields), a.prefix + "x");
    for (int v = 2; v <= 7; v++) {
      String t = a.topic("assigned" + v);
      a.act("CreateTopics", v,
          one("numPartitions:-1,replicationFactor:-1,assignments:[{partitionIndex:1,brokerIds:[1]},"
              + "{partitionIndex:0,brokerIds:[1]}]"),
          t);
      a.ask("DescribeTopicPartitions", 0, 0, "{topics:[{name:'%s'}]}", t);
    }
  }

  private static void configs(Answers a) {
    String with = "numPartitions:1,replicationFactor:1,configs:[{name:'%s',value:%s}]";
    for (String[] c : ConfigAnswers.TOPIC_VALUES) {
      a.each("CreateTopics", 7, 7,
          "{topics:[{name:'%s'," + with + "}],timeoutMs:5000,validateOnly:true}", a.prefix + "c",
          c[0], c[1]);
    }
    a.each("CreateTopics", 2, 7, one(with), a.prefix + "c", "no.such.config", "'1'");
    a.each("CreateTopics", 2, 7, one(with), a.prefix + "c", "retention.ms", "null");
    a.each("CreateTopics", 2, 7,
        one("numPartitions:1,replicationFactor:1,configs:[{name:'retention.ms',value:'1'},{name:'"
            + "retention.ms',value:'2'}]"),
        a.topic("twice"));
    String t = a.topic("configured");
    a.act("CreateTopics", 7,
        one("numPartitions:1,replicationFactor:1,configs:[{name:'retention.ms',value:'3600000'},"
            + "{name:'cleanup.policy',value:'compact,delete'},{name:'max.message.bytes',value:' "
            + "5000 '}]"),
        t);
    a.ask("DescribeConfigs", 1, 4,
        "{resources:[{resourceType:2,resourceName:'%s',configurationKeys:['retention.ms','cleanup."
            + "policy','max.message.bytes']}],"
            + "includeSynonyms:true}",
        t);
  }

  private static void partitions(Answers a) {
    for (int v = 0; v <= 3; v++) {
      String t = a.topic("grow" + v);
      a.create(t, 2);
      String to = "{topics:[{name:'%s',count:%s,assignments:%s}],timeoutMs:10000,validateOnly:%s}";
      for (String n : new String[] {"2", "1", "0", "-1"})
        a.act("CreatePartitions", v, to, t, n, "null", "false");
      a.act("CreatePartitions", v, to, t, "4", "null", "true");
      a.act("CreatePartitions", v, to, a.prefix + "unknown", "4", "null", "false");
      a.act("CreatePartitions", v, to, "bad name", "4", "null", "false");
      a.act("CreatePartitions", v, to, "__cluster_metadata", "4", "null", "false");
      a.act("CreatePartitions", v, to, t, "3", "[{brokerIds:[1]},{brokerIds:[1]}]", "false");
      a.act("CreatePartitions", v, to, t, "3", "[]", "false");
      a.act("CreatePartitions", v, to, t, "3", "[{brokerIds:[77]}]", "false");
      a.act("CreatePartitions", v, to, t, "3", "[{brokerIds:[1,1]}]", "false");
      a.act("CreatePartitions", v, to, t, "3", "[{brokerIds:[]}]", "false");
      a.act("CreatePartitions", v,
          "{topics:[{name:'%s',count:3},{name:'%s',count:4}],timeoutMs:5000}", t, t);
      a.act("CreatePartitions", v, to, t, "3", "[{brokerIds:[1]}]", "false");
      a.act("CreatePartitions", v, to, t, "5", "null", "false");
      a.ask("DescribeTopicPartitions", 0, 0, "{topics:[{name:'%s'}]}", t);
      a.act("CreatePartitions", v, "{topics:[],timeoutMs:5000}");
    }
  }

  private static void delete(Answers a) {
    for (int v = 1; v <= 5; v++) {
      String t = a.topic("gone" + v), u = a.topic("gone-too" + v);
      a.create(t, 1);
      a.create(u, 1);
      a.act("DeleteTopics", v, "{topicNames:['%s','%s'],timeoutMs:5000}", t, a.prefix + "unknown");
      a.ask("Metadata", 4, 4, "{topics:[{name:'%s'}],allowAutoTopicCreation:false}", t);
      a.act("DeleteTopics", v, "{topicNames:['%s'],timeoutMs:5000}", t);
      a.act("DeleteTopics", v, "{topicNames:['%s','%s'],timeoutMs:5000}", u, u);
      a.ask("Metadata", 4, 4, "{topics:[{name:'%s'}],allowAutoTopicCreation:false}", u);
      for (String bad : new String[] {"", "bad name", "__cluster_metadata"})
        a.act("DeleteTopics", v, "{topicNames:['%s'],timeoutMs:5000}", bad);
      a.act("DeleteTopics", v, "{topicNames:[],timeoutMs:5000}");
      a.create(t, 2);
      a.ask("DescribeTopicPartitions", 0, 0, "{topics:[{name:'%s'}]}", t);
    }
  }

  private static void deleteById(Answers a) {
    String t = a.topic("id1"), u = a.topic("id2");
    Answers.Both id = a.create(t, 1), other = a.create(u, 1);
    String by = "{topics:[{name:%s,topicId:'%s'}],timeoutMs:5000}";
    a.act("DeleteTopics", 6, by, "null", UNKNOWN_ID);
    a.act("DeleteTopics", 6, by, "'" + t + "'", id);
    a.act("DeleteTopics", 6, "{topics:[{name:null}],timeoutMs:5000}");
    a.act("DeleteTopics", 6, "{topics:[{name:''}],timeoutMs:5000}");
    a.act("DeleteTopics", 6, "{topics:[{name:'%s'}],timeoutMs:5000}", a.prefix + "unknown");
    a.act(
        "DeleteTopics", 6, "{topics:[{name:null,topicId:'%s'},{name:'%s'}],timeoutMs:5000}", id, t);
    a.act("DeleteTopics", 6,
        "{topics:[{name:null,topicId:'%s'},{name:null,topicId:'%s'}],timeoutMs:5000}", other,
        other);
    JsonNode[] left =
        a.replies("Metadata", 4, "{topics:[{name:'%s'}],allowAutoTopicCreation:false}", u);
    boolean alive = left[0].at("/topics/0/errorCode").asInt() == 0;
    a.act("DeleteTopics", 6, by, "null", other);
    a.act("DeleteTopics", 6, "{topics:[{name:'%s'}],timeoutMs:5000}", alive ? u : t);
  }
}
