import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/** Groups of the consumer protocol (KIP-848): heartbeats, descriptions, positions, migration. */
final class ConsumerGroupAnswers {
  private ConsumerGroupAnswers() {}

  static void add(Map<String, Answers.Scenario> scenarios) {
    scenarios.put("consumers_refused", ConsumerGroupAnswers::refused);
    scenarios.put("consumers_member", ConsumerGroupAnswers::member);
    scenarios.put("consumers_shared", ConsumerGroupAnswers::shared);
    scenarios.put("consumers_static", ConsumerGroupAnswers::fixed);
    scenarios.put("consumers_regex", ConsumerGroupAnswers::regex);
    scenarios.put("consumers_classic", ConsumerGroupAnswers::classic);
    scenarios.put("consumers_downgraded", ConsumerGroupAnswers::downgraded);
  }

  /** Waits until both coordinate the group. */
  private static String group(Answers a, String tag) {
    String g = a.prefix + tag;
    a.ask("FindCoordinator", 4, 4, "{keyType:0,coordinatorKeys:['%s']}", g);
    a.ask("ConsumerGroupDescribe", 0, 1, "{groupIds:['%s']}", g);
    return g;
  }

  private static String joins(String topic, String rest) {
    return "{groupId:'%s',memberId:'%s',memberEpoch:0,rebalanceTimeoutMs:30000,"
        + "subscribedTopicNames:['" + topic + "'],topicPartitions:[]" + rest + "}";
  }

  private static JsonNode[] join(Answers a, String g, String member, String topic, String rest) {
    return a.act("ConsumerGroupHeartbeat", 1, joins(topic, rest), g, member);
  }

  private static JsonNode[] beat(Answers a, String g, String member, Object epoch, String rest) {
    return a.act("ConsumerGroupHeartbeat", 1,
        "{groupId:'%s',memberId:'%s',memberEpoch:%s" + rest + "}", g, member, epoch);
  }

  private static void describe(Answers a, String g) {
    a.ask("ConsumerGroupDescribe", 0, 1, "{groupIds:['%s']}", g);
    a.ask("DescribeGroups", 0, 6, "{groups:['%s']}", g);
    a.ask("ListGroups", 3, 5, "{}");
  }

  /** Waits until both coordinators assign what was just created. */
  private static void known(Answers a, String topic) {
    String g = a.prefix + "c-probe";
    long end = System.nanoTime() + 10_000_000_000L;
    boolean assigned = false;
    while (!assigned && System.nanoTime() < end) {
      assigned = true;
      for (JsonNode r : a.replies("ConsumerGroupHeartbeat", 1, joins(topic, ""), g, "probe"))
        assigned &= r.at("/assignment/topicPartitions/0").isObject();
      a.replies("ConsumerGroupHeartbeat", 1, "{groupId:'%s',memberId:'probe',memberEpoch:-1}", g);
    }
    a.replies("DeleteGroups", 2, "{groupsNames:['%s']}", g);
  }

  private static void refused(Answers a) {
    String g = group(a, "c-none"), t = a.topic("c-refused");
    a.create(t, 1);
    known(a, t);
    for (int v = 0; v <= 1; v++) {
      String[] bodies = {
          joins(t, "").replace("groupId:'%s'", "groupId:''"),
          joins(t, "").replace("rebalanceTimeoutMs:30000,", ""),
          joins(t, "").replace(",topicPartitions:[]", ""),
          joins(t, "").replace("subscribedTopicNames:['" + t + "'],", ""),
          joins(t, ",instanceId:''"),
          joins(t, ",rackId:''"),
          joins(t, ",serverAssignor:'nope'"),
          joins(t, "").replace("memberEpoch:0", "memberEpoch:-3"),
          joins(t, "").replace("memberEpoch:0", "memberEpoch:-2"),
          joins(t, "").replace("memberEpoch:0", "memberEpoch:-1"),
          joins(t, "").replace("memberEpoch:0", "memberEpoch:4"),
          joins(t, "").replace("topicPartitions:[]",
              "topicPartitions:[{topicId:'AAECAwQFBgcICQoLDA0ODw',partitions:[0]}]"),
      };
      for (String body : bodies) {
        boolean named = body.contains("groupId:'%s'");
        if (named)
          a.act("ConsumerGroupHeartbeat", v, body, g, "m1");
        else
          a.act("ConsumerGroupHeartbeat", v, body, "m1");
      }
    }
    a.act("ConsumerGroupHeartbeat", 1, joins(t, ""), g, "");
    a.act("ConsumerGroupHeartbeat", 1, joins(t, ",subscribedTopicRegex:'['"), g, "m1");
    a.each("ConsumerGroupDescribe", 0, 1, "{groupIds:['%s','']}", g);
    a.each("ConsumerGroupDescribe", 0, 1, "{groupIds:[]}");
    a.each("LeaveGroup", 3, 5, "{groupId:'%s',members:[{memberId:'m1'}]}", g);
    a.act("DeleteGroups", 2, "{groupsNames:['%s']}", g);
  }

