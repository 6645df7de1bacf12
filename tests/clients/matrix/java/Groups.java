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

/** What needs consumer groups and transactions: S4 to S7, and steps of S8 and S12. */
final class Groups extends Matrix {
  /** A group member on its own thread that commits what it has consumed. */
  static class Member extends Thread implements ConsumerRebalanceListener {
    final Consumer<String, byte[]> c;
    final String topic;
    final Queue<ConsumerRecord<String, byte[]>> got = new ConcurrentLinkedQueue<>();
    final AtomicInteger assignments = new AtomicInteger(), revoked = new AtomicInteger();
    volatile Set<TopicPartition> owned = Set.of();
    volatile boolean stop;
    volatile Throwable error;
    Member(String group, String topic, Map<String, ?> extra) {
      Map<String, Object> conf = conf("group.id", group, "client.id", name("member"));
      conf.putAll(extra);
      if (!conf.containsKey("group.protocol")) {
        conf.putIfAbsent("session.timeout.ms", 10000);
        conf.putIfAbsent("heartbeat.interval.ms", 500);
      }
      c = consumer(conf);
      this.topic = topic;
      setDaemon(true);
      start();
    }
    public void onPartitionsAssigned(Collection<TopicPartition> ps) {
      assignments.incrementAndGet();
    }
    public void onPartitionsRevoked(Collection<TopicPartition> ps) {
      revoked.addAndGet(ps.size());
    }
    public void run() {
      try {
        c.subscribe(List.of(topic), this);
        while (!stop) {
          ConsumerRecords<String, byte[]> records = c.poll(Duration.ofMillis(50));
          records.forEach(got::add);
          owned = new HashSet<>(c.assignment());
          if (!records.isEmpty())
            c.commitSync();
        }
      } catch (Throwable e) {
        error = e;
      } finally {
        owned = Set.of();
        c.close();
      }
    }
    void leave() throws Exception {
      stop = true;
      join(15000);
      if (error != null)
        throw new AssertionError("member failed: " + error, error);
    }
  }

  static void awaitShares(String what, int each, Member... members) throws Exception {
    await(what, () -> {
      for (Member m : members) {
        check(m.error == null, "member failed: " + m.error);
        if (m.owned.size() != each)
          return false;
      }
      return Arrays.stream(members).flatMap(m -> m.owned.stream()).distinct().count()
          == (long) each * members.length;
    });
  }

  static int consumed(Member... members) {
    return Arrays.stream(members).mapToInt(m -> m.got.size()).sum();
  }

  static String group(Map<String, ?> conf) throws Exception {
    String topic = create("group", 6), group = name("group");
    try (Producer<String, byte[]> p = producer()) {
      Member a = new Member(group, topic, conf);
      awaitShares("one member owns 6", 6, a);
      Member b = new Member(group, topic, conf), c = new Member(group, topic, conf);
      awaitShares("three members own 2 each", 2, a, b, c);
      send(p, topic, 0, 3000);
      await("3000 consumed", () -> consumed(a, b, c) >= 3000);
      check(!a.got.isEmpty() && !b.got.isEmpty() && !c.got.isEmpty(), "every member consumes");
      c.leave();
      awaitShares("two members own 3 each", 3, a, b);
      send(p, topic, 3000, 4000);
      await("4000 consumed", () -> consumed(a, b, c) >= 4000);
      a.leave();
      b.leave();
      List<ConsumerRecord<String, byte[]>> first = new ArrayList<>(a.got);
      first.addAll(b.got);
      first.addAll(c.got);
      equal(4000, values(first).size(), "distinct records");
      equal(4000, first.size(), "records");
      send(p, topic, 4000, 4600);
      Member d = new Member(group, topic, conf);
      await("600 after restart", () -> d.got.size() >= 600);
      Thread.sleep(300);
      d.leave();
      equal(IntStream.range(4000, 4600).mapToObj(i -> "v" + i).collect(Collectors.toSet()),
          values(d.got), "records after restart");
      equal(600, d.got.size(), "records after restart");
    }
    return "1, 3, 2 members, 4600 records";
  }

