import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.acl.*;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.*;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.quota.*;
import org.apache.kafka.common.serialization.*;
import org.apache.kafka.common.utils.AppInfoParser;

/** The scenarios of the Java clients. What WITHOUT names is left out, and said so. */
public class Matrix {
  static final String CLIENT = "java-" + AppInfoParser.getVersion();
  static final String RUN = Long.toString(System.nanoTime() & 0xffffffL, 36);
  static final Map<String, Callable<String>> SCENARIOS = new LinkedHashMap<>();
  static Admin admin;

  /** What the broker does not have yet, by name: groups, transactions, acls, quotas... */
  static final Set<String> WITHOUT = Set.of(env("WITHOUT", "").trim().split("\\s+"));
  static final Set<String> LEFT_OUT = Collections.synchronizedSet(new TreeSet<>());

  static boolean has(String feature) {
    if (WITHOUT.contains(feature))
      LEFT_OUT.add(feature);
    return !WITHOUT.contains(feature);
  }
  static String need(String feature, Callable<String> body) throws Exception {
    if (!has(feature))
      throw new Skip("left out: " + feature);
    return body.call();
  }

  static class Skip extends RuntimeException {
    Skip(String why) {
      super(why);
    }
  }

  public static void main(String[] args) throws Exception {
    SCENARIOS.put("S1", Matrix::roundtrip);
    SCENARIOS.put("S2", Matrix::codecs);
    SCENARIOS.put("S3", Matrix::idempotent);
    SCENARIOS.put("S4", () -> need("groups", () -> Groups.group(Map.of())));
    SCENARIOS.put("S5", () -> need("groups", Groups::stickyAndStatic));
    SCENARIOS.put("S6", () -> need("groups", Groups::newProtocol));
    SCENARIOS.put("S7", () -> need("groups", Groups::transactions));
    SCENARIOS.put("S8", Matrix::administration);
    SCENARIOS.put("S9", Matrix::seek);
    SCENARIOS.put("S10", Matrix::sizes);
    SCENARIOS.put("S12", Matrix::errors);
    admin = Admin.create(conf());
    ExecutorService threads = Executors.newCachedThreadPool(r -> {
      Thread t = new Thread(r);
      t.setDaemon(true);
      return t;
    });
    int failed = 0;
    for (String name : args.length > 0 ? List.of(args) : SCENARIOS.keySet()) {
      long start = System.nanoTime();
      LEFT_OUT.clear();
      Callable<String> body =
          SCENARIOS.getOrDefault(name, () -> { throw new Skip("no such scenario"); });
      try {
        String figures = threads.submit(body).get(90, TimeUnit.SECONDS);
        String without = LEFT_OUT.isEmpty() ? "" : ", without " + String.join(" ", LEFT_OUT);
        System.out.printf("PASS %s %s %s%s, %.1f s%n", CLIENT, name, figures, without,
            (System.nanoTime() - start) / 1e9);
      } catch (java.util.concurrent.TimeoutException e) {
        System.out.printf("FAIL %s %s not finished after 90 s%n", CLIENT, name);
        failed++;
      } catch (ExecutionException e) {
        if (e.getCause() instanceof Skip) {
          System.out.printf("SKIP %s %s %s%n", CLIENT, name, e.getCause().getMessage());
          continue;
        }
        System.out.printf(
            "FAIL %s %s %s%n", CLIENT, name, e.getCause().toString().replace('\n', ' '));
        failed++;
        if (System.getenv("TRACE") != null)
          e.getCause().printStackTrace(System.out);
      }
    }
    System.out.flush();
    Runtime.getRuntime().halt(failed > 0 ? 1 : 0);
  }

  // ---- helpers ----
  static String env(String name, String fallback) {
    String v = System.getenv(name);
    return v == null || v.isEmpty() ? fallback : v;
  }

  static Map<String, Object> conf(Object... pairs) {
    Map<String, Object> m = new HashMap<>(Map.of(
        "bootstrap.servers", env("BOOTSTRAP", "127.0.0.1:9092"), "request.timeout.ms", 20000));
    for (int i = 0; i < pairs.length; i += 2) m.put((String) pairs[i], pairs[i + 1]);
    return m;
  }

  static Producer<String, byte[]> producer(Object... pairs) {
    return new KafkaProducer<>(conf(pairs), new StringSerializer(), new ByteArraySerializer());
  }

  static Consumer<String, byte[]> consumer(Map<String, Object> conf) {
    conf.putIfAbsent("auto.offset.reset", "earliest");
    conf.putIfAbsent("enable.auto.commit", "false");
    return new KafkaConsumer<>(conf, new StringDeserializer(), new ByteArrayDeserializer());
  }

