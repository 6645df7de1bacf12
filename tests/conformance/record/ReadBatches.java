// Reads the batches that record_oracle wrote with the classes of Kafka's Java client, and prints
// the records it finds in the words of record_oracle: both must say the same.
//
//     java -cp "$KAFKA_LIBS/*" ReadBatches.java < batches

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.zip.CRC32C;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.RecordBatch;

public class ReadBatches {
    static String digest(byte[] bytes) {
        if (bytes == null) return "-";
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return bytes.length + ":" + Long.toHexString(crc.getValue());
    }

    static byte[] copy(ByteBuffer buffer) {
        if (buffer == null) return null;
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    static void print(String hex) {
        MemoryRecords records =
            MemoryRecords.readableRecords(ByteBuffer.wrap(HexFormat.of().parseHex(hex)));
        for (RecordBatch batch : records.batches()) {
            batch.ensureValid();
            System.out.printf("batch %d %d %s %d %d %d %d %s%n", batch.baseOffset(),
                batch.lastOffset(), batch.compressionType().name, batch.maxTimestamp(),
                batch.producerId(), batch.producerEpoch(), batch.baseSequence(),
                batch.isTransactional() ? "transactional" : "plain");
            for (Record record : batch) {
                record.ensureValid();
                StringBuilder line = new StringBuilder("record " + record.offset() + " "
                    + record.timestamp() + " " + digest(copy(record.key())) + " "
                    + digest(copy(record.value())));
                for (Header header : record.headers()) {
                    line.append(" ").append(header.key()).append("=").append(digest(header.value()));
                }
                System.out.println(line);
            }
        }
    }

    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String hex; (hex = in.readLine()) != null;) {
            print(hex);
        }
    }
}
