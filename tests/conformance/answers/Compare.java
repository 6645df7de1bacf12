import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Makes replies of two brokers comparable, and tells where they differ. */
final class Compare {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final Set<String> IGNORED = Set.of("throttleTimeMs");
  /** Set or not set is compared, the text is each broker's own. */
  private static final Set<String> TEXTS =
      Set.of("errorMessage", "documentation", "batchIndexErrorMessage");
  private static final Set<String> ADDRESSES = Set.of("host", "port", "rack");
  private static final Set<String> BYTES = Set.of("totalBytes", "usableBytes");
  private static final Set<String> POSITIVE = Set.of("sessionId", "logAppendTimeMs",
      "transactionStartTimeMs", "lastTimestamp");
  private static final Set<String> NOT_NEGATIVE = Set.of("producerId", "finalizedFeaturesEpoch");
  /** Settings whose values are each broker's own. */
  private static final Set<String> OWN_SETTINGS =
      Set.of("listeners", "advertised.listeners", "log.dirs", "log.dir", "metadata.log.dir",
          "controller.quorum.voters", "controller.quorum.bootstrap.servers");
  /** What a broker appends to the name of a client to make the id of a member. */
  private static final String MADE_ID =
      "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
  /** The id of a member that a consumer group makes. */
  private static final String MADE_UUID = "[-_A-Za-z0-9]{22}";
  private static final String ZERO_ID = "AAAAAAAAAAAAAAAAAAAAAA";
  private static final String[] KEYS = {"name", "topicName", "topic", "key", "apiKey",
      "partitionIndex", "partition", "partitionId", "resourceName", "brokerId", "nodeId", "logDir",
      "groupId", "memberId", "transactionalId"};

  record Difference(String path, String a, String b) {}

  private Compare() {}

  /** Values that no two brokers share become placeholders; arrays of structs are put in order. */
  static JsonNode normal(JsonNode node) {
    if (node.isArray()) {
      List<JsonNode> items = new ArrayList<>();
      node.forEach(item -> items.add(normal(item)));
      if (items.stream().allMatch(JsonNode::isObject))
        items.sort(Comparator.comparing(i -> label(i) + i));
      ArrayNode out = NODES.arrayNode();
      items.forEach(out::add);
      return out;
    }
    if (!node.isObject())
      return node;
    ObjectNode out = NODES.objectNode();
    for (Iterator<Map.Entry<String, JsonNode>> i = node.fields(); i.hasNext();) {
      Map.Entry<String, JsonNode> e = i.next();
      if (!IGNORED.contains(e.getKey()))
        out.set(e.getKey(), normalField(e.getKey(), e.getValue()));
    }
    if (OWN_SETTINGS.contains(out.path("name").asText()) && out.has("value"))
      out.put("value", "<own>");
    return out;
  }

  private static JsonNode normalField(String name, JsonNode value) {
    if (name.equals("topicId"))
      return value.asText().equals(ZERO_ID) ? value : NODES.textNode("<id>");
    if (name.equals("clusterId") && !value.isNull())
      return NODES.textNode("<cluster>");
    if (name.equals("logDir"))
      return NODES.textNode("<directory>");
    if (TEXTS.contains(name) && !value.isNull())
      return NODES.textNode(value.asText().isEmpty() ? "" : "<text>");
    if (ADDRESSES.contains(name) && !value.isNull())
      return NODES.textNode("<address>");
    if (BYTES.contains(name) && value.asLong() > 0)
      return NODES.textNode("<bytes>");
    if (POSITIVE.contains(name) && value.asLong() > 0)
      return NODES.textNode("<positive>");
    if (NOT_NEGATIVE.contains(name) && value.asLong() >= 0)
      return NODES.textNode("<number>");
    if (name.equals("memberId") && value.asText().matches(MADE_UUID))
      return NODES.textNode("<made>");
    if (value.isTextual())
      return NODES.textNode(value.asText().replaceAll(MADE_ID, "<made>"));
    return normal(value);
  }

  /** The differences of two normal replies, each with the path to it. */
  static List<Difference> differences(JsonNode a, JsonNode b) {
    List<Difference> out = new ArrayList<>();
    walk("", a, b, out);
    return out;
  }

  private static void walk(String path, JsonNode a, JsonNode b, List<Difference> out) {
    if (a.equals(b))
      return;
    if (a.isObject() && b.isObject()) {
      TreeMap<String, JsonNode[]> fields = new TreeMap<>();
      a.fields().forEachRemaining(e -> at(fields, e.getKey())[0] = e.getValue());
      b.fields().forEachRemaining(e -> at(fields, e.getKey())[1] = e.getValue());
      fields.forEach((name, v) -> either(path.isEmpty() ? name : path + "." + name, v, out));
    } else if (a.isArray() && b.isArray()) {
      TreeMap<String, JsonNode[]> items = new TreeMap<>();
      number(a, items, 0);
      number(b, items, 1);
      items.forEach((name, v) -> either(path + "[" + name + "]", v, out));
    } else {
      out.add(new Difference(path, a.toString(), b.toString()));
    }
  }

  private static void either(String path, JsonNode[] v, List<Difference> out) {
    if (v[0] != null && v[1] != null)
      walk(path, v[0], v[1], out);
    else
      out.add(new Difference(path, v[0] == null ? "absent" : v[0].toString(),
          v[1] == null ? "absent" : v[1].toString()));
  }

  private static JsonNode[] at(Map<String, JsonNode[]> map, String key) {
    return map.computeIfAbsent(key, k -> new JsonNode[2]);
  }

  /** Items are matched by their key field, and by their number where keys repeat or are missing. */
  private static void number(JsonNode array, Map<String, JsonNode[]> items, int side) {
    for (JsonNode item : array) {
      String key = label(item);
      for (int n = 2; items.containsKey(key) && items.get(key)[side] != null; n++)
        key = label(item) + "#" + n;
      at(items, key)[side] = item;
    }
  }

  private static String label(JsonNode item) {
    if (!item.isObject())
      return item.asText();
    for (String k : KEYS)
      if (item.hasNonNull(k))
        return item.get(k).asText();
    return "";
  }
}
