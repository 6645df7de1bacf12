// Prints the record batches of batches.txt: what they hold, and the bytes that Kafka's Java client
// (kafka-clients) makes of it with the classes that its producer, its brokers and its quorum use.
//
//     java -cp "$KAFKA_LIBS/*" GoldenBatches.java > batches.txt
//
// Lines: `batch name=...` with the traits, `record ts key value [header=value ...]` for each record
// and `bytes`. Byte strings are hexadecimal, `-` for null, `hex*n` for n times the same, `_` for
// none. The inputs are fixed, so the output changes only when the client does.

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.compress.GzipCompression;
import org.apache.kafka.common.compress.Lz4Compression;
import org.apache.kafka.common.compress.ZstdCompression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.message.KRaftVersionRecord;
import org.apache.kafka.common.message.LeaderChangeMessage;
import org.apache.kafka.common.message.SnapshotFooterRecord;
import org.apache.kafka.common.message.SnapshotHeaderRecord;
import org.apache.kafka.common.message.VotersRecord;
import org.apache.kafka.common.record.ControlRecordType;
import org.apache.kafka.common.record.EndTransactionMarker;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.MemoryRecordsBuilder;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.RecordBatch;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.utils.AppInfoParser;

public class GoldenBatches {
    static final long T = 1_700_000_000_000L;

    static class Shape {
        String name;
        String codec = "none";
        Compression compression = Compression.NONE;
        long offset = 0;
        int epoch = RecordBatch.NO_PARTITION_LEADER_EPOCH;
        long appendTime = RecordBatch.NO_TIMESTAMP;
        long producer = RecordBatch.NO_PRODUCER_ID;
        short producerEpoch = RecordBatch.NO_PRODUCER_EPOCH;
        int sequence = RecordBatch.NO_SEQUENCE;
        boolean transactional = false;

        Shape(String name) {
            this.name = name;
        }
    }

    record Item(long timestamp, String key, String value, String... headers) {}

    static byte[] bytes(String text) {
        if (text.equals("-")) return null;
        if (text.equals("_")) return new byte[0];
        int star = text.indexOf('*');
        String hex = star < 0 ? text : text.substring(0, star);
        int times = star < 0 ? 1 : Integer.parseInt(text.substring(star + 1));
        return HexFormat.of().parseHex(hex.repeat(times));
    }

    static void print(ByteBuffer buffer) {
        byte[] all = new byte[buffer.remaining()];
        buffer.duplicate().get(all);
        System.out.println("bytes " + HexFormat.of().formatHex(all));
    }

    static void head(Shape s, boolean control) {
        System.out.println();
        System.out.printf("batch name=%s codec=%s offset=%d epoch=%d append_time=%d producer=%d "
                + "producer_epoch=%d sequence=%d transactional=%d control=%d%n", s.name, s.codec,
                s.offset, s.epoch, s.appendTime, s.producer, s.producerEpoch, s.sequence,
                s.transactional ? 1 : 0, control ? 1 : 0);
    }

    static void batch(Shape s, List<Item> items) {
        head(s, false);
        boolean stamped = s.appendTime != RecordBatch.NO_TIMESTAMP;
        MemoryRecordsBuilder builder = MemoryRecords.builder(ByteBuffer.allocate(1 << 20),
            RecordBatch.CURRENT_MAGIC_VALUE, s.compression,
            stamped ? TimestampType.LOG_APPEND_TIME : TimestampType.CREATE_TIME, s.offset,
            s.appendTime, s.producer, s.producerEpoch, s.sequence, s.transactional, s.epoch);
        for (Item item : items) {
            StringBuilder line = new StringBuilder("record " + item.timestamp + " " + item.key + " "
                + item.value);
            Header[] headers = new Header[item.headers.length];
            for (int i = 0; i < headers.length; i++) {
                String[] parts = item.headers[i].split("=");
                headers[i] = new RecordHeader(new String(bytes(parts[0])), bytes(parts[1]));
                line.append(" ").append(item.headers[i]);
            }
            System.out.println(line);
            builder.append(item.timestamp, bytes(item.key), bytes(item.value), headers);
        }
        print(builder.build().buffer());
    }

    // The records of a batch that the client made whole.
    static void control(String name, long producer, short producerEpoch, boolean transactional,
                        MemoryRecords records) {
        RecordBatch batch = records.batches().iterator().next();
        Shape s = new Shape(name);
        s.offset = batch.baseOffset();
        s.epoch = batch.partitionLeaderEpoch();
        s.producer = producer;
        s.producerEpoch = producerEpoch;
        s.transactional = transactional;
        head(s, true);
        for (Record record : batch) {
            byte[] key = new byte[record.keySize()];
            byte[] value = new byte[record.valueSize()];
            record.key().get(key);
            record.value().get(value);
            System.out.println("record " + record.timestamp() + " " + HexFormat.of().formatHex(key)
                + " " + HexFormat.of().formatHex(value));
        }
        print(records.buffer());
    }

    static List<Item> small() {
        return List.of(new Item(T, "6b31", "7631"), new Item(T + 5, "-", "7632"),
                       new Item(T - 1000, "6b33", "-"), new Item(T + 70000, "_", "_"));
    }

