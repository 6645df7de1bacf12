import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/** Transactions: of producers of before KIP-890 and after, as brokers ask, and as admins see them. */
final class TransactionAnswers {
  private TransactionAnswers() {}

  static void add(Map<String, Answers.Scenario> scenarios) {
    scenarios.put("txn_init", TransactionAnswers::init);
    scenarios.put("txn_classic", TransactionAnswers::classic);
    scenarios.put("txn_verify", TransactionAnswers::verify);
    scenarios.put("txn_offsets", TransactionAnswers::offsets);
    scenarios.put("txn_implicit", TransactionAnswers::implicit);
    scenarios.put("txn_listed", TransactionAnswers::listed);
    scenarios.put("txn_markers", TransactionAnswers::markers);
  }

  /** A producer: its id on both sides, and the epoch that is the same. */
  private record Producer(String id, Answers.Both pid, int epoch) {}

  /** Waits until both coordinate the id. */
  private static String ready(Answers a, String tag) {
    String id = a.prefix + tag;
    a.ask("FindCoordinator", 4, 4, "{keyType:1,coordinatorKeys:['%s']}", id);
    a.ask("DescribeTransactions", 0, 0, "{transactionalIds:['%s']}", id);
    return id;
  }

  private static Producer begin(Answers a, String id) {
    JsonNode[] made = a.until(51, "InitProducerId", 4,
        "{transactionalId:'%s',transactionTimeoutMs:60000}", id);
    return new Producer(id, Answers.both(made, "/producerId"), made[0].at("/producerEpoch").asInt());
  }

  /** Waits until both have written the end of what was under way. */
  private static void settle(Answers a, String id) {
    for (long end = System.nanoTime() + 10_000_000_000L; System.nanoTime() < end;) {
      JsonNode[] seen =
          a.replies("DescribeTransactions", 0, "{transactionalIds:['%s']}", id);
      boolean done = true;
      for (JsonNode side : seen)
        done &= !side.at("/transactionStates/0/transactionState").asText().startsWith("Prepare");
      if (done)
        return;
    }
    throw new IllegalStateException("the transaction of " + id + " does not end");
  }

  private static void describe(Answers a, String id) {
    a.ask("DescribeTransactions", 0, 0, "{transactionalIds:['%s']}", id);
  }

  private static JsonNode[] partitions(
      Answers a, int version, Producer p, int epoch, String topic, int index) {
    return a.act("AddPartitionsToTxn", version,
        "{v3AndBelowTransactionalId:'%s',v3AndBelowProducerId:%s,v3AndBelowProducerEpoch:%s,"
            + "v3AndBelowTopics:[{name:'%s',partitions:[%s]}]}",
        p.id, p.pid, epoch, topic, index);
  }

  private static JsonNode[] end(Answers a, int version, Producer p, int epoch, boolean commit) {
    return a.act("EndTxn", version,
        "{transactionalId:'%s',producerId:%s,producerEpoch:%s,committed:%s}", p.id, p.pid, epoch,
        commit);
  }

  private static void send(
      Answers a, int version, Producer p, int epoch, int sequence, String topic, Object id,
      int partition) {
    Answers.Both records = new Answers.Both(Batches.transactional(p.pid.a(), epoch, sequence),
        Batches.transactional(p.pid.b(), epoch, sequence));
    a.act("Produce", version,
        "{transactionalId:'%s',acks:-1,timeoutMs:5000,topicData:[{name:'%s',topicId:'%s',"
            + "partitionData:[{index:%s,records:'%s'}]}]}",
        p.id, topic, id, partition, records);
  }

  private static void init(Answers a) {
    String id = ready(a, "init");
    for (int v = 0; v <= 5; v++) {
      a.act("InitProducerId", v, "{transactionalId:'',transactionTimeoutMs:1000}");
      for (String timeout : new String[] {"0", "-1", "900001"})
        a.act("InitProducerId", v, "{transactionalId:'%s',transactionTimeoutMs:%s}", id, timeout);
      a.act("InitProducerId", v, "{transactionalId:'%s',transactionTimeoutMs:60000}", id);
      a.act("InitProducerId", v, "{transactionalId:null,transactionTimeoutMs:1000}");
    }
    Producer p = begin(a, id);
    for (int v = 3; v <= 5; v++) {
      String again = "{transactionalId:'%s',transactionTimeoutMs:60000,producerId:%s,"
          + "producerEpoch:%s}";
      int epoch = p.epoch + v - 3;
      a.act("InitProducerId", v, again, id, p.pid, epoch);
      a.act("InitProducerId", v, again, id, p.pid, epoch);
      a.act("InitProducerId", v, again, id, p.pid, 0);
      a.act("InitProducerId", v, again, id, p.pid, 99);
      a.act("InitProducerId", v, again, id, -1, epoch);
      a.act("InitProducerId", v, again, id, p.pid, -1);
      a.act("InitProducerId", v, again, id, 987654321, epoch);
    }
    describe(a, id);
  }

