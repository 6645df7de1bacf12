import java.io.File;
import java.nio.file.*;
import java.time.Duration;
import java.util.*;
import java.util.stream.*;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.*;
import org.apache.flink.api.common.serialization.SimpleStringSchema;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.*;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.*;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.environment.*;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.serialization.*;

/**
 * KafkaSource -> event-time tumbling windows -> KafkaSink EXACTLY_ONCE. A child process runs the
 * job and is killed outright with a transaction open; the job is then restored from the last
 * completed checkpoint. Read with read_committed, every window counts once.
 */
public final class Main {
  static final String NAME = System.getenv("NAME"), BOOTSTRAP = System.getenv("BOOTSTRAP"),
                      WORK = System.getenv("WORK");
  static final long BASE = 1735475440000L, STEP = 100, WINDOW = 10_000;
  static final int USERS = 20, N = 5000, BEFORE = 3500;
  static final String FLUSH = "flush";

  static void check(boolean ok, String what) {
    if (!ok)
      throw new AssertionError(what);
  }
  static void equal(Object actual, Object expected, String what) {
    check(expected.equals(actual), what + ": expected " + expected + ", found " + actual);
  }
  static String user(int i) {
    return "u" + (i * 7) % USERS;
  }

  static org.apache.flink.core.execution.JobClient job(String in, String out, String id,
      String strategy, long delayMicros, String restore) throws Exception {
    var conf = new Configuration();
    conf.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
    conf.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, new File(WORK, id).toURI().toString());
    conf.set(CheckpointingOptions.MAX_RETAINED_CHECKPOINTS, 3);
    conf.set(CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
        ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
    conf.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
    conf.set(RestOptions.BIND_PORT, "0");
    conf.set(RestOptions.BIND_ADDRESS, "127.0.0.1");
    conf.set(RestOptions.ADDRESS, "127.0.0.1");
    conf.set(CoreOptions.TMP_DIRS, WORK);
    if (restore != null)
      conf.set(StateRecoveryOptions.SAVEPOINT_PATH, restore);
    var env = StreamExecutionEnvironment.createLocalEnvironment(2, conf);
    env.enableCheckpointing(500, CheckpointingMode.EXACTLY_ONCE);
    var source = KafkaSource.<String>builder()
                     .setBootstrapServers(BOOTSTRAP)
                     .setTopics(in)
                     .setGroupId(id)
                     .setStartingOffsets(OffsetsInitializer.earliest())
                     .setValueOnlyDeserializer(new SimpleStringSchema())
                     .setProperty("max.partition.fetch.bytes", "2048")
                     .build();
    var sink = KafkaSink.<String>builder()
                   .setBootstrapServers(BOOTSTRAP)
                   .setRecordSerializer(KafkaRecordSerializationSchema.builder()
                           .setTopic(out)
                           .setValueSerializationSchema(new SimpleStringSchema())
                           .build())
                   .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
                   .setTransactionalIdPrefix(id)
                   .setTransactionNamingStrategy(TransactionNamingStrategy.valueOf(strategy))
                   .setProperty("transaction.timeout.ms", "60000")
                   .build();
    var watermarks = WatermarkStrategy.<String>forBoundedOutOfOrderness(Duration.ofSeconds(2))
                         .withTimestampAssigner((v, t) -> t);
    env.fromSource(source, watermarks, "clicks")
        .uid("clicks")
        .map(v -> {
          if (delayMicros > 0)
            java.util.concurrent.locks.LockSupport.parkNanos(delayMicros * 1000);
          return v.split(" ")[0];
        })
        .returns(Types.STRING)
        .uid("map")
        .filter(u -> !u.equals(FLUSH))
        .keyBy(u -> u, Types.STRING)
        .window(TumblingEventTimeWindows.of(Duration.ofMillis(WINDOW)))
        .aggregate(new Count(), new Label())
        .returns(Types.STRING)
        .uid("window")
        .sinkTo(sink)
        .uid("sink");
    return env.executeAsync(id);
  }

  public static final class Count implements AggregateFunction<String, Long, Long> {
    public Long createAccumulator() {
      return 0L;
    }
    public Long add(String v, Long a) {
      return a + 1;
    }
    public Long getResult(Long a) {
      return a;
    }
    public Long merge(Long a, Long b) {
      return a + b;
    }
  }
  public static final class Label extends ProcessWindowFunction<Long, String, String, TimeWindow> {
    public void process(String user, Context c, Iterable<Long> n, Collector<String> out) {
      out.collect(user + " " + c.window().getStart() + " " + n.iterator().next());
    }
  }

