import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.common.message.ApiMessageType;

/**
 * Sends the same requests to two brokers and compares the answers.
 *
 * <p>Arguments: bootstrap of Apache Kafka, bootstrap of the broker under test, the table of meant
 * differences, then optionally names of scenarios. Both need node.id=1, fresh or not: topics have
 * names of their own. Exit status 1 on a difference that is not meant.
 */
public final class Answers {
  /** A value that each broker chose for itself: a topic id, a session id, a producer id. */
  record Both(String a, String b) {}

  interface Scenario {
    void run(Answers answers) throws Exception;
  }

  private static final int LINES_PER_REQUEST = 60;
  /** How long one scenario may wait in all for answers to become equal. */
  private static final long SETTLE_MS = 10_000;
  final String prefix = "a" + Long.toString(System.nanoTime() & 0xffffffffL, 36) + "-";
  private final Broker[] brokers;
  private final Gaps gaps;
  private final boolean verbose = System.getenv("VERBOSE") != null;
  private final Set<String> topics = new TreeSet<>();
  private Set<Short> handled;
  private long settleNanos;
  private int requests, equal, meant, differences;

  private Answers(String kafka, String ours, Gaps gaps) {
    brokers = new Broker[] {new Broker(kafka), new Broker(ours)};
    this.gaps = gaps;
  }

  public static void main(String[] args) throws Exception {
    Map<String, Scenario> scenarios = new LinkedHashMap<>();
    ClusterAnswers.add(scenarios);
    TopicAnswers.add(scenarios);
    ReplicaAnswers.add(scenarios);
    ConfigAnswers.add(scenarios);
    ProduceAnswers.add(scenarios);
    FetchAnswers.add(scenarios);
    OffsetAnswers.add(scenarios);
    GroupAnswers.add(scenarios);
    ConsumerGroupAnswers.add(scenarios);
    TransactionAnswers.add(scenarios);
    if (args.length < 3) {
      System.err.println("usage: Answers KAFKA OURS gaps.md [scenario...]\n" + scenarios.keySet());
      System.exit(2);
    }
    Answers answers = new Answers(args[0], args[1], new Gaps(Path.of(args[2])));
    Set<String> only = new TreeSet<>(List.of(args).subList(3, args.length));
    if (!scenarios.keySet().containsAll(only)) {
      System.err.println("there are only the scenarios " + scenarios.keySet());
      System.exit(2);
    }
    int broken = 0;
    for (Map.Entry<String, Scenario> s : scenarios.entrySet()) {
      if (!only.isEmpty() && !only.contains(s.getKey()))
        continue;
      answers.settleNanos = SETTLE_MS * 1_000_000;
      try {
        s.getValue().run(answers);
      } catch (RuntimeException e) {
        System.out.println("BROKEN " + s.getKey() + ": " + e);
        if (answers.verbose)
          e.printStackTrace(System.out);
        broken++;
      }
    }
    answers.removeTopics();
    if (only.isEmpty() && broken == 0)
      for (String gap : answers.gaps.unused()) System.out.println("note: gap not seen: " + gap);
    System.out.printf("%d requests, %d equal, %d with meant differences, %d with differences%s%n",
        answers.requests, answers.equal, answers.meant, answers.differences,
        broken > 0 ? ", " + broken + " scenarios broken off" : "");
    System.exit(answers.differences + broken > 0 ? 1 : 0);
  }

  // ---- what scenarios say ----

  /** A topic name of this run. */
  String topic(String tag) {
    topics.add(prefix + tag);
    return prefix + tag;
  }