  private static void classic(Answers a) {
    String id = ready(a, "classic"), t = a.topic("tc");
    a.create(t, 2);
    Producer p = begin(a, id);
    Producer nobody = new Producer(a.prefix + "nobody", p.pid, 0);
    Producer other = new Producer(id, new Answers.Both("987654321", "987654321"), p.epoch);
    for (int v = 0; v <= 3; v++) {
      partitions(a, v, nobody, 0, t, 0);
      partitions(a, v, other, p.epoch, t, 0);
      partitions(a, v, p, p.epoch + 1, t, 0);
      partitions(a, v, p, p.epoch, t, 7);
      partitions(a, v, p, p.epoch, a.prefix + "unknown", 0);
      partitions(a, v, p, p.epoch, t, 0);
      partitions(a, v, p, p.epoch, t, 0);
      describe(a, id);
    }
    for (int v = 0; v <= 4; v++) {
      end(a, v, nobody, 0, true);
      end(a, v, other, p.epoch, true);
      end(a, v, p, p.epoch + 1, true);
      end(a, v, p, p.epoch, v % 2 == 0);
      settle(a, id);
      end(a, v, p, p.epoch, v % 2 == 0);
      end(a, v, p, p.epoch, v % 2 != 0);
      describe(a, id);
      partitions(a, 3, p, p.epoch, t, v % 2);
    }
    Producer next = begin(a, id);
    end(a, 3, p, p.epoch, true);
    end(a, 4, p, p.epoch, true);
    end(a, 4, next, next.epoch, true);
    end(a, 4, next, next.epoch, false);
  }

  private static JsonNode[] batched(
      Answers a, int version, boolean verify, Producer p, int epoch, String topic, String indexes) {
    return a.act("AddPartitionsToTxn", version,
        "{transactions:[{transactionalId:'%s',producerId:%s,producerEpoch:%s,verifyOnly:%s,"
            + "topics:[{name:'%s',partitions:[%s]}]}]}",
        p.id, p.pid, epoch, verify, topic, indexes);
  }

  private static void verify(Answers a) {
    String id = ready(a, "verify"), t = a.topic("tv");
    a.create(t, 3);
    Producer p = begin(a, id);
    partitions(a, 3, p, p.epoch, t, 0);
    Producer nobody = new Producer(a.prefix + "nobody", p.pid, 0);
    for (int v = 4; v <= 5; v++) {
      a.act("AddPartitionsToTxn", v, "{transactions:[]}");
      batched(a, v, true, p, p.epoch, t, "0");
      batched(a, v, true, p, p.epoch, t, "0,2");
      batched(a, v, true, p, p.epoch + 1, t, "0");
      batched(a, v, true, nobody, 0, t, "0");
      batched(a, v, true, p, p.epoch, a.prefix + "unknown", "0");
      batched(a, v, false, p, p.epoch, t, "1");
      batched(a, v, true, p, p.epoch, t, "1");
      a.act("AddPartitionsToTxn", v,
          "{transactions:[{transactionalId:'%s',producerId:%s,producerEpoch:%s,verifyOnly:true,"
              + "topics:[{name:'%s',partitions:[0,1]}]},{transactionalId:'%s',producerId:%s,"
              + "producerEpoch:0,verifyOnly:true,topics:[{name:'%s',partitions:[0]}]}]}",
          id, p.pid, p.epoch, t, a.prefix + "nobody", p.pid, t);
      describe(a, id);
    }
    Answers.Both topic = new Answers.Both("AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAA");
    send(a, 11, p, p.epoch, 0, t, topic, 0);
    send(a, 11, p, p.epoch, 0, t, topic, 2);
    send(a, 10, p, p.epoch, 0, t, topic, 2);
    a.ask("DescribeProducers", 0, 0, "{topics:[{name:'%s',partitionIndexes:[0,1,2,9]}]}", t);
    a.ask("DescribeProducers", 0, 0, "{topics:[{name:'%s',partitionIndexes:[0]}]}",
        a.prefix + "unknown");
    end(a, 4, p, p.epoch, true);
    settle(a, id);
    a.ask("DescribeProducers", 0, 0, "{topics:[{name:'%s',partitionIndexes:[0,1,2]}]}", t);
    batched(a, 5, true, p, p.epoch, t, "0");
    send(a, 11, p, p.epoch, 1, t, topic, 0);
  }