  static void produce(String in, int first, int last) throws Exception {
    // small batches, so that a reader's partitions advance together and windows close all along
    try (var p = new KafkaProducer<>(Map.<String, Object>of("bootstrap.servers", BOOTSTRAP,
                                         "linger.ms", 2, "batch.size", 1024),
             new StringSerializer(), new StringSerializer())) {
      var sent = new ArrayList<java.util.concurrent.Future<RecordMetadata>>();
      for (int i = first; i < last; i++)
        sent.add(
            p.send(new ProducerRecord<>(in, null, BASE + i * STEP, user(i), user(i) + " " + i)));
      // one late event per partition pushes the watermark past the last window
      if (last == N)
        for (int q = 0; q < 3; q++)
          sent.add(p.send(
              new ProducerRecord<>(in, q, BASE + N * STEP + 10 * WINDOW, null, FLUSH + " " + q)));
      for (var f : sent) f.get();
    }
  }

  static Consumer<String, String> reader(String isolation) {
    return new KafkaConsumer<>(
        Map.<String, Object>of("bootstrap.servers", BOOTSTRAP, "isolation.level", isolation,
            "auto.offset.reset", "earliest", "enable.auto.commit", false),
        new StringDeserializer(), new StringDeserializer());
  }
  static List<TopicPartition> parts(String topic) {
    return List.of(new TopicPartition(topic, 0), new TopicPartition(topic, 1));
  }
  static final Map<String, Consumer<String, String>> lookers = new HashMap<>();
  static long ends(String isolation, String topic) {
    return lookers.computeIfAbsent(isolation, Main::reader)
        .endOffsets(parts(topic))
        .values()
        .stream()
        .mapToLong(x -> x)
        .sum();
  }
  /** Whether a transaction holds the last stable offset back. */
  static boolean open(String topic) {
    return ends("read_committed", topic) < ends("read_uncommitted", topic);
  }
  static List<String> read(String topic, String isolation) {
    try (var c = reader(isolation)) {
      c.assign(parts(topic));
      c.seekToBeginning(parts(topic));
      var ends = c.endOffsets(parts(topic));
      var out = new ArrayList<String>();
      long stop = System.currentTimeMillis() + 20000;
      while (ends.entrySet().stream().anyMatch(e -> c.position(e.getKey()) < e.getValue())) {
        check(System.currentTimeMillis() < stop,
            "reading " + topic + " " + isolation + " does not reach the end");
        c.poll(Duration.ofMillis(200)).forEach(r -> out.add(r.value()));
      }
      return out;
    }
  }
  static List<Path> checkpoints(String id) throws Exception {
    try (var s = Files.find(Path.of(WORK, id), 3, (p, a) -> p.endsWith("_metadata"))) {
      return s.map(Path::getParent)
          .sorted(Comparator.comparingInt(
              p -> Integer.parseInt(p.getFileName().toString().substring(4))))
          .collect(Collectors.toList());
    } catch (NoSuchFileException | java.io.UncheckedIOException e) {
      return List.of();
    }
  }

  static long committed(Admin admin, String group) throws Exception {
    return admin.listConsumerGroupOffsets(group)
        .partitionsToOffsetAndMetadata()
        .get()
        .values()
        .stream()
        .mapToLong(o -> o.offset())
        .sum();
  }

  /**
   * Creates topics and waits until every partition answers: a new partition may refuse its first
   * requests (see lib/seeds.py).
   */
  static void create(Admin admin, NewTopic... topics) throws Exception {
    admin.createTopics(List.of(topics)).all().get();
    var asked = new HashMap<TopicPartition, OffsetSpec>();
    for (var t : topics)
      for (int q = 0; q < t.numPartitions(); q++)
        asked.put(new TopicPartition(t.name(), q), OffsetSpec.latest());
    for (int i = 0;; i++) {
      try {
        admin.listOffsets(asked).all().get();
        return;
      } catch (java.util.concurrent.ExecutionException e) {
        if (i == 100)
          throw e;
        Thread.sleep(100);
      }
    }
  }

  static int newest(String id) throws Exception {
    var c = checkpoints(id);
    return c.isEmpty()
        ? 0
        : Integer.parseInt(c.get(c.size() - 1).getFileName().toString().substring(4));
  }