  /** Creates a topic on both and waits until each partition answers; returns its two ids. */
  Both create(String topic, int partitions, String... configs) {
    StringBuilder settings = new StringBuilder();
    for (int i = 0; i < configs.length; i += 2)
      settings.append(i == 0 ? "" : ",")
          .append("{name:'" + configs[i] + "',value:'" + configs[i + 1] + "'}");
    String body = "{topics:[{name:'" + topic + "',numPartitions:" + partitions
        + ",replicationFactor:1,configs:[" + settings + "]}],timeoutMs:15000}";
    JsonNode[] made = replies("CreateTopics", 7, body);
    for (int side = 0; side < 2; side++)
      if (made[side].isTextual() || made[side].at("/topics/0/errorCode").asInt() != 0)
        throw new IllegalStateException(
            "creating " + topic + " on " + brokers[side].address + ": " + made[side]);
    for (int p = 0; p < partitions; p++) {
      String ask =
          "{topics:[{name:'" + topic + "',partitions:[{partitionIndex:" + p + ",timestamp:-1}]}]}";
      for (Broker b : brokers) answered(b, ask);
    }
    return both(made, "/topics/0/topicId");
  }

  private void answered(Broker b, String ask) {
    for (long end = System.nanoTime() + 10_000_000_000L; System.nanoTime() < end;) {
      JsonNode reply = b.ask(ApiMessageType.LIST_OFFSETS, (short) 4, Messages.parse(ask));
      if (reply.at("/topics/0/partitions/0/errorCode").asInt(-1) == 0)
        return;
    }
    throw new IllegalStateException(b.address + " does not lead after 10 s: " + ask);
  }

  /** A request that changes something: sent once to each. Returns the replies as they came. */
  JsonNode[] act(String api, int version, String body, Object... args) {
    return compared(type(api), version, body, args, false);
  }

  /** A request that only reads, in each version: sent again while the answers differ. */
  void ask(String api, int from, int to, String body, Object... args) {
    for (int v = from; v <= to; v++) compared(type(api), v, body, args, true);
  }

  /** A request that changes nothing that matters, once in each version. */
  void each(String api, int from, int to, String body, Object... args) {
    for (int v = from; v <= to; v++) act(api, v, body, args);
  }

  /** The replies alone, not compared and not counted. */
  JsonNode[] replies(String api, int version, String body, Object... args) {
    ApiMessageType type = type(api);
    JsonNode[] out = new JsonNode[2];
    for (int side = 0; side < 2; side++) out[side] = send(type, version, body, args, side);
    return out;
  }

  /** Sent to each until it no longer answers with this error; the last replies are compared. */
  JsonNode[] until(int notError, String api, int version, String body, Object... args) {
    ApiMessageType type = type(api);
    JsonNode[] out = new JsonNode[2];
    for (int side = 0; side < 2; side++) {
      long end = System.nanoTime() + SETTLE_MS * 1_000_000;
      do {
        out[side] = send(type, version, body, args, side);
      } while (out[side].path("errorCode").asInt() == notError && System.nanoTime() < end);
    }
    requests++;
    report(api + " v" + version + " " + shown(body, args),
        Compare.differences(comparable(type, out[0]), comparable(type, out[1])));
    return out;
  }

  static Both both(JsonNode[] replies, String pointer) {
    return new Both(replies[0].at(pointer).asText(), replies[1].at(pointer).asText());
  }

  // ---- how they are compared ----

  private static ApiMessageType type(String api) {
    for (ApiMessageType t : ApiMessageType.values())
      if (t.name.equals(api))
        return t;
    throw new IllegalArgumentException("no API " + api);
  }

  private JsonNode send(ApiMessageType api, int version, String body, Object[] args, int side) {
    Object[] mine = new Object[args.length];
    for (int i = 0; i < args.length; i++)
      mine[i] = args[i] instanceof Both b ? (side == 0 ? b.a() : b.b()) : args[i];
    String text = args.length == 0 ? body : String.format(body, mine);
    return brokers[side].ask(api, (short) version, Messages.parse(text));
  }

  private JsonNode[] compared(
      ApiMessageType api, int version, String body, Object[] args, boolean again) {
    requests++;
    JsonNode[] replies;
    List<Compare.Difference> found;
    String what = api.name + " v" + version + " " + shown(body, args);
    long start = System.nanoTime();
    do {
      replies =
          new JsonNode[] {send(api, version, body, args, 0), send(api, version, body, args, 1)};
      found = Compare.differences(comparable(api, replies[0]), comparable(api, replies[1]));
      if (found.stream().allMatch(d -> gaps.meant(what, d)))
        break;
    } while (again && System.nanoTime() - start < settleNanos);
    if (again)
      settleNanos -= Math.min(settleNanos, System.nanoTime() - start);
    report(what, found);
    if (verbose)
      System.out.println("  " + Compare.normal(replies[0]));
    return replies;
  }