  private static String commit(Object who, String topic, int offset) {
    return "{groupId:'%s',memberId:'" + who + "',generationIdOrMemberEpoch:%s,topics:[{name:'"
        + topic + "',partitions:[{partitionIndex:0,committedOffset:" + offset
        + ",committedMetadata:''}]}]}";
  }

  private static void member(Answers a) {
    String g = group(a, "c-member"), t = a.topic("c-one");
    Answers.Both id = a.create(t, 3);
    known(a, t);
    int epoch = join(a, g, "m1", t, "")[0].at("/memberEpoch").asInt();
    describe(a, g);
    beat(a, g, "m1", epoch, "");
    beat(a, g, "m1", epoch, ",rebalanceTimeoutMs:30000,subscribedTopicNames:['" + t
        + "'],topicPartitions:[]");
    a.act("ConsumerGroupHeartbeat", 1, "{groupId:'%s',memberId:'m1',memberEpoch:%s,"
        + "topicPartitions:[{topicId:'%s',partitions:[0,1,2]}]}", g, epoch, id);
    for (int wrong : new int[] {epoch + 1, epoch - 1, 99}) beat(a, g, "m1", wrong, "");
    beat(a, g, "m2", epoch, "");
    for (int v = 2; v <= 9; v++) {
      a.act("OffsetCommit", v, commit("m1", t, v), g, epoch);
      a.act("OffsetCommit", v, commit("m1", t, v), g, epoch + 1);
      a.act("OffsetCommit", v, commit("m2", t, v), g, epoch);
      a.act("OffsetCommit", v, commit("", t, v), g, -1);
    }
    for (Object[] who : new Object[][] {{"m1", epoch}, {"m1", epoch + 1}, {"m2", epoch},
             {"", -1}})
      a.ask("OffsetFetch", 9, 9,
          "{groups:[{groupId:'%s',memberId:'%s',memberEpoch:%s,topics:[{name:'%s',"
              + "partitionIndexes:[0,1]}]}]}",
          g, who[0], who[1], t);
    a.ask("OffsetFetch", 10, 10,
        "{groups:[{groupId:'%s',topics:[{topicId:'%s',partitionIndexes:[0,1]}]}]}", g, id);
    a.act("OffsetCommit", 10, "{groupId:'%s',memberId:'m1',generationIdOrMemberEpoch:%s,topics:["
            + "{topicId:'%s',partitions:[{partitionIndex:1,committedOffset:77,"
            + "committedMetadata:'x'}]},{topicId:'AAECAwQFBgcICQoLDA0ODw',partitions:["
            + "{partitionIndex:0,committedOffset:5,committedMetadata:''}]}]}",
        g, epoch, id);
    a.ask("OffsetFetch", 10, 10,
        "{groups:[{groupId:'%s',topics:[{topicId:'%s',partitionIndexes:[0,1]},"
            + "{topicId:'AAECAwQFBgcICQoLDA0ODw',partitionIndexes:[0]}]}]}", g, id);
    a.ask("OffsetFetch", 8, 10, "{groups:[{groupId:'%s',topics:null}]}", g);
    a.act("OffsetDelete", 0,
        "{groupId:'%s',topics:[{name:'" + t + "',partitions:[{partitionIndex:0}]}]}", g);
    a.act("DeleteGroups", 2, "{groupsNames:['%s']}", g);
    for (String call : new String[] {"Heartbeat", "SyncGroup"})
      a.each(call, 3, 4, "{groupId:'%s',generationId:%s,memberId:'m1'}", g, epoch);
    beat(a, g, "m1", -1, "");
    describe(a, g);
    beat(a, g, "m1", epoch, "");
    a.act("OffsetCommit", 9, commit("", t, 50), g, -1);
    a.act("OffsetCommit", 9, commit("", t, 50), g, 0);
    a.act("DeleteGroups", 2, "{groupsNames:['%s']}", g);
    describe(a, g);
  }

