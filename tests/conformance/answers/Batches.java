import java.nio.ByteBuffer;
import java.util.Base64;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.SimpleRecord;
import org.apache.kafka.common.utils.Crc32C;

/** Record batches in base64, as the JSON of a Produce request takes them. */
final class Batches {
  /** The present, so that retention and timestamp limits leave the records alone. */
  static final long NOW = System.currentTimeMillis();
  private static final int CRC = 17, ATTRIBUTES = 21;

  private Batches() {}

  static String base64(MemoryRecords records) {
    return base64(bytes(records));
  }

  static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static byte[] bytes(MemoryRecords records) {
    ByteBuffer b = records.buffer().duplicate();
    byte[] out = new byte[b.remaining()];
    b.get(out);
    return out;
  }

  static SimpleRecord[] records(int count, long timestamp) {
    SimpleRecord[] out = new SimpleRecord[count];
    for (int i = 0; i < count; i++)
      out[i] = new SimpleRecord(
          timestamp + i * 1000L, ("key" + i).getBytes(), ("value " + i + " of a batch").getBytes());
    return out;
  }

  static String good(int count) {
    return at(count, NOW - 100_000);
  }

  static String at(int count, long timestamp) {
    return compressed(CompressionType.NONE, count, timestamp);
  }

  static String compressed(CompressionType type, int count, long timestamp) {
    Compression.Builder<?> codec = Compression.of(type);
    return base64(MemoryRecords.withRecords(codec.build(), records(count, timestamp)));
  }

  static String keyless() {
    return base64(
        MemoryRecords.withRecords(Compression.NONE, new SimpleRecord(NOW, null, "v".getBytes())));
  }

  static String sized(int bytes) {
    return base64(MemoryRecords.withRecords(
        Compression.NONE, new SimpleRecord(NOW, "k".getBytes(), new byte[bytes])));
  }

  static String old(byte magic) {
    return base64(MemoryRecords.withRecords(
        magic, Compression.NONE, new SimpleRecord(NOW, "k".getBytes(), "v".getBytes())));
  }

  static String idempotent(String producerId, int epoch, int sequence, int count) {
    return base64(MemoryRecords.withIdempotentRecords(Compression.NONE, Long.parseLong(producerId),
        (short) epoch, sequence, records(count, NOW - 50_000)));
  }

  static String transactional(long producerId) {
    return base64(MemoryRecords.withTransactionalRecords(
        Compression.NONE, producerId, (short) 0, 0, records(1, NOW)));
  }

  static String transactional(String producerId, int epoch, int sequence) {
    return base64(MemoryRecords.withTransactionalRecords(Compression.NONE,
        Long.parseLong(producerId), (short) epoch, sequence, records(1, NOW - 50_000)));
  }

  static String two() {
    byte[] one = Base64.getDecoder().decode(good(1));
    ByteBuffer both = ByteBuffer.allocate(one.length * 2).put(one).put(one);
    return base64(both.array());
  }

  /** A good batch with one field changed; the CRC is made right again when `seal`. */
  static String changed(int offset, int value, int width, boolean seal) {
    byte[] b = Base64.getDecoder().decode(good(2));
    ByteBuffer view = ByteBuffer.wrap(b);
    if (width == 1)
      view.put(offset, (byte) value);
    if (width == 2)
      view.putShort(offset, (short) value);
    if (width == 4)
      view.putInt(offset, value);
    if (width == 8)
      view.putLong(offset, value);
    if (seal)
      view.putInt(CRC, (int) Crc32C.compute(b, ATTRIBUTES, b.length - ATTRIBUTES));
    return base64(b);
  }

  static String controlBit() {
    return changed(ATTRIBUTES, 0x20, 2, true);
  }
}