  private JsonNode comparable(ApiMessageType api, JsonNode reply) {
    JsonNode out = Compare.normal(reply);
    if (api == ApiMessageType.API_VERSIONS && out.isObject())
      return onlyHandled((ObjectNode) out);
    if (api == ApiMessageType.METADATA || api == ApiMessageType.DESCRIBE_TOPIC_PARTITIONS)
      keepMine(out, "topics", "name");
    if (api == ApiMessageType.DESCRIBE_LOG_DIRS)
      for (JsonNode r : out.path("results")) keepMine(r, "topics", "name");
    if (api == ApiMessageType.LIST_TRANSACTIONS)
      keepMine(out, "transactionStates", "transactionalId");
    if (api == ApiMessageType.LIST_GROUPS)
      keepMine(out, "groups", "groupId");
    return out;
  }

  /** Topics of other runs and internal ones are not the scenario's business. */
  private void keepMine(JsonNode node, String field, String key) {
    if (!(node.get(field) instanceof ArrayNode))
      return;
    ArrayNode mine = Messages.JSON.createArrayNode();
    for (JsonNode t : node.get(field)) {
      JsonNode name = t.get(key);
      if (name == null || name.isNull() || name.asText().contains(prefix)
          || name.asText().length() < 5)
        mine.add(t);
    }
    ((ObjectNode) node).set(field, mine);
  }

  /** Ranges of the APIs that the broker under test handles; it must not advertise others. */
  private ObjectNode onlyHandled(ObjectNode reply) {
    if (handled == null) {
      handled = new TreeSet<>();
      JsonNode ours = brokers[1].ask(ApiMessageType.API_VERSIONS, (short) 0, Messages.parse("{}"));
      ours.path("apiKeys").forEach(k -> handled.add((short) k.get("apiKey").asInt()));
    }
    ArrayNode keys = Messages.JSON.createArrayNode();
    reply.path("apiKeys").forEach(k -> {
      if (handled.contains((short) k.get("apiKey").asInt()))
        keys.add(k);
    });
    reply.set("apiKeys", keys);
    return reply;
  }

  private void report(String what, List<Compare.Difference> found) {
    List<Compare.Difference> open = new ArrayList<>();
    for (Compare.Difference d : found)
      if (!gaps.meant(what, d))
        open.add(d);
    if (open.isEmpty()) {
      if (found.isEmpty())
        equal++;
      else
        meant++;
      if (verbose)
        System.out.println("ok " + cut(what));
      return;
    }
    differences++;
    System.out.println("DIFF " + cut(what));
    for (Compare.Difference d : open.subList(0, Math.min(open.size(), LINES_PER_REQUEST)))
      System.out.println("     " + (d.path().isEmpty() ? "reply" : d.path()) + ": Kafka "
          + cut(d.a()) + ", ours " + cut(d.b()));
    if (open.size() > LINES_PER_REQUEST)
      System.out.println("     ... and " + (open.size() - LINES_PER_REQUEST) + " more");
  }

  private static String cut(String s) {
    return s.length() <= 230 ? s : s.substring(0, 220) + "...(" + s.length() + ")";
  }

  private String shown(String body, Object[] args) {
    Object[] shown = args.clone();
    for (int i = 0; i < shown.length; i++)
      if (shown[i] instanceof Both b)
        shown[i] = "<" + (b.a().length() > 8 ? "id" : b.a()) + ">";
      else if (shown[i] instanceof String s && s.length() > 60)
        shown[i] = s.substring(0, 20) + "...";
    String text = args.length == 0 ? body : String.format(body, shown);
    return text.replace(prefix, "").replaceAll("\\s+", " ");
  }

  private void removeTopics() {
    for (String t : topics) {
      replies("DeleteTopics", 5, "{topicNames:['" + t + "'],timeoutMs:5000}");
    }
    for (Broker b : brokers) b.close();
  }
}