  static String name(String tag) {
    return "m-java-" + tag + "-" + RUN + "-"
        + Integer.toHexString(ThreadLocalRandom.current().nextInt(1 << 20));
  }

  static String create(String tag, int partitions, String... configs) throws Exception {
    String topic = name(tag);
    Map<String, String> c = new HashMap<>();
    for (int i = 0; i < configs.length; i += 2) c.put(configs[i], configs[i + 1]);
    admin.createTopics(List.of(new NewTopic(topic, partitions, (short) -1).configs(c))).all().get();
    await("topic visible", () -> {
      try {
        return describe(topic).partitions().size() == partitions;
      } catch (Exception e) {
        return false;
      }
    });
    return topic;
  }

  /** describeTopics' result methods were renamed between 2.8 and 4.x. */
  @SuppressWarnings("unchecked")
  static TopicDescription describe(String topic) throws Exception {
    DescribeTopicsResult r = admin.describeTopics(List.of(topic));
    Object future;
    try {
      future = r.getClass().getMethod("allTopicNames").invoke(r);
    } catch (NoSuchMethodException e) {
      future = r.getClass().getMethod("all").invoke(r);
    }
    return ((KafkaFuture<Map<String, TopicDescription>>) future).get().get(topic);
  }

  static void check(boolean ok, String what) {
    if (!ok)
      throw new AssertionError(what);
  }
  static void equal(Object want, Object got, String what) {
    check(Objects.equals(want, got), what + ": want " + want + ", got " + got);
  }

  static void await(String what, BooleanSupplier done) throws Exception {
    for (long end = System.nanoTime() + 40_000_000_000L; System.nanoTime() < end; Thread.sleep(20))
      if (done.getAsBoolean())
        return;
    throw new AssertionError("waited 40 s for: " + what);
  }

  static Throwable failure(Callable<?> body) {
    try {
      body.call();
      return null;
    } catch (ExecutionException e) {
      return e.getCause();
    } catch (Throwable e) {
      return e;
    }
  }
  static void fails(Class<? extends Throwable> want, String what, Callable<?> body) {
    Throwable got = failure(body);
    check(want.isInstance(got), what + ": want " + want.getSimpleName() + ", got " + got);
  }

  static List<TopicPartition> partitions(String topic, int n) {
    return IntStream.range(0, n)
        .mapToObj(p -> new TopicPartition(topic, p))
        .collect(Collectors.toList());
  }

  static void send(Producer<String, byte[]> p, String topic, int from, int to) throws Exception {
    List<Future<RecordMetadata>> acks = new ArrayList<>();
    for (int i = from; i < to; i++)
      acks.add(p.send(new ProducerRecord<>(topic, "k" + i % 97, ("v" + i).getBytes())));
    p.flush();
    for (Future<RecordMetadata> f : acks) f.get();
  }

  /** Everything in the topic, from the first offset to the end offset at the time of the call. */
  static List<ConsumerRecord<String, byte[]>> readAll(String topic, int partitions, Object... pairs)
      throws Exception {
    List<ConsumerRecord<String, byte[]>> got = new ArrayList<>();
    try (Consumer<String, byte[]> c = consumer(conf(pairs))) {
      List<TopicPartition> tps = partitions(topic, partitions);
      c.assign(tps);
      c.seekToBeginning(tps);
      Map<TopicPartition, Long> end = c.endOffsets(tps);
      await("end of " + topic, () -> {
        c.poll(Duration.ofMillis(200)).forEach(got::add);
        return tps.stream().allMatch(tp -> c.position(tp) >= end.get(tp));
      });
    }
    return got;
  }
  static Set<String> values(Collection<ConsumerRecord<String, byte[]>> records) {
    return records.stream().map(r -> new String(r.value())).collect(Collectors.toSet());
  }

  // ---- scenarios ----
  static String roundtrip() throws Exception {
    int n = 10000;
    String topic = create("s1", 3);
    try (Producer<String, byte[]> p = producer("linger.ms", 5)) {
      List<Future<RecordMetadata>> acks = new ArrayList<>();
      for (int i = 0; i < n; i++)
        acks.add(p.send(new ProducerRecord<>(topic, null, "k" + i % 97, ("v" + i).getBytes(),
            List.of(new RecordHeader("n", ("" + i).getBytes()), new RecordHeader("nil", null)))));
      p.flush();
      for (Future<RecordMetadata> f : acks) f.get();
    }
    List<ConsumerRecord<String, byte[]>> got = readAll(topic, 3);
    equal(n, got.size(), "records");
    Map<String, Integer> last = new HashMap<>();
    Map<Integer, Long> next = new HashMap<>();
    for (ConsumerRecord<String, byte[]> r : got) {
      int i = Integer.parseInt(new String(r.value()).substring(1));
      equal("k" + i % 97, r.key(), "key");
      equal("" + i, new String(r.headers().lastHeader("n").value()), "header");
      check(r.headers().lastHeader("nil").value() == null, "null header");
      check(last.getOrDefault(r.key(), -1) < i, "order of " + r.key());
      last.put(r.key(), i);
      equal(next.getOrDefault(r.partition(), 0L), r.offset(), "offset");
      next.put(r.partition(), r.offset() + 1);
    }
    return n + " records, " + next.size() + " partitions";
  }