  static String exactlyOnce(Admin admin, String strategy) throws Exception {
    String out = "clicks-per-user-" + UUID.randomUUID().toString().substring(0, 10),
           id = "flink-" + strategy.toLowerCase() + "-"
        + UUID.randomUUID().toString().substring(0, 8);
    String in = "clickstream-data-" + UUID.randomUUID().toString().substring(0, 10);
    // the events' times are years old: without retention.ms=-1 the broker would rightly delete them
    // during the run
    var keep = Map.of("retention.ms", "-1");
    create(admin, new NewTopic(in, 3, (short) -1).configs(keep),
        new NewTopic(out, 2, (short) -1).configs(keep));
    produce(in, 0, BEFORE);
    Files.createDirectories(Path.of(WORK, id));
    String restore = null;
    int kills = 0, since = 0;
    do { // again, if a commit slipped in between the look and the kill
      check(++kills <= 4, "no transaction was open at any of " + (kills - 1) + " kills");
      var cmd = new ArrayList<>(List.of(ProcessHandle.current().info().command().get()));
      cmd.addAll(java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments());
      cmd.addAll(List.of("-cp", System.getProperty("java.class.path"), "Main", "job", in, out, id,
          strategy, "3000"));
      if (restore != null)
        cmd.add(restore);
      var child = new ProcessBuilder(cmd)
                      .redirectErrorStream(true)
                      .redirectOutput(ProcessBuilder.Redirect.appendTo(new File(WORK, id + ".log")))
                      .start();
      try {
        long end = System.currentTimeMillis() + 40000;
        while (newest(id) < since + 2 || ends("read_committed", out) == 0 || !open(out)) {
          check(child.isAlive(), "the job ended before it could be killed");
          check(System.currentTimeMillis() < end,
              "no two checkpoints, committed results and an open transaction within 40 s");
          Thread.sleep(10);
        }
      } finally {
        child.destroyForcibly().waitFor();
      }
      var last = checkpoints(id);
      restore = last.get(last.size() - 1).toUri().toString();
      since = newest(id);
    } while (!open(out));
    long before = read(out, "read_committed").size();
    produce(in, BEFORE, N); // the rest arrives while nothing runs
    var expected = new TreeMap<String, Long>();
    for (int i = 0; i < N; i++)
      expected.merge(
          user(i) + " " + Math.floorDiv(BASE + i * STEP, WINDOW) * WINDOW, 1L, Long::sum);
    var restored = job(in, out, id, strategy, 0, restore);
    long end = System.currentTimeMillis() + 45000;
    while (read(out, "read_committed").size() < expected.size()) {
      check(System.currentTimeMillis() < end,
          "restored job: " + read(out, "read_committed").size() + " of " + expected.size()
              + " windows after 45 s, state " + restored.getJobStatus().get());
      Thread.sleep(200);
    }
    while (committed(admin, id) < N + 3) { // the source commits its offsets on checkpoints
      check(System.currentTimeMillis() < end,
          "offsets committed on checkpoints: " + committed(admin, id) + " of " + (N + 3));
      Thread.sleep(200);
    }
    Thread.sleep(600); // one more checkpoint: nothing may follow
    restored.cancel().get();
    var found = new TreeMap<String, Long>();
    var got = read(out, "read_committed");
    for (String r : got) {
      int at = r.lastIndexOf(' ');
      check(found.put(r.substring(0, at), Long.parseLong(r.substring(at + 1))) == null,
          "window twice: " + r);
    }
    equal(got.size(), expected.size(), "windows read with read_committed");
    equal(found, expected, "counts");
    equal(found.values().stream().mapToLong(x -> x).sum(), (long) N, "sum of all counts");
    check(before > 0 && before < got.size(), "committed before the kill: " + before);
    int all = read(out, "read_uncommitted").size();
    check(all > got.size(), "nothing was aborted, so the kill proved nothing");
    equal(ends("read_committed", out), ends("read_uncommitted", out),
        "last stable offset at the end");
    equal(committed(admin, id), (long) N + 3, "offsets committed on checkpoints");
    admin.deleteTopics(List.of(in, out)).all().get();
    return strategy + ": down after " + before + " of " + got.size() + " windows, " + kills
        + (kills == 1 ? " kill, " : " kills, ") + (all - got.size()) + " results aborted";
  }

  public static void main(String[] a) {
    int rc = 1;
    try {
      if (a.length > 0) {
        job(a[1], a[2], a[3], a[4], Long.parseLong(a[5]), a.length > 6 ? a[6] : null)
            .getJobExecutionResult()
            .get();
        Runtime.getRuntime().halt(0);
      }
      try (var admin = Admin.create(Map.of("bootstrap.servers", BOOTSTRAP))) {
        String figures = exactlyOnce(admin, "INCREMENTING") + "; " + exactlyOnce(admin, "POOLING");
        System.out.println("\nPASS " + NAME + ": " + N + " events exactly once. " + figures);
      }
      rc = 0;
    } catch (Throwable t) {
      t.printStackTrace();
      System.out.println("\nFAIL " + NAME + ": " + String.valueOf(t).replace('\n', ' '));
    }
    System.out.flush();
    Runtime.getRuntime().halt(rc);
  }
}
