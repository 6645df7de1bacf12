import java.io.File;
import java.nio.file.Path;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.serialization.*;
import org.apache.kafka.streams.*;
import org.apache.kafka.streams.kstream.*;

/**
 * Kafka Streams' word count under exactly_once_v2. A child process counts and is killed outright in
 * the middle of it; another takes its place, restores the counts from their changelog and goes on.
 * Read with read_committed, every word's counts are 1, 2, 3... to the end, each once.
 */
public final class Main {
  static final String NAME = System.getenv("NAME"), BOOTSTRAP = System.getenv("BOOTSTRAP");
  static final String WORK = System.getenv("WORK");
  static final String[] WORDS =
      "all streams lead to kafka hello stream processing world".split(" ");
  static final int LINES = 3000, EACH = 3;

  static void check(boolean ok, String what) {
    if (!ok)
      throw new AssertionError(what);
  }
  static void until(String what, int seconds, BooleanSupplier done) throws Exception {
    for (long end = System.nanoTime() + seconds * 1_000_000_000L; System.nanoTime() < end;
        Thread.sleep(50))
      if (done.getAsBoolean())
        return;
    throw new AssertionError("waited " + seconds + " s for: " + what);
  }
  static String line(int i) {
    StringJoiner words = new StringJoiner(" ");
    for (int k = 0; k < EACH; k++) words.add(WORDS[(i * 5 + k * 7) % WORDS.length]);
    return words.toString();
  }

  /** The child: counts until it is killed, or told to end through its standard input. */
  static void count(String id, String in, String out, String state) throws Exception {
    StreamsBuilder builder = new StreamsBuilder();
    builder.stream(in, Consumed.with(Serdes.String(), Serdes.String()))
        .flatMapValues(text -> Arrays.asList(text.split(" ")))
        .groupBy((key, word) -> word, Grouped.with(Serdes.String(), Serdes.String()))
        .count(Materialized.as("counts"))
        .toStream()
        .to(out, Produced.with(Serdes.String(), Serdes.Long()));
    Properties p = new Properties();
    p.put("application.id", id);
    p.put("bootstrap.servers", BOOTSTRAP);
    p.put("processing.guarantee", "exactly_once_v2");
    p.put("state.dir", state);
    p.put("commit.interval.ms", 100);
    p.put("statestore.cache.max.bytes", 0); // so that every count is told
    p.put("num.stream.threads", 2);
    p.put("replication.factor", -1);
    p.put("consumer.session.timeout.ms", 6000);
    p.put("consumer.heartbeat.interval.ms", 500);
    p.put("consumer.auto.offset.reset", "earliest");
    p.put("consumer.max.poll.records", 100);
    p.put("producer.transaction.timeout.ms", 10000);
    KafkaStreams streams = new KafkaStreams(builder.build(), p);
    streams.setUncaughtExceptionHandler(e -> {
      e.printStackTrace();
      return org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler
          .StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    });
    streams.start();
    System.in.read();
    check(streams.close(Duration.ofSeconds(20)), "the streams did not close");
  }