  static String codecs() throws Exception {
    List<String> codecs = List.of("none", "gzip", "snappy", "lz4", "zstd");
    String topic = create("s2", codecs.size());
    for (int p = 0; p < codecs.size(); p++)
      try (Producer<String, byte[]> out =
               producer("compression.type", codecs.get(p), "linger.ms", 20)) {
        for (int i = 0; i < 500; i++) out.send(new ProducerRecord<>(topic, p, "k" + i, text(i)));
      }
    int[] count = new int[codecs.size()];
    for (ConsumerRecord<String, byte[]> r : readAll(topic, codecs.size())) {
      check(Arrays.equals(text(Integer.parseInt(r.key().substring(1))), r.value()),
          codecs.get(r.partition()) + " value");
      count[r.partition()]++;
    }
    for (int p = 0; p < count.length; p++) equal(500, count[p], codecs.get(p) + " records");
    return String.join(" ", codecs);
  }
  static byte[] text(int i) {
    return ("record " + i + " lorem ipsum ".repeat(20)).getBytes();
  }

  static String idempotent() throws Exception {
    String topic = create("s3", 1);
    try (Producer<String, byte[]> p = producer("enable.idempotence", true, "acks", "all",
             "max.in.flight.requests.per.connection", 5)) {
      List<Future<RecordMetadata>> acks = new ArrayList<>();
      for (int i = 0; i < 2000; i++) {
        acks.add(p.send(new ProducerRecord<>(topic, "k", ("v" + i).getBytes())));
        if (i % 50 == 0)
          p.flush();
      }
      p.flush();
      for (int i = 0; i < 2000; i++) equal((long) i, acks.get(i).get().offset(), "offset");
    }
    List<ConsumerRecord<String, byte[]>> got = readAll(topic, 1);
    equal(2000, got.size(), "records");
    for (int i = 0; i < 2000; i++) equal("v" + i, new String(got.get(i).value()), "value");
    return "2000 records";
  }

  static void quotaCalls() throws Exception {
    ClientQuotaEntity entity =
        new ClientQuotaEntity(Map.of(ClientQuotaEntity.CLIENT_ID, name("quota")));
    admin
        .alterClientQuotas(List.of(new ClientQuotaAlteration(
            entity, List.of(new ClientQuotaAlteration.Op("producer_byte_rate", 1e6)))))
        .all()
        .get();
    ClientQuotaFilter filter =
        ClientQuotaFilter.containsOnly(List.of(ClientQuotaFilterComponent.ofEntity(
            ClientQuotaEntity.CLIENT_ID, entity.entries().get(ClientQuotaEntity.CLIENT_ID))));
    await("quota", () -> {
      try {
        return Map.of(entity, Map.of("producer_byte_rate", 1e6))
            .equals(admin.describeClientQuotas(filter).entities().get());
      } catch (Exception e) {
        return false;
      }
    });
    admin
        .alterClientQuotas(List.of(new ClientQuotaAlteration(
            entity, List.of(new ClientQuotaAlteration.Op("producer_byte_rate", null)))))
        .all()
        .get();
  }

  static void electionCalls(TopicPartition tp) throws Exception {
    fails(ElectionNotNeededException.class, "electLeaders", () -> {
      Optional<Throwable> e =
          admin.electLeaders(ElectionType.PREFERRED, Set.of(tp)).partitions().get().get(tp);
      if (e.isPresent())
        throw (Exception) e.get();
      else
        return null;
    });
    check(admin.listPartitionReassignments(Set.of(tp)).reassignments().get().isEmpty(),
        "no reassignments");
  }

