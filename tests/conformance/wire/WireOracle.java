// Kafka's own codecs as the other side of the wire conformance test.
//
//   WireOracle write SEED COUNT < LIST > FILE   COUNT random messages of every version in LIST
//   WireOracle check < FILE                     decodes and encodes every message of FILE again
//   WireOracle json < BODIES                    lines "Name version hex" to lines of JSON
//
// LIST: lines "Name min max" (wire_oracle list). FILE: messages, each name, version, body, JSON:
// a length of 4 bytes before name, body and JSON, 2 bytes for the version. Messages are filled by
// reflection, along the schema that every generated class carries for each version.

import com.fasterxml.jackson.databind.JsonNode;
import java.io.*;
import java.lang.reflect.*;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.*;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.*;
import org.apache.kafka.common.protocol.Readable;
import org.apache.kafka.common.protocol.types.*;
import org.apache.kafka.common.protocol.types.Type;
import org.apache.kafka.common.record.MemoryRecords;

public final class WireOracle {
    private static final String[] PLACES = {
        "org.apache.kafka.common.message.%sData", "org.apache.kafka.common.message.%s",
        "org.apache.kafka.common.metadata.%s", "org.apache.kafka.coordinator.group.generated.%s",
        "org.apache.kafka.coordinator.transaction.generated.%s",
        "org.apache.kafka.coordinator.share.generated.%s", "org.apache.kafka.raft.generated.%s",
        "org.apache.kafka.server.log.remote.metadata.storage.generated.%s",
    };

    private static Class<?> messageClass(String name) {
        for (String place : PLACES) {
            try {
                return Class.forName(String.format(place, name));
            } catch (ClassNotFoundException e) {
                continue;
            }
        }
        throw new IllegalStateException("no class for " + name);
    }

    // --- random values ---

    private final SplittableRandom random;

    private WireOracle(long seed) {
        random = new SplittableRandom(seed);
    }

    private long number() {
        switch (random.nextInt(4)) {
            case 0:
                return random.nextInt(4) - 2;
            case 1:
                return random.nextInt(1000);
            default:
                return random.nextLong();
        }
    }

    private String text() {
        String[] pieces = {"a", "Topic", "-0.", "\n", "\"", "\\", "é", "漢字"};
        int length = random.nextInt(20) == 0 ? random.nextInt(200) : random.nextInt(8);
        StringBuilder text = new StringBuilder();
        while (text.length() < length) text.append(pieces[random.nextInt(pieces.length)]);
        return text.toString();
    }

