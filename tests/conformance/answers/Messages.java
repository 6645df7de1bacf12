import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;

/** Requests from partial JSON, replies to JSON, with the codecs of the Java client. */
final class Messages {
  static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(JsonReadFeature.ALLOW_SINGLE_QUOTES, JsonReadFeature.ALLOW_UNQUOTED_FIELD_NAMES)
          .build();

  private Messages() {}

  static JsonNode parse(String text) {
    try {
      return JSON.readTree(text);
    } catch (Exception e) {
      throw new IllegalArgumentException("bad JSON in a scenario: " + text, e);
    }
  }

  /** The frame of a request; fields that the JSON leaves out have their defaults. */
  static ByteBuffer request(ApiMessageType api, short version, int correlation, JsonNode partial) {
    ApiMessage empty = api.newRequest();
    JsonNode full = fill(empty.getClass(), partial, clamp(version, empty));
    return frame(api, version, correlation, read(empty.getClass(), full, clamp(version, empty)));
  }

  private static short clamp(short version, Message m) {
    return (short) Math.min(version, m.highestSupportedVersion());
  }

  private static ByteBuffer frame(
      ApiMessageType api, short version, int correlation, Message body) {
    RequestHeaderData header = new RequestHeaderData()
                                   .setRequestApiKey(api.apiKey())
                                   .setRequestApiVersion(version)
                                   .setCorrelationId(correlation)
                                   .setClientId("answers");
    ByteBuffer head =
        MessageUtil.toByteBufferAccessor(header, api.requestHeaderVersion(version)).buffer();
    ByteBuffer rest = MessageUtil.toByteBufferAccessor(body, clamp(version, body)).buffer();
    ByteBuffer out = ByteBuffer.allocate(4 + head.remaining() + rest.remaining());
    out.putInt(head.remaining() + rest.remaining()).put(head).put(rest).flip();
    return out;
  }

  /** The reply as JSON, records included; `version` is the one the reply is encoded in. */
  static JsonNode reply(ApiMessageType api, short version, int correlation, ByteBuffer bytes) {
    ByteBufferAccessor in = new ByteBufferAccessor(bytes);
    ResponseHeaderData header = new ResponseHeaderData(in, api.responseHeaderVersion(version));
    if (header.correlationId() != correlation)
      throw new IllegalStateException("correlation id " + header.correlationId());
    ApiMessage body = api.newResponse();
    body.read(in, version);
    if (in.remaining() > 0)
      throw new IllegalStateException(in.remaining() + " bytes after the reply");
    return write(body, version);
  }

  /** A message's defaults with what `partial` says on top, down through its structs and arrays. */
  private static JsonNode fill(Class<?> type, JsonNode partial, short version) {
    ObjectNode out = (ObjectNode) write(create(type), version);
    for (Iterator<Map.Entry<String, JsonNode>> i = partial.fields(); i.hasNext();) {
      Map.Entry<String, JsonNode> field = i.next();
      Class<?> inner = elementType(type, field.getKey());
      JsonNode value = field.getValue();
      if (inner != null && value.isArray()) {
        ArrayNode items = JSON.createArrayNode();
        for (JsonNode item : value) items.add(item.isObject() ? fill(inner, item, version) : item);
        value = items;
      } else if (inner != null && value.isObject()) {
        value = fill(inner, value, version);
      }
      out.set(field.getKey(), value);
    }
    return out;
  }

  /** The struct inside a field, null for plain values. */
  private static Class<?> elementType(Class<?> type, String field) {
    Method getter;
    try {
      getter = type.getMethod(field);
    } catch (NoSuchMethodException e) {
      throw new IllegalArgumentException(type.getSimpleName() + " has no field " + field);
    }
    Class<?> plain = getter.getReturnType();
    if (Message.class.isAssignableFrom(plain))
      return plain;
    Object generic = getter.getGenericReturnType() instanceof ParameterizedType
        ? getter.getGenericReturnType()
        : plain.getGenericSuperclass();
    if (!(generic instanceof ParameterizedType))
      return null;
    Object item = ((ParameterizedType) generic).getActualTypeArguments()[0];
    return item instanceof Class && Message.class.isAssignableFrom((Class<?>) item)
        ? (Class<?>) item
        : null;
  }

  private static Message create(Class<?> type) {
    try {
      return (Message) type.getConstructor().newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Class<?> converter(Class<?> type) throws ClassNotFoundException {
    Class<?> outer = type.getDeclaringClass();
    String name = outer == null
        ? type.getName() + "JsonConverter"
        : outer.getName() + "JsonConverter$" + type.getSimpleName() + "JsonConverter";
    return Class.forName(name);
  }

  private static Message read(Class<?> type, JsonNode json, short version) {
    return (Message) call(
        type, "read", new Class<?>[] {JsonNode.class, short.class}, json, version);
  }

  private static JsonNode write(Message m, short version) {
    Class<?>[] types = {m.getClass(), short.class, boolean.class};
    return (JsonNode) call(m.getClass(), "write", types, m, version, true);
  }

  private static Object call(Class<?> type, String name, Class<?>[] types, Object... args) {
    try {
      return converter(type).getMethod(name, types).invoke(null, args);
    } catch (InvocationTargetException e) {
      throw new IllegalArgumentException(name + " " + type.getSimpleName() + ": "
              + e.getCause().getMessage() + " in " + Arrays.toString(args),
          e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
