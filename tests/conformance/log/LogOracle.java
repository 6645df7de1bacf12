// Kafka's side of tests/conformance/log/run: its own log classes, without a broker around them.
//
//   replay FROM TO       every batch of the partitions below FROM goes through Kafka's log into TO
//   state DIRECTORY clean|unclean     opens a partition's directory and tells its state
//
// The settings of a partition go by its topic's name, as in log_oracle.cc.

import java.io.File;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import org.apache.kafka.common.record.FileLogInputStream;
import org.apache.kafka.common.record.FileRecords;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.RecordBatch;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.server.common.OffsetAndEpoch;
import org.apache.kafka.server.storage.log.FetchIsolation;
import org.apache.kafka.server.util.Scheduler;
import org.apache.kafka.storage.internals.log.FetchDataInfo;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.apache.kafka.storage.internals.log.ProducerStateEntry;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.log.metrics.BrokerTopicStats;

public class LogOracle {
    static final long FIRST_TIMESTAMP = 1_700_000_000_000L;

    // segment.bytes, index.interval.bytes, segment.ms, segment.index.bytes
    static final Map<String, long[]> SETTINGS = Map.of(
        "none", new long[] {60_000, 4_096, 604_800_000, 10 << 20},
        "gzip", new long[] {30_000, 300, 604_800_000, 10 << 20},
        "snappy", new long[] {30_000, 0, 604_800_000, 10 << 20},
        "lz4", new long[] {30_000, 1_000, 604_800_000, 10 << 20},
        "zstd", new long[] {30_000, 1_000, 604_800_000, 10 << 20},
        "aged", new long[] {1 << 30, 200, 20_000, 10 << 20},
        "small.index", new long[] {1 << 30, 100, 604_800_000, 240},
        "transactions", new long[] {8_000, 400, 604_800_000, 10 << 20});
    static final long[] DEFAULTS = {1 << 30, 4_096, 604_800_000, 10 << 20};

    static final ScheduledThreadPoolExecutor TIMER = new ScheduledThreadPoolExecutor(1);
    // Nothing happens behind our back: no flush, no expiry.
    static final Scheduler SCHEDULER = new Scheduler() {
        public void startup() {
        }
        public void shutdown() {
        }
        public ScheduledFuture<?> schedule(String name, Runnable task, long delay, long period) {
            return TIMER.schedule(() -> { }, 1, TimeUnit.DAYS);
        }
        public void resizeThreadPool(int size) {
        }
    };

    // Stands still shortly after the records were written, so that no producer expires.
    static final Time TIME = (Time) Proxy.newProxyInstance(Time.class.getClassLoader(),
        new Class<?>[] {Time.class}, (proxy, method, arguments) ->
            method.getName().equals("milliseconds") ? FIRST_TIMESTAMP + 10_000_000L
                                                    : method.invoke(Time.SYSTEM, arguments));

    static LogConfig config(String topic) {
        long[] settings = SETTINGS.getOrDefault(topic, DEFAULTS);
        Properties properties = new Properties();
        properties.setProperty("internal.segment.bytes", Long.toString(settings[0]));
        properties.setProperty("index.interval.bytes", Long.toString(settings[1]));
        properties.setProperty("segment.ms", Long.toString(settings[2]));
        properties.setProperty("segment.index.bytes", Long.toString(settings[3]));
        properties.setProperty("retention.ms", "-1");
        return new LogConfig(properties);
    }

    static UnifiedLog open(File directory, boolean clean) throws Exception {
        String name = directory.getName();
        String topic = name.substring(0, name.lastIndexOf('-'));
        return UnifiedLog.create(directory, config(topic), 0, 0, SCHEDULER, new BrokerTopicStats(),
            TIME, 900_000, new ProducerStateManagerConfig(Integer.MAX_VALUE, false),
            Integer.MAX_VALUE, new LogDirFailureChannel(1), clean, Optional.empty());
    }

    static File[] logs(File directory) {
        File[] logs = directory.listFiles((folder, name) -> name.endsWith(".log"));
        Arrays.sort(logs, Comparator.comparing(File::getName));
        return logs;
    }