    private byte[] bytes() {
        byte[] bytes = new byte[random.nextInt(20) == 0 ? random.nextInt(300) : random.nextInt(12)];
        for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) random.nextInt();
        return bytes;
    }

    private Object scalar(String type, Class<?> into) {
        switch (type.replace("COMPACT_", "").replace("NULLABLE_", "")) {
            case "BOOLEAN":
                return random.nextBoolean();
            case "INT8":
                return (byte) number();
            case "INT16":
                return (short) number();
            case "UINT16":
                return (int) number() & 0xffff;
            case "INT32":
                return (int) number();
            case "UINT32":
                return number() & 0xffffffffL;
            case "INT64":
                return number();
            case "FLOAT64":
                return number() / 1024.0;
            case "UUID":
                return random.nextInt(4) == 0 ? Uuid.ZERO_UUID
                                              : new Uuid(random.nextLong(), random.nextLong());
            case "STRING":
                return text();
            case "BYTES":
                return into == ByteBuffer.class ? ByteBuffer.wrap(bytes()) : bytes();
            case "RECORDS":
                return MemoryRecords.readableRecords(ByteBuffer.wrap(bytes()));
            default:
                throw new IllegalStateException("type " + type);
        }
    }

    // --- filling ---

    private static java.lang.reflect.Field member(Class<?> owner, String name) throws Exception {
        String wanted = name.replace("_", "").toLowerCase(Locale.ROOT);
        for (java.lang.reflect.Field field : owner.getDeclaredFields()) {
            if (!Modifier.isStatic(field.getModifiers())
                    && field.getName().toLowerCase(Locale.ROOT).equals(wanted)) {
                field.setAccessible(true);
                return field;
            }
        }
        throw new NoSuchFieldException(owner + " has no " + name);
    }

    private void fill(Object message, Schema schema) throws Exception {
        for (BoundField bound : schema.fields()) {
            if (bound.def.type instanceof TaggedFields) {
                for (org.apache.kafka.common.protocol.types.Field tagged :
                        ((TaggedFields) bound.def.type).fields().values()) {
                    if (random.nextBoolean()) fillField(message, tagged.name, tagged.type);
                }
            } else {
                fillField(message, bound.def.name, bound.def.type);
            }
        }
    }

    // Every records type calls itself nullable; only those of these two messages are.
    private static boolean mayBeNull(Object message, Type type) {
        boolean records = type == Type.RECORDS || type == Type.COMPACT_RECORDS;
        String outer = message.getClass().getName();
        return records ? outer.contains(".ProduceRequestData") || outer.contains(".FetchResponseData")
                       : type.isNullable();
    }

    private void fillField(Object message, String name, Type type) throws Exception {
        java.lang.reflect.Field member = member(message.getClass(), name);
        boolean absent = random.nextInt(4) == 0;
        if (type instanceof Schema) {
            // The schema does not say which structs may be null; their default does.
            boolean mayBeNull = member.get(message) == null;
            if (mayBeNull && absent) return;
            member.set(message, struct(member.getType(), (Schema) type));
        } else if (absent && mayBeNull(message, type)) {
            member.set(message, null);
        } else if (type.isArray()) {
            member.set(message, array(member, type.arrayElementType().get()));
        } else {
            member.set(message, scalar(((Type.DocumentedType) type).typeName(), member.getType()));
        }
    }

    private Object struct(Class<?> type, Schema schema) throws Exception {
        Object struct = type.getDeclaredConstructor().newInstance();
        fill(struct, schema);
        return struct;
    }

    @SuppressWarnings("unchecked")
    private Object array(java.lang.reflect.Field member, Type element) throws Exception {
        int count = random.nextInt(4);
        boolean isList = member.getType() == List.class;
        Collection<Object> collection = isList
            ? new ArrayList<>()
            : (Collection<Object>) member.getType().getDeclaredConstructor().newInstance();
        java.lang.reflect.Type generic =
            isList ? member.getGenericType() : member.getType().getGenericSuperclass();
        Class<?> inner = (Class<?>) ((ParameterizedType) generic).getActualTypeArguments()[0];
        for (int i = 0; i < count; i++) {
            collection.add(element instanceof Schema
                ? struct(inner, (Schema) element)
                : scalar(((Type.DocumentedType) element).typeName(), inner));
        }
        return collection;
    }

    // --- bytes ---

    private static byte[] encode(Message message, short version) {
        ByteBuffer buffer = MessageUtil.toByteBufferAccessor(message, version).buffer();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private static String json(Message message, short version) throws Exception {
        Class<?> converter = Class.forName(message.getClass().getName() + "JsonConverter");
        Method write =
            converter.getMethod("write", message.getClass(), short.class, boolean.class);
        return ((JsonNode) write.invoke(null, message, version, false)).toString();
    }

    private static void put(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static byte[] get(DataInputStream in) throws IOException {
        byte[] bytes = new byte[in.readInt()];
        in.readFully(bytes);
        return bytes;
    }

    private static void write(long seed, int count) throws Exception {
        BufferedReader list = new BufferedReader(new InputStreamReader(System.in));
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(System.out, 1 << 20));
        for (String line = list.readLine(); line != null; line = list.readLine()) {
            String[] words = line.split(" ");
            Class<?> type = messageClass(words[0]);
            Schema[] schemas = (Schema[]) type.getField("SCHEMAS").get(null);
            for (short v = Short.parseShort(words[1]); v <= Short.parseShort(words[2]); v++) {
                WireOracle oracle = new WireOracle(seed ^ words[0].hashCode() * 31L + v);
                for (int i = 0; i < count; i++) {
                    Message message = (Message) type.getDeclaredConstructor().newInstance();
                    oracle.fill(message, schemas[v]);
                    put(out, words[0].getBytes(StandardCharsets.UTF_8));
                    out.writeShort(v);
                    put(out, encode(message, v));
                    put(out, json(message, v).getBytes(StandardCharsets.UTF_8));
                }
            }
        }
        out.flush();
    }

    private static void check() throws Exception {
        DataInputStream in = new DataInputStream(new BufferedInputStream(System.in, 1 << 20));
        int messages = 0;
        int differences = 0;
        while (true) {
            String name;
            try {
                name = new String(get(in), StandardCharsets.UTF_8);
            } catch (EOFException e) {
                break;
            }
            short version = in.readShort();
            byte[] body = get(in);
            get(in);
            messages++;
            String wrong = null;
            try {
                ByteBufferAccessor readable = new ByteBufferAccessor(ByteBuffer.wrap(body));
                Message message = decode(name, version, readable);
                if (readable.remaining() > 0) wrong = readable.remaining() + " bytes left over";
                else if (!Arrays.equals(encode(message, version), body)) wrong = "other bytes";
            } catch (InvocationTargetException e) {
                wrong = e.getCause().toString();
            }
            if (wrong != null && ++differences <= 20) {
                System.out.println(name + " version " + version + ": " + wrong + " from "
                    + HexFormat.of().formatHex(body));
            }
        }
        System.out.printf("java: %d messages of ours decoded and encoded, %d differences%n",
            messages, differences);
        if (differences > 0 || messages == 0) System.exit(1);
    }

    private static Message decode(String name, short version, Readable body) throws Exception {
        return (Message) messageClass(name)
            .getDeclaredConstructor(Readable.class, short.class).newInstance(body, version);
    }

    private static void json() throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split(" ", -1);
            short version = Short.parseShort(words[1]);
            ByteBuffer body = ByteBuffer.wrap(HexFormat.of().parseHex(words[2]));
            System.out.println(
                json(decode(words[0], version, new ByteBufferAccessor(body)), version));
        }
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("write")) {
            write(Long.parseLong(arguments[1]), Integer.parseInt(arguments[2]));
        } else if (arguments[0].equals("json")) {
            json();
        } else {
            check();
        }
    }
}
