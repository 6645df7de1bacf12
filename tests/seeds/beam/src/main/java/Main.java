import java.time.Duration;
import java.util.*;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.*;
import org.apache.beam.runners.direct.DirectOptions;
import org.apache.beam.runners.direct.DirectRunner;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.io.kafka.*;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.transforms.*;
import org.apache.beam.sdk.transforms.windowing.*;
import org.apache.beam.sdk.values.KV;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.*;
import org.joda.time.Instant;

/**
 * Beam's DirectRunner: KafkaIO.read -> event-time fixed windows -> counts -> KafkaIO.write; then a
 * read between two times.
 */
public final class Main {
  static final String NAME = System.getenv("NAME"), BOOTSTRAP = System.getenv("BOOTSTRAP"),
                      TAG = UUID.randomUUID().toString().substring(0, 10);
  static final String IN = "clickstream-data-" + TAG, OUT = "clicks-per-user-" + TAG,
                      GROUP = "beam-" + TAG;
  static final long BASE = 1735475440000L, STEP = 100, WINDOW = 10_000;
  static final int N = 3000, USERS = 20, FROM = 900, TO = 2100;
  static final Map<String, Integer> seen = new ConcurrentHashMap<>();

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

  static Pipeline pipeline() {
    DirectOptions o = PipelineOptionsFactory
                          .fromArgs("--runner=DirectRunner", "--targetParallelism=2",
                              "--enforceImmutability=false", "--enforceEncodability=false")
                          .as(DirectOptions.class);
    o.setRunner(DirectRunner.class);
    return Pipeline.create(o);
  }
  static KafkaIO.Read<String, String> read() {
    return KafkaIO.<String, String>read()
        .withBootstrapServers(BOOTSTRAP)
        .withTopic(IN)
        .withKeyDeserializer(StringDeserializer.class)
        .withValueDeserializer(StringDeserializer.class);
  }

  static final class Label extends DoFn<KV<String, Long>, KV<String, String>> {
    @ProcessElement
    public void process(
        @Element KV<String, Long> e, BoundedWindow w, OutputReceiver<KV<String, String>> out) {
      out.output(KV.of(e.getKey(), ((IntervalWindow) w).start().getMillis() + " " + e.getValue()));
    }
  }
  static final class See extends DoFn<KafkaRecord<String, String>, Void> {
    @ProcessElement
    public void process(@Element KafkaRecord<String, String> r) {
      seen.merge(
          r.getPartition() + ":" + r.getOffset() + ":" + r.getKV().getValue(), 1, Integer::sum);
    }
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
    try (var admin = Admin.create(Map.of("bootstrap.servers", BOOTSTRAP))) {
      // the events' times are years old: without retention.ms=-1 the broker would rightly delete
      // them during the run
      var keep = Map.of("retention.ms", "-1");
      create(admin, new NewTopic(IN, 3, (short) -1).configs(keep),
          new NewTopic(OUT, 2, (short) -1).configs(keep));
      try (var p = new KafkaProducer<>(Map.<String, Object>of("bootstrap.servers", BOOTSTRAP,
                                           "linger.ms", 5, "compression.type", "gzip"),
               new StringSerializer(), new StringSerializer())) {
        var sent = new ArrayList<java.util.concurrent.Future<RecordMetadata>>();
        for (int i = 0; i < N; i++)
          sent.add(
              p.send(new ProducerRecord<>(IN, i % 3, BASE + i * STEP, user(i), user(i) + " " + i)));
        for (var f : sent) f.get();
      }
      Pipeline p = pipeline();
      p.apply(read()
                  .withConsumerConfigUpdates(
                      Map.of("auto.offset.reset", "earliest", "group.id", GROUP))
                  .commitOffsetsInFinalize()
                  .withCreateTime(org.joda.time.Duration.standardSeconds(2))
                  .withMaxNumRecords(N)
                  .withoutMetadata())
          .apply(Keys.create())
          .setCoder(StringUtf8Coder.of())
          .apply(Window.into(FixedWindows.of(org.joda.time.Duration.millis(WINDOW))))
          .apply(Count.perElement())
          .apply(ParDo.of(new Label()))
          .apply(KafkaIO.<String, String>write()
                  .withBootstrapServers(BOOTSTRAP)
                  .withTopic(OUT)
                  .withKeySerializer(StringSerializer.class)
                  .withValueSerializer(StringSerializer.class));
      equal(p.run().waitUntilFinish().toString(), "DONE", "pipeline state");

      var expected = new TreeMap<String, Long>();
      for (int i = 0; i < N; i++)
        expected.merge(
            user(i) + " " + Math.floorDiv(BASE + i * STEP, WINDOW) * WINDOW, 1L, Long::sum);
      var found = new TreeMap<String, Long>();
      long n = 0;
      try (var c = new KafkaConsumer<>(
               Map.<String, Object>of("bootstrap.servers", BOOTSTRAP, "auto.offset.reset",
                   "earliest", "enable.auto.commit", false),
               new StringDeserializer(), new StringDeserializer())) {
        var parts = List.of(new TopicPartition(OUT, 0), new TopicPartition(OUT, 1));
        c.assign(parts);
        c.seekToBeginning(parts);
        long total = c.endOffsets(parts).values().stream().mapToLong(x -> x).sum(),
             end = System.currentTimeMillis() + 15000;
        while (n < total && System.currentTimeMillis() < end)
          for (var r : c.poll(Duration.ofMillis(200))) {
            n++;
            String[] v = r.value().split(" ");
            found.merge(r.key() + " " + v[0], Long.parseLong(v[1]), Long::sum);
          }
      }
      equal(n, (long) expected.size(), "results written");
      equal(found, expected, "clicks per user and window");
      long committed = 0;
      for (int i = 0; i < 50 && committed < N;
          i++) { // the offsets are committed as the bundles are finalized
        if (i > 0)
          Thread.sleep(100);
        committed = admin.listConsumerGroupOffsets(GROUP)
                        .partitionsToOffsetAndMetadata()
                        .get()
                        .values()
                        .stream()
                        .filter(Objects::nonNull)
                        .mapToLong(o -> o.offset())
                        .sum();
      }
      equal(committed, (long) N, "offsets committed");

      // between two times: a bounded read by timestamps, as a splittable DoFn
      p = pipeline();
      p.apply(read()
                  .withStartReadTime(new Instant(BASE + FROM * STEP))
                  .withStopReadTime(new Instant(BASE + TO * STEP)))
          .apply(ParDo.of(new See()));
      equal(p.run().waitUntilFinish(org.joda.time.Duration.standardSeconds(60)).toString(), "DONE",
          "state of the read between two times");
      equal(seen.size(), TO - FROM, "records between two times");
      check(seen.values().stream().allMatch(x -> x == 1), "a record was read twice");
      equal(seen.keySet()
                .stream()
                .map(s -> Integer.parseInt(s.split(" ")[1]))
                .collect(Collectors.toCollection(TreeSet::new)),
          IntStream.range(FROM, TO).boxed().collect(Collectors.toCollection(TreeSet::new)),
          "events between two times");
      admin.deleteTopics(List.of(IN, OUT)).all().get();
      return N + " events in " + expected.size() + " windows exact through KafkaIO, " + committed
          + " offsets committed, " + seen.size() + " read between two times";
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
