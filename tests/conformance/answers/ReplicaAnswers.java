import java.util.Map;

/** ElectLeaders, AlterPartitionReassignments and their list, as far as one node has a choice. */
final class ReplicaAnswers {
  private ReplicaAnswers() {}

  static void add(Map<String, Answers.Scenario> scenarios) {
    scenarios.put("elect_leaders", ReplicaAnswers::elect);
    scenarios.put("reassignments", ReplicaAnswers::reassign);
  }

  private static String topic(Answers a, String name) {
    String t = a.topic(name);
    a.create(t, 2);
    return t;
  }

  private static void elect(Answers a) {
    String t = topic(a, "elect");
    for (int v = 0; v <= 2; v++) {
      for (int type = 0; type <= (v == 0 ? 0 : 2); type++) {
        String head = v == 0 ? "" : "electionType:" + type + ",";
        a.act("ElectLeaders", v, "{" + head + "topicPartitions:[{topic:'%s',partitions:[0,1]}]}", t);
        a.act("ElectLeaders", v, "{" + head + "topicPartitions:[{topic:'%s',partitions:[7]}]}", t);
        a.act("ElectLeaders", v, "{" + head + "topicPartitions:[{topic:'%s',partitions:[0]}]}",
            a.prefix + "unknown");
        a.act("ElectLeaders", v, "{" + head + "topicPartitions:[]}");
        a.act("ElectLeaders", v, "{" + head + "topicPartitions:null}");
      }
    }
  }

  private static void move(Answers a, int version, String topic, int partition, String to) {
    a.act("AlterPartitionReassignments", version,
        "{topics:[{name:'%s',partitions:[{partitionIndex:%d,replicas:%s}]}]}", topic, partition, to);
  }

  private static void reassign(Answers a) {
    String t = topic(a, "move");
    for (int v = 0; v <= 1; v++) {
      move(a, v, t, 0, "[1]");
      move(a, v, t, 0, "null");
      move(a, v, t, 0, "[]");
      move(a, v, t, 0, "[1,1]");
      move(a, v, t, 0, "[77]");
      move(a, v, t, 0, "[-1]");
      move(a, v, t, 7, "[1]");
      move(a, v, t, 7, "null");
      move(a, v, a.prefix + "unknown", 0, "[1]");
      a.act("AlterPartitionReassignments", v, "{topics:[]}");
    }
    a.act("AlterPartitionReassignments", 1,
        "{allowReplicationFactorChange:false,topics:[{name:'%s',partitions:["
            + "{partitionIndex:0,replicas:[1]},{partitionIndex:1,replicas:[1,77]}]}]}", t);
    a.act("ListPartitionReassignments", 0, "{topics:null}");
    a.act("ListPartitionReassignments", 0, "{topics:[{name:'%s',partitionIndexes:[0,1,7]}]}", t);
    a.act("ListPartitionReassignments", 0, "{topics:[{name:'%s',partitionIndexes:[0]}]}",
        a.prefix + "unknown");
    a.ask("Metadata", 12, 12, "{topics:[{name:'%s'}]}", t);
  }
}