  private static void shared(Answers a) {
    String g = group(a, "c-shared"), t = a.topic("c-shared-t");
    Answers.Both id = a.create(t, 4);
    known(a, t);
    join(a, g, "m1", t, "");
    int epoch = join(a, g, "m2", t, "")[0].at("/memberEpoch").asInt();
    describe(a, g);
    beat(a, g, "m1", epoch - 1, "");
    describe(a, g);
    beat(a, g, "m2", epoch, "");
    a.act("ConsumerGroupHeartbeat", 1, "{groupId:'%s',memberId:'m1',memberEpoch:%s,"
        + "topicPartitions:[{topicId:'%s',partitions:[0,1]}]}", g, epoch - 1, id);
    describe(a, g);
    beat(a, g, "m2", epoch, "");
    describe(a, g);
    beat(a, g, "m1", -1, "");
    beat(a, g, "m2", epoch, "");
    describe(a, g);
    a.act("LeaveGroup", 5, "{groupId:'%s',members:[{memberId:'m2'},{memberId:'nobody'}]}", g);
    describe(a, g);
    beat(a, g, "m2", -1, "");
  }

  private static void fixed(Answers a) {
    String g = group(a, "c-static"), t = a.topic("c-static-t");
    a.create(t, 2);
    known(a, t);
    String me = ",instanceId:'i1'";
    int epoch = join(a, g, "m1", t, me)[0].at("/memberEpoch").asInt();
    join(a, g, "m2", t, me);
    beat(a, g, "m2", epoch, me);
    beat(a, g, "m1", epoch, ",instanceId:'i2'");
    beat(a, g, "m1", -2, me);
    describe(a, g);
    join(a, g, "m2", t, me);
    describe(a, g);
    beat(a, g, "m1", epoch, me);
    beat(a, g, "m2", epoch, me);
    beat(a, g, "m2", -1, me);
    describe(a, g);
    join(a, g, "m3", t, me);
    a.act("LeaveGroup", 5, "{groupId:'%s',members:[{memberId:'m2',groupInstanceId:'i1'}]}", g);
    a.act("LeaveGroup", 5, "{groupId:'%s',members:[{memberId:'',groupInstanceId:'i1'},"
        + "{memberId:'',groupInstanceId:'i9'}]}", g);
    describe(a, g);
  }

  private static void regex(Answers a) {
    String g = group(a, "c-regex"), t = a.topic("c-regex-t");
    a.create(t, 2);
    known(a, t);
    String pattern = "{groupId:'%s',memberId:'m1',memberEpoch:%s,rebalanceTimeoutMs:30000,"
        + "subscribedTopicNames:[],subscribedTopicRegex:'%s',topicPartitions:[]}";
    String matches = a.prefix + "c-reg.x-t";
    a.replies("ConsumerGroupHeartbeat", 1, pattern, g, 0, matches);
    // Kafka matches beside the heartbeat, so that the assignment comes with a later one.
    for (int i = 0; i < 3; i++) {
      JsonNode[] seen = a.replies("ConsumerGroupDescribe", 1, "{groupIds:['%s']}", g);
      Answers.Both epoch = Answers.both(seen, "/groups/0/members/0/memberEpoch");
      a.replies("ConsumerGroupHeartbeat", 1,
          "{groupId:'%s',memberId:'m1',memberEpoch:%s}", g, epoch);
    }
    JsonNode[] seen = a.replies("ConsumerGroupDescribe", 1, "{groupIds:['%s']}", g);
    for (JsonNode side : seen)
      if (side.at("/groups/0/members/0/assignment/topicPartitions/0/partitions").size() != 2)
        throw new IllegalStateException("not both partitions: " + side);
    beat(a, g, "m1", -1, "");
  }