  static String administration() throws Exception {
    String topic = create("s8", 2, "retention.ms", "3600000"), group = name("s8");
    check(admin.listTopics().names().get().contains(topic), "listTopics");
    ConfigResource res = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    equal("3600000",
        admin.describeConfigs(List.of(res)).all().get().get(res).get("retention.ms").value(),
        "retention.ms");
    admin
        .incrementalAlterConfigs(Map.of(res,
            List.of(
                new AlterConfigOp(new ConfigEntry("retention.ms", ""), AlterConfigOp.OpType.DELETE),
                new AlterConfigOp(
                    new ConfigEntry("cleanup.policy", "compact"), AlterConfigOp.OpType.APPEND),
                new AlterConfigOp(
                    new ConfigEntry("max.message.bytes", "65536"), AlterConfigOp.OpType.SET))))
        .all()
        .get();
    await("altered configs", () -> {
      try {
        Config c = admin.describeConfigs(List.of(res)).all().get().get(res);
        return c.get("max.message.bytes").value().equals("65536")
            && c.get("retention.ms").isDefault()
            && c.get("cleanup.policy").value().equals("delete,compact");
      } catch (Exception e) {
        return false;
      }
    });
    admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(4))).all().get();
    await("4 partitions", () -> {
      try {
        return describe(topic).partitions().size() == 4;
      } catch (Exception e) {
        return false;
      }
    });

    TopicPartition tp = new TopicPartition(topic, 0);
    try (Producer<String, byte[]> p = producer()) {
      for (int i = 0; i < 100; i++) p.send(new ProducerRecord<>(topic, 0, "k", new byte[10]));
    }
    if (has("groups"))
      Groups.groupCalls(topic, tp, group);
    equal(40L,
        admin.deleteRecords(Map.of(tp, RecordsToDelete.beforeOffset(40)))
            .lowWatermarks()
            .get(tp)
            .get()
            .lowWatermark(),
        "low watermark");
    equal(40L, admin.listOffsets(Map.of(tp, OffsetSpec.earliest())).all().get().get(tp).offset(),
        "earliest");
    equal(100L, admin.listOffsets(Map.of(tp, OffsetSpec.latest())).all().get().get(tp).offset(),
        "latest");

    DescribeClusterResult cluster = admin.describeCluster();
    int broker = cluster.nodes().get().iterator().next().id();
    check(!cluster.clusterId().get().isEmpty() && cluster.controller().get() != null,
        "cluster id and controller");
    ConfigResource server = new ConfigResource(ConfigResource.Type.BROKER, "" + broker);
    check(!admin.describeConfigs(List.of(server)).all().get().get(server).entries().isEmpty(),
        "broker configs");
    long bytes = admin
                     .describeLogDirs(describe(topic)
                             .partitions()
                             .stream()
                             .map(i -> i.leader().id())
                             .collect(Collectors.toSet()))
                     .allDescriptions()
                     .get()
                     .values()
                     .stream()
                     .flatMap(m -> m.values().stream())
                     .flatMap(d -> d.replicaInfos().entrySet().stream())
                     .filter(e -> e.getKey().equals(tp))
                     .mapToLong(e -> e.getValue().size())
                     .sum();
    check(bytes > 0, "log dir size");
    if (has("acls")) {
      Throwable acl = failure(() -> admin.describeAcls(AclBindingFilter.ANY).values().get());
      check(acl == null || acl instanceof SecurityDisabledException, "describeAcls: " + acl);
    }
    if (has("quotas"))
      quotaCalls();
    if (has("elections"))
      electionCalls(tp);
    check(!admin.describeFeatures().featureMetadata().get().supportedFeatures().isEmpty(),
        "features");
    admin.deleteTopics(List.of(topic)).all().get();
    await("topic gone", () -> {
      try {
        return !admin.listTopics().names().get().contains(topic);
      } catch (Exception e) {
        return false;
      }
    });
    return "topics, configs, records, cluster";
  }

  static String seek() throws Exception {
    String topic = create("s9", 1);
    TopicPartition tp = new TopicPartition(topic, 0);
    long t0 = System.currentTimeMillis() - 3_600_000;
    try (Producer<String, byte[]> p = producer()) {
      for (int i = 0; i < 1000; i++)
        p.send(new ProducerRecord<>(topic, 0, t0 + i * 1000L, "k", ("v" + i).getBytes()));
    }
    try (Consumer<String, byte[]> c = consumer(conf("max.poll.records", 1))) {
      c.assign(List.of(tp));
      equal(500L, c.offsetsForTimes(Map.of(tp, t0 + 499_500)).get(tp).offset(), "offset for time");
      equal(t0 + 500_000, c.offsetsForTimes(Map.of(tp, t0 + 499_500)).get(tp).timestamp(),
          "timestamp of offset for time");
      check(c.offsetsForTimes(Map.of(tp, t0 + 10_000_000)).get(tp) == null,
          "time after the last record");
      equal(0L, c.beginningOffsets(List.of(tp)).get(tp), "beginning");
      equal(1000L, c.endOffsets(List.of(tp)).get(tp), "end");
      for (int at : new int[] {250, 999, 0}) {
        c.seek(tp, at);
        List<ConsumerRecord<String, byte[]>> got = new ArrayList<>();
        await("record at " + at, () -> {
          c.poll(Duration.ofMillis(100)).forEach(got::add);
          return !got.isEmpty();
        });
        equal((long) at, got.get(0).offset(), "offset after seek");
        equal("v" + at, new String(got.get(0).value()), "value after seek");
        equal(t0 + at * 1000L, got.get(0).timestamp(), "timestamp");
      }
      c.seekToEnd(List.of(tp));
      equal(1000L, c.position(tp), "position at the end");
      check(c.poll(Duration.ofMillis(300)).isEmpty(), "nothing after the end");
    }
    return "1000 records, 3 seeks, 2 time look-ups";
  }

  static String sizes() throws Exception {
    String topic = create("s10", 1), small = create("s10s", 2);
    byte[] big = new byte[900_000];
    new Random(7).nextBytes(big);
    try (Producer<String, byte[]> p = producer("linger.ms", 5)) {
      for (int i = 0; i < 8; i++) {
        big[0] = (byte) i;
        p.send(new ProducerRecord<>(topic, "k" + i, big.clone())).get();
      }
      for (int i = 0; i < 20000; i++)
        p.send(new ProducerRecord<>(small, "k" + i, new byte[] {(byte) i}));
    }
    List<ConsumerRecord<String, byte[]>> got = readAll(topic, 1);
    equal(8, got.size(), "large records");
    for (int i = 0; i < 8; i++) {
      big[0] = (byte) i;
      check(Arrays.equals(big, got.get(i).value()), "large value");
    }
    equal(20000, readAll(small, 2).size(), "small records");
    return "8 of 900 KB, 20000 of 1 byte";
  }

  static String errors() throws Exception {
    String topic = create("s12", 1, "max.message.bytes", "10000"), group = name("s12");
    fails(UnknownTopicOrPartitionException.class, "unknown topic", () -> describe(name("missing")));
    fails(TopicExistsException.class, "existing topic",
        () -> admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get());
    fails(InvalidTopicException.class, "topic name",
        () -> admin.createTopics(List.of(new NewTopic("bad topic!", 1, (short) 1))).all().get());
    fails(InvalidPartitionsException.class, "0 partitions",
        () -> admin.createTopics(List.of(new NewTopic(name("p0"), 0, (short) 1))).all().get());
    fails(InvalidReplicationFactorException.class, "replication 9",
        () -> admin.createTopics(List.of(new NewTopic(name("rf"), 1, (short) 9))).all().get());
    fails(InvalidConfigurationException.class, "unknown config",
        ()
            -> admin
                .createTopics(List.of(
                    new NewTopic(name("cfg"), 1, (short) 1).configs(Map.of("no.such.config", "1"))))
                .all()
                .get());
    fails(InvalidPartitionsException.class, "fewer partitions",
        () -> admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(1))).all().get());
    if (has("groups"))
      fails(GroupIdNotFoundException.class, "unknown group",
          () -> admin.deleteConsumerGroups(List.of(group)).all().get());
    try (Producer<String, byte[]> p = producer("max.block.ms", 3000)) {
      fails(org.apache.kafka.common.errors.TimeoutException.class, "invalid partition",
          () -> p.send(new ProducerRecord<>(topic, 99, "k", new byte[1])).get());
      fails(RecordTooLargeException.class, "message too large",
          () -> p.send(new ProducerRecord<>(topic, "k", new byte[50_000])).get());
      p.send(new ProducerRecord<>(topic, "k", new byte[1])).get();
    }
    fails(org.apache.kafka.clients.consumer.OffsetOutOfRangeException.class, "offset out of range",
        () -> {
          try (Consumer<String, byte[]> c = consumer(conf("auto.offset.reset", "none"))) {
            c.assign(partitions(topic, 1));
            c.seek(partitions(topic, 1).get(0), 500);
            for (int i = 0; i < 50; i++) c.poll(Duration.ofMillis(100));
            return null;
          }
        });
    fails(InvalidGroupIdException.class, "no group", () -> {
      try (Consumer<String, byte[]> c = consumer(conf())) {
        c.assign(partitions(topic, 1));
        c.commitSync();
        return null;
      }
    });
    if (has("groups"))
      Groups.groupErrors(topic, group);
    if (has("transactions"))
      Groups.transactionErrors(topic);
    return "typed errors";
  }
}
