// Gives a cluster of three nodes the same orders and prints what it says about itself then: ids,
// times and ports replaced, so that two clusters that are alike print the same.
//
//   ClusterAdmin BOOTSTRAP
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.config.ConfigResource;

public class ClusterAdmin {
  static final List<Integer> ALL = List.of(1, 2, 3);
  static Admin admin;

  static void say(String format, Object... values) {
    System.out.println(String.format(format, values));
  }

  // What an order leads to: "ok" or the error; its text is everybody's own.
  static void order(String name, Callable<?> call) {
    String outcome = "ok";
    try {
      call.call();
    } catch (ExecutionException e) {
      outcome = e.getCause().getClass().getSimpleName();
    } catch (Exception e) {
      outcome = e.getClass().getSimpleName() + ": " + e.getMessage();
    }
    say("%s: %s", name, outcome);
  }

  static void until(String what, Callable<Boolean> done) throws Exception {
    long end = System.nanoTime() + 30_000_000_000L;
    while (true) {
      try {
        if (done.call()) return;
      } catch (ExecutionException e) {
        // not yet
      }
      if (System.nanoTime() > end) throw new IllegalStateException("waited 30 s for " + what);
      Thread.sleep(20);
    }
  }

  static void create(NewTopic topic) {
    order("create " + topic.name(), () -> admin.createTopics(List.of(topic)).all().get());
  }

  static void config(String what, ConfigResource.Type type, String name, String key, String value) {
    AlterConfigOp op = new AlterConfigOp(new ConfigEntry(key, value),
        value == null ? AlterConfigOp.OpType.DELETE : AlterConfigOp.OpType.SET);
    order(what, () -> admin.incrementalAlterConfigs(
        Map.of(new ConfigResource(type, name), List.of(op))).all().get());
  }

  static void reassign(String what, String topic, int partition, List<Integer> replicas) {
    order(what, () -> admin.alterPartitionReassignments(Map.of(new TopicPartition(topic, partition),
        Optional.ofNullable(replicas).map(NewPartitionReassignment::new))).all().get());
  }

  static void waitForReassignments() throws Exception {
    until("reassignments",
        () -> admin.listPartitionReassignments().reassignments().get().isEmpty());
  }

  static void orders() throws Exception {
    create(new NewTopic("placed", Map.of(0, ALL, 1, List.of(2, 3, 1), 2, List.of(3, 1, 2)))
        .configs(Map.of("retention.ms", "3600000", "cleanup.policy", "compact")));
    create(new NewTopic("spread", Optional.of(6), Optional.empty()));
    create(new NewTopic("pairs", 6, (short) 2));
    create(new NewTopic("gone", 3, (short) 3));
    create(new NewTopic("placed", 1, (short) 1));
    create(new NewTopic("uneven", Map.of(0, List.of(1, 2), 1, List.of(3))));
    create(new NewTopic("too-many", 1, (short) 4));
    create(new NewTopic("nowhere", Map.of(0, List.of(1, 9))));
    create(new NewTopic("twice", Map.of(0, List.of(1, 1))));
    create(new NewTopic("bad config", 1, (short) 3));
    create(new NewTopic("bad-config", 1, (short) 3).configs(Map.of("retention.ms", "x")));
    order("grow", () -> admin.createPartitions(Map.of("placed",
        NewPartitions.increaseTo(4, List.of(List.of(3, 2, 1))))).all().get());
    order("grow to fewer", () -> admin.createPartitions(Map.of("placed",
        NewPartitions.increaseTo(2))).all().get());
    order("delete", () -> admin.deleteTopics(List.of("gone")).all().get());
    order("delete again", () -> admin.deleteTopics(List.of("gone")).all().get());
    config("topic config", ConfigResource.Type.TOPIC, "placed", "segment.bytes", "2097152");
    config("topic config back", ConfigResource.Type.TOPIC, "placed", "retention.ms", null);
    config("broker config", ConfigResource.Type.BROKER, "2", "log.cleaner.threads", "2");
    config("cluster config", ConfigResource.Type.BROKER, "", "log.retention.ms", "7200000");
    config("static only", ConfigResource.Type.BROKER, "1", "node.id", "7");
    reassign("fewer replicas, another preferred", "placed", 1, List.of(1, 2));
    waitForReassignments();
    reassign("one replica, another broker", "placed", 2, List.of(2));
    waitForReassignments();
    reassign("more replicas", "placed", 2, List.of(3, 2, 1));
    waitForReassignments();
    reassign("to nobody", "placed", 0, List.of(1, 9));
    reassign("no such partition", "placed", 17, List.of(1));
    reassign("nothing to cancel", "placed", 0, null);
    // The move of partition 1 has changed which replica is the preferred one.
    until("partition 1 in sync", () -> partition("placed", 1).isr().size() == 2);
    order("elect", () -> admin.electLeaders(ElectionType.PREFERRED,
        Set.of(new TopicPartition("placed", 1))).partitions().get());
    order("elect unclean", () -> admin.electLeaders(ElectionType.UNCLEAN,
        Set.of(new TopicPartition("placed", 0))).all().get());
    until("all in sync", () -> topics().values().stream().allMatch(topic -> topic.partitions()
        .stream().allMatch(p -> p.leader() != null && p.isr().size() == p.replicas().size())));
  }

