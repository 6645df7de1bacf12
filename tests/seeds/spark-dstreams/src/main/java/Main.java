import java.util.*;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.*;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.streaming.Durations;
import org.apache.spark.streaming.api.java.*;
import org.apache.spark.streaming.kafka010.*;
import scala.Tuple2;

/**
 * Spark Streaming, the DStream API: direct stream, windowed word count, offsets committed to
 * Kafka, restart from them, a fixed range as an RDD.
 */
public final class Main {
  static final String NAME = System.getenv("NAME"), BOOTSTRAP = System.getenv("BOOTSTRAP");
  static final String TOPIC = "clickstream-data-" + UUID.randomUUID().toString().substring(0, 10),
                      GROUP = "dstream-" + UUID.randomUUID().toString().substring(0, 10);
  static final String[] ACTIONS = {"view_product", "add_to_cart", "purchase", "search"};
  static final Map<String, String> seen = new ConcurrentHashMap<>(); // partition:offset -> value
  static final AtomicLong rows = new AtomicLong(), windowed = new AtomicLong();
  static final Map<String, Long> words = new ConcurrentHashMap<>();
  static final List<OffsetRange> ranges = Collections.synchronizedList(new ArrayList<>());

  static void check(boolean ok, String what) {
    if (!ok)
      throw new AssertionError(what);
  }
  static void equal(Object actual, Object expected, String what) {
    check(expected.equals(actual), what + ": expected " + expected + ", found " + actual);
  }

  static void produce(int first, int last) throws Exception {
    Map<String, Object> p =
        Map.of("bootstrap.servers", BOOTSTRAP, "linger.ms", 5, "compression.type", "snappy");
    try (var producer = new KafkaProducer<>(p, new StringSerializer(), new StringSerializer())) {
      var sent = new ArrayList<java.util.concurrent.Future<RecordMetadata>>();
      for (int i = first; i < last; i++)
        sent.add(producer.send(new ProducerRecord<>(
            TOPIC, "u" + i % 20, "u" + i % 20 + " " + ACTIONS[i % 4] + " " + i)));
      for (var f : sent) f.get();
    }
  }

  static Map<String, Object> kafkaParams() {
    return new HashMap<>(Map.of("bootstrap.servers", BOOTSTRAP, "key.deserializer",
        StringDeserializer.class, "value.deserializer", StringDeserializer.class, "group.id", GROUP,
        "auto.offset.reset", "earliest", "enable.auto.commit", false));
  }

  /** Runs a streaming context until so many rows are seen and their offsets are committed. */
  static void stream(JavaSparkContext sc, Admin admin, long until) throws Exception {
    var ssc = new JavaStreamingContext(sc, Durations.milliseconds(500));
    var stream = KafkaUtils.createDirectStream(ssc, LocationStrategies.PreferConsistent(),
        ConsumerStrategies.<String, String>Subscribe(List.of(TOPIC), kafkaParams()));
    stream.foreachRDD(rdd -> {
      OffsetRange[] offsets = ((HasOffsetRanges) rdd.rdd()).offsetRanges();
      for (String[] r :
          rdd.map(m -> new String[] {m.partition() + ":" + m.offset(), m.value()}).collect()) {
        seen.put(r[0], r[1]);
        rows.incrementAndGet();
      }
      for (var o : offsets)
        if (o.count() > 0)
          ranges.add(o);
      ((CanCommitOffsets) stream.inputDStream()).commitAsync(offsets);
    });
    stream.map(ConsumerRecord::value)
        .flatMap(v -> Arrays.asList(v.split(" ")).subList(0, 2).iterator())
        .mapToPair(w -> new Tuple2<>(w, 1L))
        .reduceByKeyAndWindow(Long::sum, Durations.seconds(1), Durations.seconds(1))
        .foreachRDD(rdd -> rdd.collect().forEach(t -> {
          words.merge(t._1, t._2, Long::sum);
          windowed.addAndGet(t._2);
        }));
    ssc.start();
    long end = System.currentTimeMillis() + 40000;
    while (committed(admin) < until || windowed.get() < 2 * until) {
      check(System.currentTimeMillis() < end,
          "not within 40 s: rows " + rows + ", committed " + committed(admin) + ", windowed words "
              + windowed);
      Thread.sleep(100);
    }
    ssc.stop(false, false);
  }

  static long committed(Admin admin) throws Exception {
    return admin.listConsumerGroupOffsets(GROUP)
        .partitionsToOffsetAndMetadata()
        .get()
        .values()
        .stream()
        .filter(Objects::nonNull)
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

  static String body() throws Exception {
    int n1 = 1500, n2 = 1500, n = n1 + n2;
    var conf = new SparkConf()
                   .setAppName("seeds")
                   .setMaster("local[2]")
                   .set("spark.ui.enabled", "false")
                   .set("spark.driver.host", "127.0.0.1")
                   .set("spark.driver.bindAddress", "127.0.0.1")
                   .set("spark.streaming.kafka.maxRatePerPartition", "600")
                   .set("spark.default.parallelism", "2");
    try (var admin = Admin.create(Map.of("bootstrap.servers", BOOTSTRAP));
        var sc = new JavaSparkContext(conf)) {
      sc.setLogLevel("WARN");
      create(admin, new NewTopic(TOPIC, 3, (short) -1));
      produce(0, n1);
      stream(sc, admin, n1);
      equal(rows.get(), (long) n1, "rows of the first context");
      produce(n1, n); // arrives while nothing runs
      stream(sc, admin, n); // the second context starts at the committed offsets
      equal(rows.get(), (long) n, "rows of both contexts (no loss, no duplicates)");
      equal(seen.size(), n, "distinct offsets");
      equal(new HashSet<>(seen.values()).size(), n, "distinct events");
      var next = new TreeMap<Integer, Long>();
      for (var o : ranges) {
        equal(next.getOrDefault(o.partition(), 0L), o.fromOffset(),
            "offset ranges follow on, partition " + o.partition());
        next.put(o.partition(), o.untilOffset());
      }
      var expected = new HashMap<String, Long>();
      for (int i = 0; i < n; i++) {
        expected.merge("u" + i % 20, 1L, Long::sum);
        expected.merge(ACTIONS[i % 4], 1L, Long::sum);
      }
      equal(words, expected, "windowed word count");
      OffsetRange[] fixed = {
          OffsetRange.create(TOPIC, 0, 10, 60), OffsetRange.create(TOPIC, 2, 5, 105)};
      equal(KafkaUtils.createRDD(sc, kafkaParams(), fixed, LocationStrategies.PreferConsistent())
                .map(ConsumerRecord::value)
                .distinct()
                .count(),
          150L, "records of a fixed range");
      admin.deleteConsumerGroups(List.of(GROUP)).all().get();
      admin.deleteTopics(List.of(TOPIC)).all().get();
      return n + " events once each over 2 contexts in " + ranges.size() + " offset ranges, "
          + words.size() + " words counted in windows, 150 records as an RDD";
    }
  }

  public static void main(String[] args) {
    int rc = 1;
    try {
      System.out.println("\nPASS " + NAME + ": " + body());
      rc = 0;
    } catch (Throwable t) {
      t.printStackTrace();
      System.out.println("\nFAIL " + NAME + ": " + String.valueOf(t).replace('\n', ' '));
    }
    System.out.flush();
    Runtime.getRuntime().halt(rc);
  }
}