  static Process child(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(
        List.of(ProcessHandle.current().info().command().get(), "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC", "-Xmx384m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp",
            System.getProperty("java.class.path"), "Main"));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(new File(WORK, "child.log")))
        .start();
  }

  static void produce(String topic, int from, int to) throws Exception {
    try (var p = new KafkaProducer<>(Map.<String, Object>of("bootstrap.servers", BOOTSTRAP),
             new StringSerializer(), new StringSerializer())) {
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      for (int i = from; i < to; i++)
        sent.add(p.send(new ProducerRecord<>(topic, i % 3, null, line(i))));
      for (var f : sent) f.get();
    }
  }

  /** Follows the results: the counts of each word in the order in which they come. */
  static final class Results implements AutoCloseable {
    final Map<String, List<Long>> counts = new TreeMap<>();
    final KafkaConsumer<String, Long> consumer;
    int records;
    Results(String topic) {
      consumer = new KafkaConsumer<>(
          Map.of("bootstrap.servers", BOOTSTRAP, "isolation.level", "read_committed"),
          new StringDeserializer(), new LongDeserializer());
      var partitions = List.of(new TopicPartition(topic, 0), new TopicPartition(topic, 1));
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
    }
    int poll() {
      for (var r : consumer.poll(Duration.ofMillis(50))) {
        counts.computeIfAbsent(r.key(), k -> new ArrayList<>()).add(r.value());
        records++;
      }
      return records;
    }
    public void close() {
      consumer.close();
    }
  }

  static long committed(Admin admin, String group, String topic) {
    try {
      return admin.listConsumerGroupOffsets(group)
          .partitionsToOffsetAndMetadata()
          .get()
          .entrySet()
          .stream()
          .filter(e -> e.getKey().topic().equals(topic))
          .mapToLong(e -> e.getValue().offset())
          .sum();
    } catch (Exception e) {
      throw new AssertionError("offsets of " + group, e);
    }
  }

  static String body() throws Exception {
    String run = Long.toString(System.nanoTime() & 0xffffffffL, 36);
    String in = "text-stream-" + run, out = "word-counts-" + run, id = "word-count-" + run;
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", BOOTSTRAP));
        Results results = openResults(admin, in, out)) {
      produce(in, 0, LINES);
      Process first = child(id, in, out, WORK + "/state");
      until("some counts", 60, () -> {
        check(first.isAlive(), "the first child ended");
        return results.poll() > LINES * EACH / 10;
      });
      first.destroyForcibly().waitFor();
      int atTheKill = results.poll();
      produce(in, LINES, 2 * LINES);
      Process second = child(id, in, out, WORK + "/state");
      int all = 2 * LINES * EACH;
      until("all counts", 75, () -> {
        check(second.isAlive(), "the second child ended");
        return results.poll() >= all;
      });
      until("all offsets", 20, () -> committed(admin, id, in) == 2 * LINES);
      second.getOutputStream().close();
      check(second.waitFor(30, TimeUnit.SECONDS), "the second child did not end");
      check(second.exitValue() == 0, "the second child ended with " + second.exitValue());
      results.poll();
      check(results.records == all, "counts: want " + all + ", got " + results.records);
      results.counts.forEach((word, counts) -> {
        for (int i = 0; i < counts.size(); i++)
          check(counts.get(i) == i + 1, word + ": count " + (i + 1) + " is " + counts.get(i));
      });
      delete(admin, run, id);
      return all + " words counted each once, killed after " + atTheKill + " counts";
    }
  }
  static Results openResults(Admin admin, String in, String out) throws Exception {
    admin.createTopics(List.of(new NewTopic(in, 3, (short) -1), new NewTopic(out, 2, (short) -1)))
        .all()
        .get();
    until("the topics", 20, () -> {
      try {
        return admin.describeTopics(List.of(in, out)).allTopicNames().get().size() == 2;
      } catch (Exception e) {
        return false;
      }
    });
    return new Results(out);
  }
  static void delete(Admin admin, String run, String group) throws Exception {
    // A member of Kafka Streams does not leave: its session must end first.
    until("the empty group", 20, () -> {
      try {
        admin.deleteConsumerGroups(List.of(group)).all().get();
        return true;
      } catch (Exception e) {
        return false;
      }
    });
    List<String> topics = new ArrayList<>();
    for (String topic : admin.listTopics().names().get())
      if (topic.contains(run))
        topics.add(topic);
    check(topics.size() == 4, "topics, with repartition and changelog: " + topics);
    admin.deleteTopics(topics).all().get();
  }

  public static void main(String[] args) throws Exception {
    if (args.length > 0) {
      count(args[0], args[1], args[2], args[3]);
      return;
    }
    int status = 1;
    try {
      System.out.println("\nPASS " + NAME + ": " + body());
      status = 0;
    } catch (Throwable t) {
      t.printStackTrace();
      System.out.println("\nFAIL " + NAME + ": " + String.valueOf(t).replace('\n', ' '));
    }
    System.out.flush();
    Runtime.getRuntime().halt(status);
  }
}