  private static void offsets(Answers a) {
    String id = ready(a, "offsets"), t = a.topic("to"), g = a.prefix + "txn-group";
    a.create(t, 1);
    a.ask("FindCoordinator", 4, 4, "{keyType:0,coordinatorKeys:['%s']}", g);
    a.ask("Heartbeat", 4, 4, "{groupId:'%s',generationId:1,memberId:'nobody'}", g);
    Producer p = begin(a, id);
    String commit = "{transactionalId:'%s',groupId:'%s',producerId:%s,producerEpoch:%s,"
        + "topics:[{name:'%s',partitions:[{partitionIndex:0,committedOffset:%s,"
        + "committedMetadata:''}]}]}";
    for (int v = 0; v <= 4; v++) {
      a.act("AddOffsetsToTxn", v,
          "{transactionalId:'%s',producerId:%s,producerEpoch:%s,groupId:'%s'}", id, p.pid,
          p.epoch + 1, g);
      a.act("TxnOffsetCommit", v, commit, id, g, p.pid, p.epoch, t, v);
      a.act("AddOffsetsToTxn", v,
          "{transactionalId:'%s',producerId:%s,producerEpoch:%s,groupId:'%s'}", id, p.pid,
          p.epoch, g);
      a.act("TxnOffsetCommit", v, commit, id, g, p.pid, p.epoch, t, v);
      a.act("TxnOffsetCommit", v, commit, id, g, p.pid, p.epoch, a.prefix + "unknown", v);
      a.act("TxnOffsetCommit", v, commit, id, g, p.pid, p.epoch + 1, t, v);
      a.ask("OffsetFetch", 7, 7,
          "{groupId:'%s',requireStable:true,topics:[{name:'%s',partitionIndexes:[0]}]}", g, t);
      a.ask("OffsetFetch", 7, 7, "{groupId:'%s',topics:[{name:'%s',partitionIndexes:[0]}]}", g, t);
      end(a, 4, p, p.epoch, v % 2 == 0);
      settle(a, id);
      a.ask("OffsetFetch", 7, 7,
          "{groupId:'%s',requireStable:true,topics:[{name:'%s',partitionIndexes:[0]}]}", g, t);
    }
    for (int v = 3; v <= 4; v++)
      a.act("TxnOffsetCommit", v,
          "{transactionalId:'%s',groupId:'%s',producerId:%s,producerEpoch:%s,generationId:3,"
              + "memberId:'m',topics:[{name:'%s',partitions:[{partitionIndex:0,"
              + "committedOffset:9,committedMetadata:''}]}]}",
          id, g, p.pid, p.epoch, t);
    a.act("TxnOffsetCommit", 5, commit, id, g, p.pid, p.epoch, t, 20);
    describe(a, id);
    end(a, 5, p, p.epoch, true);
    settle(a, id);
    a.ask("OffsetFetch", 7, 7,
        "{groupId:'%s',requireStable:true,topics:[{name:'%s',partitionIndexes:[0]}]}", g, t);
  }

  private static void implicit(Answers a) {
    String id = ready(a, "implicit"), t = a.topic("ti");
    Answers.Both topic = a.create(t, 2);
    Producer p = begin(a, id);
    int epoch = p.epoch;
    for (int round = 0; round < 4; round++) {
      send(a, 12 + round % 2, p, epoch, 0, t, topic, 0);
      send(a, 12 + round % 2, p, epoch, 0, t, topic, 1);
      send(a, 12 + round % 2, p, epoch, 1, t, topic, 0);
      describe(a, id);
      boolean commit = round % 2 == 0;
      JsonNode[] ended = end(a, 5, p, epoch, commit);
      settle(a, id);
      end(a, 5, p, epoch, commit);
      end(a, 5, p, epoch, !commit);
      send(a, 12, p, epoch, 2, t, topic, 0);
      epoch = ended[0].at("/producerEpoch").asInt();
      describe(a, id);
      a.ask("DescribeProducers", 0, 0, "{topics:[{name:'%s',partitionIndexes:[0,1]}]}", t);
    }
    end(a, 5, p, epoch + 7, true);
    JsonNode[] nothing = end(a, 5, p, epoch, false);
    settle(a, id);
    epoch = nothing[0].at("/producerEpoch").asInt();
    describe(a, id);
    Producer next = begin(a, id);
    send(a, 12, p, epoch, 0, t, topic, 0);
    send(a, 12, next, next.epoch, 0, t, topic, 0);
    begin(a, id);
    describe(a, id);
    OffsetAnswers.ends(a, t, 2);
  }