  static String stickyAndStatic() throws Exception {
    String topic = create("s5", 6), group = name("sticky");
    Map<String, Object> sticky = Map.of("partition.assignment.strategy",
        "org.apache.kafka.clients.consumer.CooperativeStickyAssignor");
    Member a = new Member(group, topic, sticky);
    awaitShares("one member owns 6", 6, a);
    Member b = new Member(group, topic, sticky);
    awaitShares("two members own 3 each", 3, a, b);
    equal(3, a.revoked.get(), "partitions revoked from the first member");
    a.leave();
    b.leave();

    String fixed = name("static");
    Map<String, Object> one = Map.of("group.instance.id", "one", "session.timeout.ms", 30000),
                        two = Map.of("group.instance.id", "two", "session.timeout.ms", 30000);
    Member c = new Member(fixed, topic, one), d = new Member(fixed, topic, two);
    awaitShares("static members own 3 each", 3, c, d);
    Set<TopicPartition> before = d.owned;
    int rebalances = c.assignments.get();
    d.leave();
    Member e = new Member(fixed, topic, two);
    awaitShares("the static member is back", 3, c, e);
    equal(before, e.owned, "assignment of the returned member");
    Thread.sleep(1500);
    equal(rebalances, c.assignments.get(), "rebalances seen by the member that stayed");
    Member f = new Member(fixed, topic, two);
    await("the older instance is fenced", () -> e.error != null || f.error != null);
    Throwable fenced = e.error != null ? e.error : f.error;
    check(fenced instanceof FencedInstanceIdException, "duplicate instance id: " + fenced);
    c.leave();
    e.stop = f.stop = true;
    e.join(15000);
    f.join(15000);
    return "3 of 6 revoked, static member back without rebalance, duplicate fenced";
  }

  static String newProtocol() throws Exception {
    if (!ConsumerConfig.configNames().contains("group.protocol"))
      throw new Skip("this version knows only the classic protocol");
    return group(Map.of("group.protocol", "consumer"));
  }

  static String transactions() throws Exception {
    String topic = create("s7", 2), id = name("tx");
    try (Producer<String, byte[]> p = producer("transactional.id", id)) {
      p.initTransactions();
      for (int round = 0; round < 3; round++) {
        p.beginTransaction();
        send(p, topic, round * 100, round * 100 + 100);
        if (round == 1)
          p.abortTransaction();
        else
          p.commitTransaction();
      }
      Set<String> committed = values(readAll(topic, 2, "isolation.level", "read_committed"));
      equal(200, committed.size(), "read_committed records");
      check(!committed.contains("v150"), "aborted record seen");
      equal(300, readAll(topic, 2).size(), "read_uncommitted records");
      p.beginTransaction();
      send(p, topic, 300, 310);
      equal(200, readAll(topic, 2, "isolation.level", "read_committed").size(),
          "records while a transaction is open");
      p.commitTransaction();
      equal(210, readAll(topic, 2, "isolation.level", "read_committed").size(),
          "records after commit");
    }
    String in = create("s7-in", 2), out = create("s7-out", 2), group = name("eos");
    try (Producer<String, byte[]> p = producer()) {
      send(p, in, 0, 500);
    }
    int rounds = 0;
    for (boolean restarted :
        new boolean[] {false, true}) // the first worker dies in the middle of a transaction
      try (Producer<String, byte[]> p = producer("transactional.id", id + "-eos");
          Consumer<String, byte[]> c = consumer(conf("group.id", group, "isolation.level",
              "read_committed", "max.poll.records", 40, "session.timeout.ms", 6000))) {
        p.initTransactions();
        c.subscribe(List.of(in));
        for (int quiet = 0; quiet < 5;) {
          ConsumerRecords<String, byte[]> records = c.poll(Duration.ofMillis(200));
          if (records.isEmpty()) {
            if (!c.assignment().isEmpty())
              quiet++;
            continue;
          }
          quiet = 0;
          p.beginTransaction();
          Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
          for (ConsumerRecord<String, byte[]> r : records) {
            p.send(new ProducerRecord<>(out, r.key(), r.value()));
            next.put(new TopicPartition(r.topic(), r.partition()),
                new OffsetAndMetadata(r.offset() + 1));
          }
          p.sendOffsetsToTransaction(next, c.groupMetadata());
          if (!restarted && ++rounds == 4) {
            p.abortTransaction();
            break;
          }
          p.commitTransaction();
        }
      }
    List<ConsumerRecord<String, byte[]>> got = readAll(out, 2, "isolation.level", "read_committed");
    equal(500, got.size(), "processed records");
    equal(500, values(got).size(), "distinct processed records");
    long committed = admin.listConsumerGroupOffsets(group)
                         .partitionsToOffsetAndMetadata()
                         .get()
                         .values()
                         .stream()
                         .mapToLong(OffsetAndMetadata::offset)
                         .sum();
    equal(500L, committed, "offsets committed in transactions");
    return "200+10 committed, 100 aborted, 500 exactly once";
  }