  static Map<String, TopicDescription> topics() throws Exception {
    return new TreeMap<>(
        admin.describeTopics(List.of("placed", "spread", "pairs")).allTopicNames().get());
  }

  static TopicPartitionInfo partition(String topic, int index) throws Exception {
    return topics().get(topic).partitions().get(index);
  }

  static List<Integer> ids(Collection<Node> nodes) {
    return nodes.stream().map(Node::id).collect(Collectors.toList());
  }

  // Where a controller puts replicas is its own choice within rules: what must be alike is shown.
  static void showSpread(TopicDescription topic) {
    Map<Integer, Integer> leaders = new TreeMap<>(), copies = new TreeMap<>();
    Set<Integer> factors = new TreeSet<>();
    for (TopicPartitionInfo p : topic.partitions()) {
      leaders.merge(p.leader().id(), 1, Integer::sum);
      for (Node node : p.replicas()) copies.merge(node.id(), 1, Integer::sum);
      factors.add(p.replicas().size());
    }
    say("topic %s: %d partitions, replicas %s, leaders %s, copies %s", topic.name(),
        topic.partitions().size(), factors, leaders, copies);
  }

  static void showTopics() throws Exception {
    Map<String, TopicDescription> topics = topics();
    for (TopicPartitionInfo p : topics.get("placed").partitions()) {
      say("placed-%d: leader %d, replicas %s, isr %s, elr %s, last known elr %s", p.partition(),
          p.leader().id(), ids(p.replicas()), new TreeSet<>(ids(p.isr())), ids(p.elr()),
          ids(p.lastKnownElr()));
    }
    showSpread(topics.get("spread"));
    showSpread(topics.get("pairs"));
    say("topics: %s", new TreeSet<>(admin.listTopics().names().get()));
  }

  static void showConfigs(ConfigResource resource) throws Exception {
    List<ConfigEntry> entries = new ArrayList<>(
        admin.describeConfigs(List.of(resource)).all().get().get(resource).entries());
    entries.sort(Comparator.comparing(ConfigEntry::name));
    for (ConfigEntry entry : entries) {
      if (entry.source() == ConfigEntry.ConfigSource.DEFAULT_CONFIG ||
          entry.source() == ConfigEntry.ConfigSource.STATIC_BROKER_CONFIG) {
        continue;
      }
      say("%s %s: %s=%s from %s", resource.type(), resource.name(), entry.name(), entry.value(),
          entry.source());
    }
  }

  static void showQuorum() throws Exception {
    var quorum = admin.describeMetadataQuorum().quorumInfo().get();
    say("quorum: leader is a voter: %s, epoch %s, voters %s, observers %s, high watermark %s",
        ALL.contains(quorum.leaderId()), quorum.leaderEpoch() > 0 ? "positive" : "0",
        quorum.voters().stream().map(v -> v.replicaId()).sorted().collect(Collectors.toList()),
        quorum.observers().size(), quorum.highWatermark() > 0 ? "positive" : "0");
    until("voters to catch up", () -> admin.describeMetadataQuorum().quorumInfo().get().voters()
        .stream().allMatch(v -> v.logEndOffset() >= quorum.highWatermark()));
    say("quorum: times known %s, nodes %s", quorum.voters().stream().allMatch(
        v -> v.lastCaughtUpTimestamp().isPresent() && v.lastFetchTimestamp().isPresent()),
        new TreeSet<>(quorum.nodes().keySet()));
  }

  static void showCluster() throws Exception {
    var cluster = admin.describeCluster(new DescribeClusterOptions().includeFencedBrokers(true));
    say("cluster: nodes %s, fenced %s, controller is one of them: %s, id has %d characters",
        new TreeSet<>(ids(cluster.nodes().get())),
        cluster.nodes().get().stream().filter(Node::isFenced).count(),
        ALL.contains(cluster.controller().get().id()), cluster.clusterId().get().length());
    var features = admin.describeFeatures().featureMetadata().get();
    say("features: %s", new TreeMap<>(features.finalizedFeatures()));
  }

  public static void main(String[] args) throws Exception {
    try (Admin client = Admin.create(Map.of("bootstrap.servers", args[0]))) {
      admin = client;
      until("three brokers", () -> admin.describeCluster().nodes().get().size() == 3);
      orders();
      showTopics();
      showConfigs(new ConfigResource(ConfigResource.Type.TOPIC, "placed"));
      for (String broker : List.of("1", "2", "3")) {
        showConfigs(new ConfigResource(ConfigResource.Type.BROKER, broker));
      }
      showCluster();
      showQuorum();
    }
  }
}
