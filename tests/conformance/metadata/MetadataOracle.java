// Kafka's side of tests/conformance/metadata/run: folds the files of a metadata log with Kafka's
// own classes and prints the state they lead to, in the form of `metadata_oracle state`.
//
//   MetadataOracle FILE...    snapshots and segments, in the order in which they are to be read

import java.io.File;
import java.util.Map;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.metadata.MetadataRecordType;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.record.FileRecords;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.RecordBatch;
import org.apache.kafka.image.MetadataDelta;
import org.apache.kafka.image.MetadataImage;
import org.apache.kafka.image.MetadataProvenance;
import org.apache.kafka.image.TopicImage;
import org.apache.kafka.metadata.BrokerRegistration;
import org.apache.kafka.metadata.MetadataRecordSerde;
import org.apache.kafka.metadata.PartitionRegistration;
import org.apache.kafka.server.common.ApiMessageAndVersion;

public class MetadataOracle {
    private MetadataImage image = MetadataImage.EMPTY;
    private MetadataDelta delta = new MetadataDelta.Builder().setImage(image).build();
    private long next = 0;

    public static void main(String[] args) throws Exception {
        MetadataOracle oracle = new MetadataOracle();
        for (String name : args) oracle.read(new File(name));
        oracle.print();
    }

    private void read(File file) throws Exception {
        boolean snapshot = file.getName().endsWith(".checkpoint");
        try (FileRecords records = FileRecords.open(file, false)) {
            for (RecordBatch batch : records.batches()) {
                batch.ensureValid();
                if (batch.isControlBatch() || (!snapshot && batch.baseOffset() < next)) continue;
                for (Record record : batch) apply(record);
                step(snapshot ? -1 : batch.lastOffset());
            }
        }
        if (snapshot) {
            next = Long.parseLong(file.getName().substring(0, 20));
            step(next - 1);
        }
    }

    private void apply(Record record) {
        ApiMessageAndVersion message = new MetadataRecordSerde().read(
            new ByteBufferAccessor(record.value()), record.valueSize());
        MetadataRecordType type = MetadataRecordType.fromId(message.message().apiKey());
        if (type == MetadataRecordType.BEGIN_TRANSACTION_RECORD
            || type == MetadataRecordType.END_TRANSACTION_RECORD) {
            return;
        }
        delta.replay(message.message());
    }

    // An image after every batch, as Kafka's loader makes them.
    private void step(long offset) {
        image = delta.apply(new MetadataProvenance(offset, 1, 0, true));
        delta = new MetadataDelta.Builder().setImage(image).build();
    }

    private void print() {
        image.features().finalizedVersions().forEach(
            (name, level) -> System.out.printf("feature %s %d%n", name, level));
        System.out.printf("feature metadata.version %d%n",
            image.features().metadataVersionOrThrow().featureLevel());
        for (BrokerRegistration broker : image.cluster().brokers().values()) {
            System.out.printf("broker %d epoch %d %s%n", broker.id(), broker.epoch(),
                broker.fenced() ? "fenced" : "active");
        }
        for (TopicImage topic : image.topics().topicsById().values()) {
            for (Map.Entry<Integer, PartitionRegistration> e : topic.partitions().entrySet()) {
                PartitionRegistration p = e.getValue();
                System.out.printf(
                    "partition %s-%d id %s leader %d leader-epoch %d partition-epoch %d%n",
                    topic.name(), e.getKey(), topic.id(), p.leader, p.leaderEpoch, p.partitionEpoch);
            }
        }
        image.configs().resourceData().forEach((resource, config) -> {
            if (resource.type() != ConfigResource.Type.TOPIC
                && resource.type() != ConfigResource.Type.BROKER) {
                return;
            }
            config.data().forEach((name, value) -> System.out.printf("config %s '%s' %s=%s%n",
                resource.type(), resource.name(), name, value));
        });
        System.out.printf("next-producer-id %d%n", image.producerIds().nextProducerId());
    }
}