    static void replay(File from, File to) throws Exception {
        for (File partition : from.listFiles(File::isDirectory)) {
            File copy = new File(to, partition.getName());
            copy.mkdirs();
            try (UnifiedLog log = open(copy, true)) {
                for (File segment : logs(partition)) {
                    try (FileRecords records = FileRecords.open(segment, false)) {
                        for (FileLogInputStream.FileChannelRecordBatch batch : records.batches()) {
                            java.nio.ByteBuffer buffer =
                                java.nio.ByteBuffer.allocate(batch.sizeInBytes());
                            batch.writeTo(buffer);
                            buffer.flip();
                            log.appendAsFollower(MemoryRecords.readableRecords(buffer),
                                batch.partitionLeaderEpoch());
                        }
                    }
                }
            }
        }
    }

    static void tellProducers(UnifiedLog log) {
        for (ProducerStateEntry entry :
            new TreeMap<>(log.producerStateManager().activeProducers()).values()) {
            StringBuilder line = new StringBuilder();
            line.append("producer ").append(entry.producerId()).append(" epoch ")
                .append(entry.producerEpoch()).append(" sequence ").append(entry.lastSeq())
                .append(" coordinator ").append(entry.coordinatorEpoch()).append(" open ")
                .append(entry.currentTxnFirstOffset().orElse(-1L)).append(" batches");
            if (!entry.isEmpty()) {
                line.append(' ').append(entry.lastDataOffset() - entry.lastOffsetDelta())
                    .append('-').append(entry.lastDataOffset());
            }
            System.out.println(line);
        }
    }

    static void tellTimes(UnifiedLog log) throws Exception {
        for (long i = -1; i < 200; ++i) {
            long at = FIRST_TIMESTAMP + i * 997;
            Optional<FileRecords.TimestampAndOffset> found =
                log.fetchOffsetByTimestamp(at, Optional.empty()).timestampAndOffsetOpt();
            System.out.println("time " + at + " offset " + found.map(f -> f.offset).orElse(-1L)
                + " timestamp " + found.map(f -> f.timestamp).orElse(-1L));
        }
        Optional<FileRecords.TimestampAndOffset> latest =
            log.fetchOffsetByTimestamp(-3, Optional.empty()).timestampAndOffsetOpt();
        System.out.println("latest " + latest.map(f -> f.offset).orElse(-1L) + " timestamp "
            + latest.map(f -> f.timestamp).orElse(-1L));
    }

    static void tellReads(UnifiedLog log) throws Exception {
        for (long at = log.logStartOffset(); at < log.logEndOffset(); at += 7) {
            FetchDataInfo read = log.read(at, 1, FetchIsolation.LOG_END, true);
            RecordBatch first = read.records.batches().iterator().next();
            System.out.println("read " + at + " batch " + first.baseOffset() + " bytes "
                + read.records.sizeInBytes() + " at "
                + read.fetchOffsetMetadata.segmentBaseOffset + ":"
                + read.fetchOffsetMetadata.relativePositionInSegment);
        }
    }

    static void state(File directory, boolean clean) throws Exception {
        try (UnifiedLog log = open(directory, clean)) {
            log.updateHighWatermark(log.logEndOffset());
            System.out.println("offsets " + log.logStartOffset() + "-" + log.logEndOffset()
                + " segments " + log.numberOfSegments() + " size " + log.size());
            System.out.println("first unstable " + log.firstUnstableOffset().orElse(-1L));
            for (int epoch = -1; epoch < 12; ++epoch) {
                Optional<OffsetAndEpoch> end = log.endOffsetForEpoch(epoch);
                System.out.println("epoch " + epoch + " end "
                    + end.map(OffsetAndEpoch::epoch).orElse(-1) + " "
                    + end.map(OffsetAndEpoch::offset).orElse(-1L));
            }
            tellProducers(log);
            log.collectAbortedTransactions(log.logStartOffset(), log.logEndOffset())
                .forEach(aborted -> System.out.println("aborted " + aborted.producerId() + " "
                    + aborted.firstOffset() + "-" + aborted.lastOffset() + " stable "
                    + aborted.lastStableOffset()));
            tellTimes(log);
            tellReads(log);
        }
    }

    public static void main(String[] arguments) throws Exception {
        List<String> verbs = Arrays.asList(arguments);
        if (verbs.get(0).equals("replay")) {
            replay(new File(verbs.get(1)), new File(verbs.get(2)));
        } else {
            state(new File(verbs.get(1)), verbs.get(2).equals("clean"));
        }
        System.out.flush();
        // Clean directories have been closed; nothing is left to wait for.
        Runtime.getRuntime().halt(0);
    }
}