  /** Subscription of version 0 to the topic: int16 0, array of 1 string, null user data. */
  private static String subscription(String topic) {
    byte[] name = topic.getBytes();
    java.nio.ByteBuffer b = java.nio.ByteBuffer.allocate(2 + 4 + 2 + name.length + 4);
    b.putShort((short) 0).putInt(1).putShort((short) name.length).put(name).putInt(-1);
    return Batches.base64(b.array());
  }

  private static String classicJoin(String topic, String rest) {
    return "{groupId:'%s',sessionTimeoutMs:10000,rebalanceTimeoutMs:20000,protocolType:'consumer',"
        + "protocols:[{name:'range',metadata:'" + subscription(topic) + "'}]," + rest + "}";
  }

  private static void classic(Answers a) {
    String g = group(a, "c-mixed"), t = a.topic("c-mixed-t");
    a.create(t, 2);
    known(a, t);
    join(a, g, "m1", t, "");
    a.act("JoinGroup", 9, classicJoin(t, "memberId:''").replace("'consumer'", "'other'"), g);
    a.act("JoinGroup", 9, classicJoin(t, "memberId:''").replace("'range'", "'mine'")
        .replace(subscription(t), ""), g);
    JsonNode[] required = a.act("JoinGroup", 9, classicJoin(t, "memberId:''"), g);
    Answers.Both id = Answers.both(required, "/memberId");
    JsonNode[] joined = a.act("JoinGroup", 9, classicJoin(t, "memberId:'%s'"), g, id);
    int epoch = joined[0].at("/generationId").asInt();
    String me = "{groupId:'%s',generationId:%s,memberId:'%s'}";
    a.each("SyncGroup", 3, 5, me, g, epoch, id);
    a.each("Heartbeat", 0, 4, me, g, epoch, id);
    a.each("Heartbeat", 0, 4, me, g, epoch + 1, id);
    a.each("Heartbeat", 0, 4, me, g, epoch, "m1");
    a.ask("DescribeGroups", 0, 6, "{groups:['%s']}", g);
    beat(a, g, "m1", 1, ",topicPartitions:[]");
    a.act("Heartbeat", 4, me, g, epoch, id);
    a.act("OffsetCommit", 7, "{groupId:'%s',memberId:'%s',generationIdOrMemberEpoch:%s,topics:[{"
            + "name:'%s',partitions:[{partitionIndex:0,committedOffset:4,committedMetadata:''}]}]}",
        g, id, epoch, t);
    a.act("LeaveGroup", 5, "{groupId:'%s',members:[{memberId:'%s'},{memberId:'nobody'}]}", g, id);
    beat(a, g, "m1", -1, "");
  }

  private static void downgraded(Answers a) {
    String g = group(a, "c-back"), t = a.topic("c-back-t");
    a.create(t, 2);
    known(a, t);
    join(a, g, "m1", t, ",instanceId:'i1'");
    JsonNode[] joined =
        a.act("JoinGroup", 9, classicJoin(t, "memberId:'',groupInstanceId:'i1'"), g);
    Answers.Both id = Answers.both(joined, "/memberId");
    int generation = joined[0].at("/generationId").asInt();
    String me = "{groupId:'%s',generationId:%s,memberId:'%s',groupInstanceId:'i1'}";
    a.each("SyncGroup", 3, 5, me, g, generation, id);
    a.each("Heartbeat", 3, 4, me, g, generation, id);
    beat(a, g, "m1", 1, ",instanceId:'i1'");
    a.ask("ConsumerGroupDescribe", 0, 1, "{groupIds:['%s']}", g);
    a.ask("ListGroups", 5, 5, "{}");
    a.act("LeaveGroup", 5, "{groupId:'%s',members:[{memberId:'',groupInstanceId:'i1'}]}", g);
  }
}
