// Drives the active controller's parts of Apache Kafka through random administration of five
// brokers, and prints every request with the answer and with what it changed, for
// tests/unit/replication/metadata/kafka_controller_test.cc:
//
//   javac -cp "$KAFKA_LIBS/*" -d /tmp/out Controllers.java
//   java -cp "/tmp/out:$KAFKA_LIBS/*" org.apache.kafka.controller.Controllers 40 60 >controller.txt
//
// One request a line, "request = answer | changes". Sessions have always run out and are never
// looked at. A scenario ends where Kafka leaves what ours never does: an eligible leader that is no
// replica, nobody (-1) as the last known leader.
package org.apache.kafka.controller;

import java.util.*;
import java.util.stream.*;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.*;
import org.apache.kafka.common.message.*;
import org.apache.kafka.common.metadata.*;
import org.apache.kafka.common.protocol.*;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.common.utils.*;
import org.apache.kafka.metadata.*;
import org.apache.kafka.server.common.*;
import org.apache.kafka.server.config.ConfigSynonym;
import org.apache.kafka.timeline.SnapshotRegistry;

public class Controllers {
    static final Random random = new Random(7);
    static final List<Integer> ALL = List.of(1, 2, 3, 4, 5);
    static final int TOPICS = 5;

    // Time that passes with every look at it, so that every session has run out.
    static class Passing implements Time {
        long now = 1;
        @Override public long milliseconds() { return now; }
        @Override public long nanoseconds() { now += 1000000; return now; }
        @Override public void sleep(long ms) { }
        @Override public void waitObject(Object object, java.util.function.Supplier<Boolean> done,
                                         long deadline) { }
    }

    final LogContext log = new LogContext();
    final SnapshotRegistry registry = new SnapshotRegistry(log);
    final FeatureControlManager features = new FeatureControlManager.Builder()
        .setSnapshotRegistry(registry)
        .setQuorumFeatures(new QuorumFeatures(1, QuorumFeatures.defaultSupportedFeatureMap(true),
                                              List.of(1)))
        .build();
    final ConfigurationControlManager configs = new ConfigurationControlManager.Builder()
        .setSnapshotRegistry(registry).setFeatureControl(features).setNodeId(1)
        .setKafkaConfigSchema(schema()).setStaticConfig(Map.of()).build();
    final ClusterControlManager cluster = new ClusterControlManager.Builder()
        .setSnapshotRegistry(registry).setTime(new Passing()).setSessionTimeoutNs(1)
        .setClusterId("c").setFeatureControlManager(features)
        .setBrokerShutdownHandler((id, clean, records) ->
            replication().handleBrokerShutdown(id, clean, records))
        .build();
    final ReplicationControlManager replication = new ReplicationControlManager.Builder()
        .setSnapshotRegistry(registry).setConfigurationControl(configs).setClusterControl(cluster)
        .setFeatureControl(features).setMaxElectionsPerImbalance(1000).build();
    final Uuid[] incarnations = new Uuid[6];
    final Map<String, String> known = new TreeMap<>();
    long offset = 10;
    boolean ended = false;

    ReplicationControlManager replication() { return replication; }

    static KafkaConfigSchema schema() {
        ConfigDef topic = new ConfigDef()
            .define("min.insync.replicas", ConfigDef.Type.INT, 1, ConfigDef.Importance.HIGH, "")
            .define("unclean.leader.election.enable", ConfigDef.Type.BOOLEAN, false,
                    ConfigDef.Importance.HIGH, "");
        ConfigDef broker = new ConfigDef(topic);
        Map<String, List<ConfigSynonym>> synonyms = new HashMap<>();
        for (String name : topic.names()) synonyms.put(name, List.of(new ConfigSynonym(name)));
        return new KafkaConfigSchema(Map.of(ConfigResource.Type.TOPIC, topic,
                                            ConfigResource.Type.BROKER, broker), synonyms);
    }