    // Text that compresses, beyond several blocks of every codec.
    static List<Item> large() {
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            items.add(new Item(T + i * 250L, "-", HexFormat.of().formatHex(
                ("line " + i * 7919 + " of the log ").getBytes()) + "*" + (50 + i * 2)));
        }
        return items;
    }

    static void plain() {
        batch(new Shape("one"), List.of(new Item(T, "-", "68656c6c6f")));
        batch(new Shape("nulls_and_empties"), small());
        batch(new Shape("no_timestamp"), List.of(new Item(-1, "61", "62"), new Item(-1, "63", "64")));
        batch(new Shape("timestamps_far_apart"), List.of(new Item(0, "61", "62"),
            new Item(Long.MAX_VALUE, "63", "64"), new Item(1, "65", "66")));
        batch(new Shape("headers"), List.of(
            new Item(T, "6b", "76", "61=31", "62=-", "_=_", "636465=78*200"), new Item(T, "-", "-"),
            new Item(T + 1, "-", "-", "61=31", "61=32")));
        Shape later = new Shape("later_offset_and_epoch");
        later.offset = 1234567890123L;
        later.epoch = 42;
        batch(later, small());
        Shape stamped = new Shape("log_append_time");
        stamped.appendTime = T + 12345;
        batch(stamped, small());
        Shape idempotent = new Shape("idempotent");
        idempotent.producer = 4000000000L;
        idempotent.producerEpoch = 3;
        idempotent.sequence = Integer.MAX_VALUE - 1;
        batch(idempotent, small());
        Shape transactional = new Shape("transactional");
        transactional.producer = 7;
        transactional.producerEpoch = Short.MAX_VALUE;
        transactional.sequence = 0;
        transactional.transactional = true;
        batch(transactional, small());
        batch(new Shape("long_value"), List.of(new Item(T, "6b*100", "7a*3000")));
        List<Item> many = new ArrayList<>();
        for (int i = 0; i < 200; i++) many.add(new Item(T + i * 40L, "-", "_"));
        batch(new Shape("many"), many);
    }

    static void compressed() {
        Object[][] codecs = {
            {"gzip", Compression.gzip().build()},
            {"gzip", new GzipCompression.Builder().level(9).build()},
            {"snappy", Compression.snappy().build()},
            {"lz4", Compression.lz4().build()},
            {"lz4", new Lz4Compression.Builder().level(17).build()},
            {"zstd", Compression.zstd().build()},
            {"zstd", new ZstdCompression.Builder().level(22).build()},
            {"zstd", new ZstdCompression.Builder().level(-7).build()},
        };
        for (int i = 0; i < codecs.length; i++) {
            for (boolean big : new boolean[] {false, true}) {
                Shape s = new Shape((String) codecs[i][0] + "_" + i + (big ? "_large" : "_small"));
                s.codec = (String) codecs[i][0];
                s.compression = (Compression) codecs[i][1];
                batch(s, big ? large() : small());
            }
        }
    }

    static void controls() {
        control("abort_marker", 7, (short) 2, true, MemoryRecords.withEndTransactionMarker(10, T, 5,
            7, (short) 2, new EndTransactionMarker(ControlRecordType.ABORT, 3)));
        control("commit_marker", 1L << 40, (short) 0, true, MemoryRecords.withEndTransactionMarker(
            0, T, 0, 1L << 40, (short) 0, new EndTransactionMarker(ControlRecordType.COMMIT, 0)));
        ByteBuffer b = ByteBuffer.allocate(4096);
        LeaderChangeMessage leader = new LeaderChangeMessage().setLeaderId(2).setVoters(List.of(
            new LeaderChangeMessage.Voter().setVoterId(1), new LeaderChangeMessage.Voter().setVoterId(2)))
            .setGrantingVoters(List.of(new LeaderChangeMessage.Voter().setVoterId(2)));
        control("leader_change", -1, (short) -1, false,
            MemoryRecords.withLeaderChangeMessage(100, T, 9, b, leader));
        b = ByteBuffer.allocate(4096);
        control("snapshot_header", -1, (short) -1, false, MemoryRecords.withSnapshotHeaderRecord(0, T,
            9, b, new SnapshotHeaderRecord().setLastContainedLogTimestamp(T - 5)));
        b = ByteBuffer.allocate(4096);
        control("snapshot_footer", -1, (short) -1, false,
            MemoryRecords.withSnapshotFooterRecord(3, T, 9, b, new SnapshotFooterRecord()));
        b = ByteBuffer.allocate(4096);
        control("kraft_version", -1, (short) -1, false, MemoryRecords.withKRaftVersionRecord(0, T, 9,
            b, new KRaftVersionRecord().setKRaftVersion((short) 1)));
        b = ByteBuffer.allocate(4096);
        VotersRecord.EndpointCollection endpoints = new VotersRecord.EndpointCollection();
        endpoints.add(new VotersRecord.Endpoint().setName("CONTROLLER").setHost("node-1").setPort(9093));
        control("kraft_voters", -1, (short) -1, false, MemoryRecords.withVotersRecord(1, T, 9, b,
            new VotersRecord().setVoters(List.of(new VotersRecord.Voter().setVoterId(1)
                .setVoterDirectoryId(new Uuid(0x1122334455667788L, 0x99aabbccddeeff00L))
                .setEndpoints(endpoints).setKRaftVersionFeature(new VotersRecord.KRaftVersionFeature()
                    .setMinSupportedVersion((short) 0).setMaxSupportedVersion((short) 1))))));
    }

    public static void main(String[] args) {
        System.out.println("# Record batches made by kafka-clients " + AppInfoParser.getVersion()
            + ", printed by GoldenBatches.java beside this file, which describes the lines.");
        plain();
        compressed();
        controls();
    }
}