  static void groupCalls(String topic, TopicPartition tp, String group) throws Exception {
    try (Consumer<String, byte[]> c = consumer(conf("group.id", group))) {
      c.subscribe(List.of(topic));
      await("100 records", () -> {
        c.poll(Duration.ofMillis(100));
        return c.assignment().contains(tp) && c.position(tp) == 100;
      });
      ConsumerGroupDescription d =
          admin.describeConsumerGroups(List.of(group)).all().get().get(group);
      equal(1, d.members().size(), "members");
      equal(4, d.members().iterator().next().assignment().topicPartitions().size(),
          "assignment in description");
      c.commitSync(Map.of(tp, new OffsetAndMetadata(70, "note"), new TopicPartition(topic, 1),
          new OffsetAndMetadata(0)));
    }
    check(admin.listConsumerGroups().all().get().stream().anyMatch(g -> g.groupId().equals(group)),
        "listConsumerGroups");
    OffsetAndMetadata at =
        admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().get(tp);
    equal(70L, at.offset(), "committed");
    equal("note", at.metadata(), "commit metadata");
    admin.alterConsumerGroupOffsets(group, Map.of(tp, new OffsetAndMetadata(20))).all().get();
    equal(20L,
        admin.listConsumerGroupOffsets(group)
            .partitionsToOffsetAndMetadata()
            .get()
            .get(tp)
            .offset(),
        "altered offset");
    admin.deleteConsumerGroupOffsets(group, Set.of(tp)).all().get();
    check(
        admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().get(tp) == null,
        "deleted offset");
    admin.deleteConsumerGroups(List.of(group)).all().get();
    check(admin.listConsumerGroups().all().get().stream().noneMatch(g -> g.groupId().equals(group)),
        "deleted group");
  }

  static void groupErrors(String topic, String group) throws Exception {
    Member m = new Member(group, topic, Map.of());
    awaitShares("a member", 1, m);
    fails(GroupNotEmptyException.class, "group in use",
        () -> admin.deleteConsumerGroups(List.of(group)).all().get());
    fails(UnknownMemberIdException.class, "offsets of a group in use",
        ()
            -> admin
                .alterConsumerGroupOffsets(
                    group, Map.of(partitions(topic, 1).get(0), new OffsetAndMetadata(0)))
                .all()
                .get());
    m.leave();
  }

  static void transactionErrors(String topic) throws Exception {
    String id = name("fenced");
    try (Producer<String, byte[]> old = producer("transactional.id", id);
        Producer<String, byte[]> fresh = producer("transactional.id", id)) {
      old.initTransactions();
      old.beginTransaction();
      old.send(new ProducerRecord<>(topic, "k", new byte[1])).get();
      fresh.initTransactions();
      fails(ProducerFencedException.class, "fenced producer", () -> {
        old.commitTransaction();
        return null;
      });
      fresh.beginTransaction();
      fresh.commitTransaction();
    }
    Throwable timeout = failure(() -> {
      try (Producer<String, byte[]> p =
               producer("transactional.id", id, "transaction.timeout.ms", 100_000_000)) {
        p.initTransactions();
        return null;
      }
    });
    check(timeout instanceof KafkaException
            && timeout.getMessage().contains("transaction timeout is larger"),
        "transaction timeout too long: " + timeout);
  }
}
