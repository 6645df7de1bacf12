// Our side of tests/conformance/log/run.
//
//   log_oracle write FOLDER SEED       a data directory with partitions of every kind, closed
//   cleanly log_oracle state DIRECTORY clean|unclean    opens a partition's directory and tells its
//   state log_oracle dump FILE...            every file told by log/dump; fails when there are
//   problems
//
// Settings of a partition go by its topic's name, here and in LogOracle.java: see kTopics.

#include "log/clean_shutdown.h"
#include "log/dump.h"
#include "log/epoch_cache.h"
#include "log/log_dir.h"
#include "log/posix_disk.h"
#include "log/producer_state.h"
#include "protocol/base/logger.h"
#include "protocol/base/random.h"
#include "protocol/record/batch_builder.h"
#include "protocol/record/compress.h"
#include "protocol/record/control_record.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace milena::log {
namespace {

constexpr std::int64_t kFirstTimestamp = 1'700'000'000'000;
constexpr TimestampMs kNow{kFirstTimestamp + 10'000'000};

struct Topic {
    const char* name;
    Codec codec;
    std::uint64_t segment_bytes;
    std::uint32_t index_interval_bytes;
    std::int64_t segment_ms;
    std::uint32_t segment_index_bytes;
    bool transactions;
};
constexpr Topic kTopics[] = {
    {"none", Codec::none, 60'000, 4'096, 604'800'000, 10 << 20, false},
    {"gzip", Codec::gzip, 30'000, 300, 604'800'000, 10 << 20, false},
    {"snappy", Codec::snappy, 30'000, 0, 604'800'000, 10 << 20, false},
    {"lz4", Codec::lz4, 30'000, 1'000, 604'800'000, 10 << 20, false},
    {"zstd", Codec::zstd, 30'000, 1'000, 604'800'000, 10 << 20, false},
    {"aged", Codec::none, 1 << 30, 200, 20'000, 10 << 20, false},
    {"small.index", Codec::none, 1 << 30, 100, 604'800'000, 240, false},
    {"transactions", Codec::none, 8'000, 400, 604'800'000, 10 << 20, true},
};

LogSettings settings_of(const Topic& topic) {
    LogSettings settings;
    settings.segment_bytes = topic.segment_bytes;
    settings.index_interval_bytes = topic.index_interval_bytes;
    settings.segment_ms = Millis{topic.segment_ms};
    settings.segment_index_bytes = topic.segment_index_bytes;
    settings.retention_ms.reset();
    settings.producer_id_expiration_ms = Millis{1'000'000'000'000};
    return settings;
}

[[noreturn]] void stop(const Error& error) {
    std::fprintf(stderr, "log_oracle: %s\n", error.detail.c_str());
    std::exit(1);
}
template <class T>
T need(Result<T> result) {
    if (!result) stop(result.error());
    return std::move(*result);
}
void need(const Status& status) {
    if (!status) stop(status.error());
}

// --- write ---

class Writer {
  public:
    Writer(PartitionLog& log, const Topic& topic, Random& random, Codecs& codecs)
        : log_(log), topic_(topic), random_(random), codecs_(codecs) {}

    void run(int batches) {
        for (int i = 0; i < batches; ++i) {
            if (random_.below(100) == 0) epoch_ = epoch_ + 1;
            const auto producer = static_cast<std::int64_t>(random_.below(6));
            if (topic_.transactions && producer > 1 && random_.below(4) == 0) {
                end_transaction(producer);
            } else {
                write(producer);
            }
        }
    }

  private:
    void write(std::int64_t producer) {
        BatchTraits traits;
        traits.compression = Compression::standard(topic_.codec);
        // Producers 0 and 1 are not idempotent.
        if (producer > 1) {
            traits.producer_id = ProducerId{producer};
            traits.producer_epoch = ProducerEpoch{0};
            traits.base_sequence = Sequence{sequences_[producer]};
            traits.transactional = topic_.transactions;
        }
        BatchBuilder builder(traits);
        const auto records = static_cast<int>(1 + random_.below(8));
        for (int i = 0; i < records; ++i) {
            const std::vector<std::uint8_t> value(random_.below(300), 'v');
            clock_ += static_cast<std::int64_t>(random_.below(100));
            // Some come late, so that the largest timestamp is not always the last.
            const auto late = static_cast<std::int64_t>(random_.below(5) == 0 ? 500 : 0);
            builder.add(TimestampMs{clock_ - late}, as_bytes("key"), ByteView(value));
        }
        sequences_[producer] += records;
        const auto bytes = builder.finish(codecs_);
        need(log_.append_as_leader(bytes, epoch_, {kNow, MonoTime{}}));
    }

    void end_transaction(std::int64_t producer) {
        BatchTraits traits;
        traits.producer_id = ProducerId{producer};
        traits.producer_epoch = ProducerEpoch{0};
        traits.transactional = true;
        const auto type = random_.below(2) == 0 ? ControlType::abort : ControlType::commit;
        const auto value = transaction_marker_value({type, 4});
        const std::array<ControlRecord, 1> records{{{type, ByteView(value)}}};
        auto bytes = build_control_batch(traits, TimestampMs{clock_}, records);
        need(log_.append_as_leader(bytes, epoch_, {kNow, MonoTime{}}));
    }

    PartitionLog& log_;
    const Topic& topic_;
    Random& random_;
    Codecs& codecs_;
    std::map<std::int64_t, std::int32_t> sequences_;
    std::int64_t clock_ = kFirstTimestamp;
    LeaderEpoch epoch_{0};
};

void write(const std::string& folder, std::uint64_t seed) {
    PosixDisk disk;
    SeededRandom random(seed);
    Codecs codecs;
    const LogTime now{kNow, MonoTime{}};
    const auto dir = need(LogDir::open(disk, folder, {"log-oracle", BrokerId{1}}, random));
    need(dir->begin());
    Checkpoints checkpoints;
    for (const Topic& topic : kTopics) {
        const TopicPartition id{topic.name, PartitionIndex{0}};
        const auto log = need(dir->create(id, TopicId{random.uuid()}, settings_of(topic), now));
        Writer(*log, topic, random, codecs).run(400);
        need(log->close(now));
        checkpoints.recovery_points[id] = log->recovery_point();
        checkpoints.high_watermarks[id] = log->log_end_offset();
        std::printf("%s %zu segments, %lld records\n", topic.name, log->segment_count(),
                    static_cast<long long>(log->log_end_offset().value()));
    }
    need(dir->close(checkpoints, BrokerEpoch{5}));
}

// --- state ---

long long number(std::int64_t value) {
    return value;
}

void tell_producers(const ProducerState& producers) {
    std::map<std::int64_t, const ProducerEntry*> ordered;
    for (const auto& [id, entry] : producers.entries()) ordered[id.value()] = &entry;
    for (const auto& [id, entry] : ordered) {
        std::printf("producer %lld epoch %d sequence %d coordinator %d open %lld batches",
                    number(id), entry->epoch.value(), entry->last_sequence().value(),
                    entry->coordinator_epoch, number(entry->current_txn_first_offset.value()));
        const auto* last = entry->last_batch();
        if (last != nullptr) {
            std::printf(" %lld-%lld", number(last->first_offset().value()),
                        number(last->last_offset.value()));
        }
        std::printf("\n");
    }
}

void tell_times(const PartitionLog& log) {
    Codecs codecs;
    for (std::int64_t i = -1; i < 200; ++i) {
        const TimestampMs at{kFirstTimestamp + i * 997};
        const auto found = need(log.offset_for_timestamp(at, codecs));
        std::printf("time %lld offset %lld timestamp %lld\n", number(at.value()),
                    number(found ? found->offset.value() : -1),
                    number(found ? found->timestamp.value() : -1));
    }
    const auto latest = need(log.offset_of_max_timestamp(codecs));
    std::printf("latest %lld timestamp %lld\n", number(latest ? latest->offset.value() : -1),
                number(latest ? latest->timestamp.value() : -1));
}

void tell_reads(const PartitionLog& log) {
    // The first batch that a read from each offset gives.
    for (Offset at = log.log_start_offset(); at < log.log_end_offset(); at = at + 7) {
        const auto read = need(log.read(at, 1, FirstBatch::always_whole, log.log_end_offset()));
        std::printf("read %lld batch %lld bytes %llu at %lld:%llu\n", number(at.value()),
                    number(read.first_offset.value()),
                    static_cast<unsigned long long>(read.slice.length),
                    number(read.position.segment_base.value()),
                    static_cast<unsigned long long>(read.position.in_segment));
    }
}

void state(const std::string& directory, Shutdown shutdown) {
    PosixDisk disk;
    const auto name = parse_partition_directory(directory.substr(directory.rfind('/') + 1));
    if (!name) stop({ErrorCode::INVALID_REQUEST, directory + " is no partition's directory"});
    OpenOptions options;
    options.shutdown = shutdown;
    options.now = {kNow, MonoTime{}};
    for (const Topic& topic : kTopics) {
        if (name->id.topic == topic.name) options.settings = settings_of(topic);
    }
    options.settings.producer_id_expiration_ms = Millis{1'000'000'000'000};
    const auto log = need(PartitionLog::open(disk, directory, options));
    log->on_high_watermark(log->log_end_offset());
    std::printf("offsets %lld-%lld segments %zu size %llu\n",
                number(log->log_start_offset().value()), number(log->log_end_offset().value()),
                log->segment_count(), static_cast<unsigned long long>(log->size_bytes()));
    std::printf("first unstable %lld\n",
                number(log->first_unstable_offset().value_or(kNoOffset).value()));
    for (int epoch = -1; epoch < 12; ++epoch) {
        const auto end = log->epoch_end_offset(LeaderEpoch{epoch});
        std::printf("epoch %d end %d %lld\n", epoch, end.leader_epoch.value(),
                    number(end.end_offset.value()));
    }
    tell_producers(log->producers());
    for (const auto& aborted :
         need(log->aborted_transactions(log->log_start_offset(), log->log_end_offset()))) {
        std::printf("aborted %lld %lld-%lld stable %lld\n", number(aborted.producer_id.value()),
                    number(aborted.first_offset.value()), number(aborted.last_offset.value()),
                    number(aborted.last_stable_offset.value()));
    }
    tell_times(*log);
    tell_reads(*log);
    need(log->close(options.now));
}

// --- dump ---

int dump(const std::vector<std::string>& files) {
    PosixDisk disk;
    Codecs codecs;
    std::uint64_t problems = 0;
    for (const std::string& file : files) {
        const auto told = need(dump_file(
            disk, file, {.records = true, .values = false}, codecs, [&](std::string_view line) {
                if (!line.starts_with("problem")) return;
                std::printf("%s: %.*s\n", file.c_str(), static_cast<int>(line.size()), line.data());
            }));
        problems += told.problems;
    }
    return problems == 0 ? 0 : 1;
}

int run(const std::vector<std::string>& arguments) {
    set_log_level(LogLevel::warn);
    const std::string verb = arguments.empty() ? "" : arguments[0];
    if (verb == "write" && arguments.size() == 3) {
        write(arguments[1], std::stoull(arguments[2]));
        return 0;
    }
    if (verb == "state" && arguments.size() == 3) {
        state(arguments[1], arguments[2] == "clean" ? Shutdown::clean : Shutdown::unclean);
        return 0;
    }
    if (verb == "dump") return dump({arguments.begin() + 1, arguments.end()});
    std::fprintf(stderr,
                 "usage: log_oracle write FOLDER SEED | state DIRECTORY clean|unclean | "
                 "dump FILE...\n");
    return 2;
}

}  // namespace
}  // namespace milena::log

int main(int argc, char** argv) {
    return milena::log::run(std::vector<std::string>(argv + 1, argv + argc));
}
