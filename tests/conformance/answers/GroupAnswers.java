import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/** Classic groups and positions: one member, static and dynamic, in every version. */
final class GroupAnswers {
  private static final String RANGE = "[{name:'range',metadata:''}]";

  private GroupAnswers() {}

  static void add(Map<String, Answers.Scenario> scenarios) {
    scenarios.put("groups_refused", GroupAnswers::refused);
    scenarios.put("groups_simple", GroupAnswers::simple);
    scenarios.put("groups_member", GroupAnswers::member);
    scenarios.put("groups_static", GroupAnswers::fixed);
    scenarios.put("groups_settings", GroupAnswers::settings);
  }

  /** Waits until both coordinate the group. */
  private static String group(Answers a, String tag) {
    String g = a.prefix + tag;
    a.ask("FindCoordinator", 4, 4, "{keyType:0,coordinatorKeys:['%s']}", g);
    a.ask("Heartbeat", 4, 4, "{groupId:'%s',generationId:1,memberId:'nobody'}", g);
    return g;
  }

  private static String join(String rest) {
    return "{groupId:'%s',sessionTimeoutMs:10000,rebalanceTimeoutMs:20000,protocolType:'consumer',"
        + "protocols:" + RANGE + "," + rest + "}";
  }

  private static void refused(Answers a) {
    String g = group(a, "none");
    a.each("JoinGroup", 2, 9, join("memberId:'nobody'"), g);
    a.each("JoinGroup", 2, 9, join("memberId:''"), "");
    a.each("JoinGroup", 2, 9, join("memberId:''").replace(":10000", ":10"), g);
    a.each("SyncGroup", 0, 5, "{groupId:'%s',generationId:1,memberId:'nobody'}", g);
    a.each("Heartbeat", 0, 4, "{groupId:'%s',generationId:1,memberId:'nobody'}", g);
    a.each("LeaveGroup", 0, 2, "{groupId:'%s',memberId:'nobody'}", g);
    a.each("LeaveGroup", 3, 5, "{groupId:'%s',members:[{memberId:'nobody'}]}", g);
    a.ask("DescribeGroups", 0, 6, "{groups:['%s']}", g);
    a.each("DeleteGroups", 0, 2, "{groupsNames:['%s']}", g);
    a.each("OffsetDelete", 0, 0, "{groupId:'%s',topics:[]}", g);
    a.act("JoinGroup", 5, join("memberId:''").replace(RANGE, "[]"), g);
    a.ask("DescribeGroups", 0, 6, "{groups:['%s']}", g);
    a.act("DeleteGroups", 2, "{groupsNames:['%s']}", g);
  }

  private static String commit(String who, String topic, int offset) {
    return "{groupId:'%s'," + who + ",topics:[{name:'" + topic
        + "',partitions:[{partitionIndex:0,committedOffset:" + offset
        + ",committedMetadata:'note'}]}]}";
  }

  private static void positions(Answers a, String g, String topic) {
    String topics = "topics:[{name:'" + topic + "',partitionIndexes:[0,1]}]";
    a.ask("OffsetFetch", 1, 7, "{groupId:'%s'," + topics + "}", g);
    a.ask("OffsetFetch", 2, 7, "{groupId:'%s',topics:null}", g);
    a.ask("OffsetFetch", 8, 9, "{groups:[{groupId:'%s'," + topics + "}]}", g);
    a.ask("OffsetFetch", 8, 9, "{requireStable:true,groups:[{groupId:'%s',topics:null}]}", g);
  }

  private static void simple(Answers a) {
    String g = group(a, "simple"), t = a.topic("groups");
    a.create(t, 2);
    positions(a, g, t);
    for (int v = 2; v <= 9; v++) {
      a.act("OffsetCommit", v, commit("generationIdOrMemberEpoch:3,memberId:'m'", t, v), g + v);
      a.act("OffsetCommit", v, commit("generationIdOrMemberEpoch:-1,memberId:''", t, v), g);
      positions(a, g, t);
    }
    a.each("OffsetCommit", 2, 9, commit("generationIdOrMemberEpoch:-1", "no-such-topic", 1), g);
    a.ask("DescribeGroups", 0, 6, "{groups:['%s']}", g);
    a.act("OffsetDelete", 0,
        "{groupId:'%s',topics:[{name:'" + t + "',partitions:[{partitionIndex:0}]}]}", g);
    positions(a, g, t);
    a.each("DeleteGroups", 0, 2, "{groupsNames:['%s']}", g);
  }