  private static void listed(Answers a) {
    String one = ready(a, "list-one"), two = ready(a, "list-two"), t = a.topic("tl");
    a.create(t, 1);
    Producer p = begin(a, one);
    begin(a, two);
    partitions(a, 3, p, p.epoch, t, 0);
    for (int v = 0; v <= 2; v++) {
      a.ask("ListTransactions", v, v, "{}");
      for (String state : new String[] {"Ongoing", "Empty", "CompleteCommit", "ongoing", "Nope"})
        a.ask("ListTransactions", v, v, "{stateFilters:['%s']}", state);
      a.ask("ListTransactions", v, v, "{stateFilters:['Ongoing','Nope','Empty']}");
      a.ask("ListTransactions", v, v, "{producerIdFilters:[%s]}", p.pid);
      a.ask("ListTransactions", v, v, "{producerIdFilters:[987654321]}");
      if (v >= 1) {
        a.ask("ListTransactions", v, v, "{durationFilter:1000000}");
        a.ask("ListTransactions", v, v, "{durationFilter:0}");
        a.ask("ListTransactions", v, v, "{durationFilter:-1}");
      }
      if (v >= 2) {
        for (String pattern : new String[] {".*list-o.*", ".*", "list", "", "a.*-list-two", "no"})
          a.ask("ListTransactions", v, v, "{transactionalIdPattern:'%s'}", pattern);
        a.ask("ListTransactions", v, v, "{transactionalIdPattern:'['}");
        a.ask("ListTransactions", v, v,
            "{transactionalIdPattern:'.*list.*',stateFilters:['Ongoing']}");
      }
    }
    a.ask("DescribeTransactions", 0, 0, "{transactionalIds:['%s','%s','%s','']}", one, two,
        a.prefix + "none");
    end(a, 4, p, p.epoch, false);
    settle(a, one);
    a.ask("ListTransactions", 2, 2, "{}");
  }

  private static void marker(
      Answers a, int version, Producer p, int epoch, int coordinator, String topic, String indexes) {
    a.act("WriteTxnMarkers", version,
        "{markers:[{producerId:%s,producerEpoch:%s,transactionResult:false,coordinatorEpoch:%s,"
            + "topics:[{name:'%s',partitionIndexes:[%s]}]}]}",
        p.pid, epoch, coordinator, topic, indexes);
  }

  private static void markers(Answers a) {
    String id = ready(a, "markers"), t = a.topic("tm");
    Answers.Both topic = a.create(t, 2);
    begin(a, id);
    Producer p = begin(a, id);
    for (int v = 1; v <= 2; v++) {
      partitions(a, 3, p, p.epoch, t, 0);
      send(a, 11, p, p.epoch, v - 1, t, topic, 0);
      a.act("WriteTxnMarkers", v, "{markers:[]}");
      marker(a, v, p, p.epoch, 0, a.prefix + "unknown", "0");
      marker(a, v, p, p.epoch, 0, t, "7");
      marker(a, v, p, p.epoch - 1, 0, t, "0");
      marker(a, v, p, p.epoch, 0, t, "0,1");
      a.ask("DescribeProducers", 0, 0, "{topics:[{name:'%s',partitionIndexes:[0,1]}]}", t);
      marker(a, v, p, p.epoch, -1, t, "0");
      marker(a, v, p, p.epoch, 0, t, "0");
      end(a, 4, p, p.epoch, false);
      settle(a, id);
      a.ask("DescribeProducers", 0, 0, "{topics:[{name:'%s',partitionIndexes:[0,1]}]}", t);
    }
    OffsetAnswers.ends(a, t, 2);
  }
}