    void replay(List<ApiMessageAndVersion> records) {
        for (ApiMessageAndVersion one : records) {
            Object record = one.message();
            if (record instanceof FeatureLevelRecord) features.replay((FeatureLevelRecord) record);
            else if (record instanceof ConfigRecord) configs.replay((ConfigRecord) record);
            else if (record instanceof TopicRecord) replication.replay((TopicRecord) record);
            else if (record instanceof PartitionRecord) replication.replay((PartitionRecord) record);
            else if (record instanceof PartitionChangeRecord)
                replication.replay((PartitionChangeRecord) record);
            else if (record instanceof ClearElrRecord) replication.replay((ClearElrRecord) record);
            else if (record instanceof RegisterBrokerRecord)
                cluster.replay((RegisterBrokerRecord) record, offset);
            else if (record instanceof BrokerRegistrationChangeRecord)
                cluster.replay((BrokerRegistrationChangeRecord) record);
            else throw new RuntimeException("no replay of " + record);
            ++offset;
        }
    }

    static String text(List<Integer> ids) {
        if (ids.isEmpty()) return "-";
        return ids.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
    static String text(PartitionRegistration p) {
        return Stream.of(p.replicas, p.isr, p.elr, p.lastKnownElr, p.addingReplicas,
                         p.removingReplicas)
                   .map(ids -> text(Replicas.toList(ids)))
                   .collect(Collectors.joining(" ")) +
            " " + p.leader + " " +
            (p.leaderRecoveryState == LeaderRecoveryState.RECOVERING ? 1 : 0) + " " + p.leaderEpoch +
            " " + p.partitionEpoch;
    }
    PartitionRegistration partition(int topic) {
        return replication.getPartition(replication.getTopicId("t" + topic), 0);
    }
    String changes() {
        List<String> changed = new ArrayList<>();
        for (int id : ALL) {
            BrokerRegistration broker = cluster.registration(id);
            if (broker == null) continue;
            String now = broker.fenced() ? "fenced" : broker.inControlledShutdown() ? "leaving"
                                                                                    : "active";
            if (!now.equals(known.put("b" + id, now))) changed.add("b" + id + " " + now);
        }
        for (int topic = 0; topic < TOPICS; ++topic) {
            if (replication.getTopicId("t" + topic) == null) continue;
            PartitionRegistration p = partition(topic);
            List<Integer> replicas = Replicas.toList(p.replicas);
            ended |= !replicas.containsAll(Replicas.toList(p.elr)) ||
                Replicas.toList(p.lastKnownElr).contains(-1);
            String now = text(p);
            if (!now.equals(known.put("t" + topic, now))) changed.add("t" + topic + " " + now);
        }
        return changed.isEmpty() ? "-" : String.join(" ; ", changed);
    }
    void done(String request, String answer) {
        String changed = changes();
        if (!ended) System.out.println(request + " = " + answer + " | " + changed);
    }

    void register(int id, boolean clean) {
        BrokerRegistration existing = cluster.registration(id);
        BrokerRegistrationRequestData request = new BrokerRegistrationRequestData()
            .setBrokerId(id).setClusterId("c").setIncarnationId(Uuid.randomUuid())
            .setLogDirs(List.of(new Uuid(1000 + id, 1000 + id)))
            .setPreviousBrokerEpoch(clean && existing != null ? existing.epoch() : -1);
        request.listeners().add(new BrokerRegistrationRequestData.Listener()
            .setName("PLAINTEXT").setHost("h").setPort(9092));
        QuorumFeatures.defaultSupportedFeatureMap(true).forEach((name, range) ->
            request.features().add(new BrokerRegistrationRequestData.Feature().setName(name)
                .setMinSupportedVersion(range.min()).setMaxSupportedVersion(range.max())));
        var result = cluster.registerBroker(request, offset, features.finalizedFeatures(Long.MAX_VALUE), true);
        replay(result.records());
        done("register " + id + " " + (clean ? 1 : 0), "NONE");
    }
    void heartbeat(int id, boolean wantFence, boolean wantShutdown) {
        BrokerRegistration before = cluster.registration(id);
        // Its process is gone: only another one will speak for it.
        if (before.fenced() && before.inControlledShutdown()) return;
        var result = replication.processBrokerHeartbeat(
            new BrokerHeartbeatRequestData().setBrokerId(id)
                .setBrokerEpoch(cluster.registration(id).epoch())
                .setCurrentMetadataOffset(offset - 1).setWantFence(wantFence)
                .setWantShutDown(wantShutdown),
            cluster.registerBrokerRecordOffset(id).getAsLong());
        replay(result.records());
        if (result.response().inControlledShutdown()) {
            cluster.heartbeatManager().maybeUpdateControlledShutdownOffset(id, offset - 1);
        }
        done("heartbeat " + id + " " + (wantFence ? 1 : 0) + " " + (wantShutdown ? 1 : 0),
             (result.response().isFenced() ? "1" : "0") +
                 (result.response().shouldShutDown() ? "1" : "0"));
        // Kafka forgets how far a broker has read when it unfences it, until it says so again.
        if (before.fenced() && !result.response().isFenced()) heartbeat(id, false, false);
    }
    void propose(int topic) {
        PartitionRegistration p = partition(topic);
        List<Integer> isr = some(Replicas.toList(p.replicas), 0.7);
        if (p.leader >= 0 && !isr.contains(p.leader) && random.nextInt(8) != 0) isr.add(p.leader);
        if (random.nextInt(12) == 0) isr.add(1 + random.nextInt(5));
        int leaderDelta = random.nextInt(12) == 0 ? random.nextInt(3) - 1 : 0;
        int partitionDelta = random.nextInt(12) == 0 ? random.nextInt(3) - 1 : 0;
        int from = p.leader >= 0 && random.nextInt(12) != 0 ? p.leader : 1 + random.nextInt(5);
        int recovering = random.nextInt(6) == 0 ? 1 : 0;
        var data = new AlterPartitionRequestData().setBrokerId(from)
            .setBrokerEpoch(cluster.registration(from).epoch());
        var partition = new AlterPartitionRequestData.PartitionData().setPartitionIndex(0)
            .setLeaderEpoch(p.leaderEpoch + leaderDelta)
            .setPartitionEpoch(p.partitionEpoch + partitionDelta)
            .setLeaderRecoveryState((byte) recovering)
            .setNewIsrWithEpochs(isr.stream().map(id -> new AlterPartitionRequestData.BrokerState()
                .setBrokerId(id).setBrokerEpoch(cluster.registration(id).epoch()))
                .collect(Collectors.toList()));
        data.topics().add(new AlterPartitionRequestData.TopicData()
            .setTopicId(replication.getTopicId("t" + topic)).setPartitions(List.of(partition)));
        var context = new ControllerRequestContext(
            new RequestHeaderData().setRequestApiVersion((short) 3), KafkaPrincipal.ANONYMOUS,
            OptionalLong.empty());
        var result = replication.alterPartition(context, data);
        replay(result.records());
        done("propose t" + topic + " " + from + " " + text(isr) + " " + leaderDelta + " " +
                 partitionDelta + " " + recovering,
             name(result.response().topics().get(0).partitions().get(0).errorCode()));
    }
    static String name(short code) { return Errors.forCode(code).name(); }
    void elect(int topic, int type) {
        var data = new ElectLeadersRequestData().setElectionType((byte) type);
        var topics = new ElectLeadersRequestData.TopicPartitionsCollection();
        topics.add(new ElectLeadersRequestData.TopicPartitions().setTopic("t" + topic)
            .setPartitions(List.of(0)));
        data.setTopicPartitions(topics);
        var result = replication.electLeaders(data);
        replay(result.records());
        done("elect t" + topic + " " + type, name(result.response().replicaElectionResults().get(0)
            .partitionResult().get(0).errorCode()));
    }
    void balance() {
        var result = replication.maybeBalancePartitionLeaders();
        replay(result.records());
        done("balance", "" + result.records().size());
    }
    void reassign(int topic) {
        PartitionRegistration p = partition(topic);
        List<Integer> replicas = Replicas.toList(p.replicas);
        boolean moving = p.addingReplicas.length + p.removingReplicas.length > 0;
        List<Integer> target = null;
        if (random.nextInt(3) != 0) {
            target = shuffled(ALL).subList(0, 2 + random.nextInt(2));
            if (random.nextInt(10) == 0) target = List.of(target.get(0), target.get(0));
            // What was being moved stays half-moved in Kafka when one of the new lists is empty.
            if (moving && (target.containsAll(replicas) || replicas.containsAll(target))) return;
        } else if (p.isr.length == 0) {
            return;  // Kafka needs an unclean election to go back then, ours does not
        }
        boolean mayChangeFactor = random.nextInt(4) != 0;
        var data = new AlterPartitionReassignmentsRequestData()
            .setAllowReplicationFactorChange(mayChangeFactor).setTopics(List.of(
                new AlterPartitionReassignmentsRequestData.ReassignableTopic().setName("t" + topic)
                    .setPartitions(List.of(
                        new AlterPartitionReassignmentsRequestData.ReassignablePartition()
                            .setPartitionIndex(0).setReplicas(target)))));
        var result = replication.alterPartitionReassignments(data);
        replay(result.records());
        done("reassign t" + topic + " " + (target == null ? "cancel" : text(target)) + " " +
                 (mayChangeFactor ? 1 : 0),
             name(result.response().responses().get(0).partitions().get(0).errorCode()));
    }
    void configure(int topic) {
        boolean minIsr = random.nextInt(2) == 0;
        String name = minIsr ? "min.insync.replicas" : "unclean.leader.election.enable";
        String value = minIsr ? "" + (1 + random.nextInt(3)) : "" + (random.nextInt(4) == 0);
        List<ApiMessageAndVersion> records = new ArrayList<>();
        String before = configs.getConfigs(
            new ConfigResource(ConfigResource.Type.TOPIC, "t" + topic)).get(name);
        if (!value.equals(before)) {
            records.add(new ApiMessageAndVersion(new ConfigRecord().setResourceName("t" + topic)
                .setResourceType(ConfigResource.Type.TOPIC.id()).setName(name).setValue(value),
                (short) 0));
            records.addAll(configs.createClearElrRecordsAsNeeded(records));
        }
        replay(records);
        done("set t" + topic + " " + name + " " + value, "NONE");
    }

    static List<Integer> some(List<Integer> from, double share) {
        return from.stream().filter(id -> random.nextDouble() < share).collect(Collectors.toList());
    }
    static List<Integer> shuffled(List<Integer> ids) {
        List<Integer> list = new ArrayList<>(ids);
        Collections.shuffle(list, random);
        return list;
    }

    void begin() {
        System.out.println("scenario");
        replay(List.of(
            new ApiMessageAndVersion(new FeatureLevelRecord().setName("metadata.version")
                .setFeatureLevel((short) 29), (short) 0),
            new ApiMessageAndVersion(new FeatureLevelRecord()
                .setName("eligible.leader.replicas.version").setFeatureLevel((short) 1), (short) 0)));
        cluster.activate();
        for (int id : ALL) {
            register(id, false);
            heartbeat(id, false, false);
        }
        for (int topic = 0; topic < TOPICS; ++topic) {
            List<Integer> replicas = shuffled(ALL).subList(0, 2 + random.nextInt(2));
            Uuid id = Uuid.randomUuid();
            replay(List.of(
                new ApiMessageAndVersion(new TopicRecord().setName("t" + topic).setTopicId(id),
                                         (short) 0),
                new ApiMessageAndVersion(new PartitionRecord().setPartitionId(0).setTopicId(id)
                    .setReplicas(replicas).setIsr(replicas).setLeader(replicas.get(0))
                    .setLeaderEpoch(0).setPartitionEpoch(0).setDirectories(
                        replicas.stream().map(b -> new Uuid(1000 + b, 1000 + b))
                            .collect(Collectors.toList())), (short) 2)));
            done("topic t" + topic + " " + text(replicas), "NONE");
        }
    }
    void step() {
        int id = 1 + random.nextInt(5);
        int topic = random.nextInt(TOPICS);
        switch (random.nextInt(12)) {
            case 0: register(id, random.nextBoolean()); break;
            case 1: heartbeat(id, true, false); break;
            case 2: heartbeat(id, random.nextInt(6) == 0, true); break;
            case 3:
            case 4:
            case 5: heartbeat(id, false, false); break;
            case 6: elect(topic, random.nextInt(2)); break;
            case 7: if (random.nextBoolean()) balance(); else configure(topic); break;
            case 8: reassign(topic); break;
            default: propose(topic);
        }
    }
    public static void main(String[] arguments) {
        for (int left = Integer.parseInt(arguments[0]); left > 0; --left) {
            Controllers one = new Controllers();
            one.begin();
            for (int i = Integer.parseInt(arguments[1]); i > 0 && !one.ended; --i) one.step();
        }
    }
}