  private static void member(Answers a) {
    String g = group(a, "member"), t = a.topic("groups-member");
    a.create(t, 2);
    JsonNode[] first = a.act("JoinGroup", 9, join("memberId:''"), g);
    Answers.Both id = Answers.both(first, "/memberId");
    for (int v = 2; v <= 9; v++) {
      JsonNode[] joined = a.act("JoinGroup", v, join("memberId:'%s'"), g, id);
      int generation = joined[0].path("generationId").asInt();
      String me = "generationId:" + generation + ",memberId:'%s'";
      a.act("OffsetCommit", 7, commit(me.replace("Id:" + generation,
          "IdOrMemberEpoch:" + generation), t, 1), g, id);
      a.act("SyncGroup", Math.min(v, 5),
          "{groupId:'%s'," + me + ",assignments:[{memberId:'%s',assignment:'AQI='}]}", g, id, id);
      a.each("Heartbeat", 0, 4, "{groupId:'%s'," + me + "}", g, id);
      a.each("Heartbeat", 0, 4, "{groupId:'%s',generationId:77,memberId:'%s'}", g, id);
      a.ask("DescribeGroups", 0, 6, "{groups:['%s']}", g);
      a.act("OffsetCommit", v, commit("generationIdOrMemberEpoch:" + generation + ",memberId:'%s'",
          t, v), g, id);
      positions(a, g, t);
      a.act("DeleteGroups", 2, "{groupsNames:['%s']}", g);
    }
    a.act("LeaveGroup", 5, "{groupId:'%s',members:[{memberId:'%s'},{memberId:'nobody'}]}", g, id);
    a.ask("DescribeGroups", 0, 6, "{groups:['%s']}", g);
    a.act("DeleteGroups", 2, "{groupsNames:['%s']}", g);
  }

  private static String set(String name, String value) {
    return "{resources:[{resourceType:32,resourceName:'%s',configs:[{name:'" + name
        + "',configOperation:" + (value == null ? 1 : 0)
        + ",value:" + (value == null ? "null" : "'" + value + "'") + "}]}]}";
  }

  /** Dynamic settings of one group reach a member that is there already. */
  private static void settings(Answers a) {
    String g = group(a, "settings"), interval = "consumer.heartbeat.interval.ms";
    String describe = "{resources:[{resourceType:32,resourceName:'%s',configurationKeys:['"
        + interval + "','consumer.session.timeout.ms']}],includeSynonyms:true}";
    a.act("ConsumerGroupHeartbeat", 1, "{groupId:'%s',memberId:'m',memberEpoch:0,"
        + "rebalanceTimeoutMs:60000,subscribedTopicNames:['no-such-topic'],topicPartitions:[]}", g);
    String alive = "{groupId:'%s',memberId:'m',memberEpoch:1}";
    a.ask("ConsumerGroupHeartbeat", 0, 1, alive, g);
    for (String value : new String[] {"9000", "15000", "15001", "4999", "x", null}) {
      a.act("IncrementalAlterConfigs", 1, set(interval, value), g);
      a.ask("ConsumerGroupHeartbeat", 0, 1, alive, g);
      a.each("DescribeConfigs", 1, 4, describe, g);
    }
    for (String value : new String[] {"50000", "44999", "60001"})
      a.act("IncrementalAlterConfigs", 1, set("consumer.session.timeout.ms", value), g);
    a.each("DescribeConfigs", 1, 4, describe, g);
    a.act("IncrementalAlterConfigs", 1, set("consumer.session.timeout.ms", null), g);
    a.act("ConsumerGroupHeartbeat", 1, "{groupId:'%s',memberId:'m',memberEpoch:-1}", g);
    a.act("DeleteGroups", 2, "{groupsNames:['%s']}", g);
  }

  private static void fixed(Answers a) {
    String g = group(a, "static");
    JsonNode[] joined = a.act("JoinGroup", 9, join("memberId:'',groupInstanceId:'i'"), g);
    Answers.Both id = Answers.both(joined, "/memberId");
    a.act("SyncGroup", 5, "{groupId:'%s',generationId:1,memberId:'%s',groupInstanceId:'i',"
            + "assignments:[{memberId:'%s',assignment:'AQI='}]}",
        g, id, id);
    Answers.Both old = id;
    for (int v = 5; v <= 9; v++) {
      joined = a.act("JoinGroup", v, join("memberId:'',groupInstanceId:'i'"), g);
      Answers.Both fresh = Answers.both(joined, "/memberId");
      for (Answers.Both who : new Answers.Both[] {old, fresh}) {
        String me = "{groupId:'%s',generationId:1,memberId:'%s',groupInstanceId:'i'}";
        a.each("Heartbeat", 3, 4, me, g, who);
        a.each("SyncGroup", 3, 5, me, g, who);
      }
      old = fresh;
    }
    a.ask("DescribeGroups", 0, 6, "{groups:['%s']}", g);
    a.act("LeaveGroup", 5, "{groupId:'%s',members:[{memberId:'',groupInstanceId:'i'}]}", g);
    a.act("DeleteGroups", 2, "{groupsNames:['%s']}", g);
  }
}
