// kafka-dump-log: the files of a segment, line by line as Kafka's tool prints them. Works on files
// alone and only reads. Not there: decoders (--offsets-decoder and the like) and batches of
// control records other than the ends of transactions beyond their sizes.
#include "log/batch_scan.h"
#include "log/damage.h"
#include "log/layout.h"
#include "log/offset_index.h"
#include "log/posix_disk.h"
#include "log/producer_snapshot.h"
#include "log/time_index.h"
#include "log/txn_index.h"
#include "protocol/record/compress.h"
#include "protocol/record/control_record.h"
#include "protocol/record/record_reader.h"
#include "tools/kafka/options.h"
#include "tools/kafka/tools.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace milena::kafka_tools {
namespace {

using log::File;
using log::OpenMode;

constexpr auto kNothing = Takes::nothing;
constexpr auto kValue = Takes::a_value;
constexpr std::size_t kMaxPayload = 256U << 20U;
constexpr std::uint64_t kMaxSmallFile = 64ULL << 20;

constexpr OptionSpec kSpecs[] = {
    {"deep-iteration", kNothing, "", "Also every record of a batch."},
    {"files", kValue, "String: file1, file2, ...",
     "REQUIRED: the files to print: segments, indexes, producer snapshots."},
    {"help", kNothing, "", "Print this."},
    {"index-sanity-check", kNothing, "",
     "Of an offset index only whether a broker would take it as it is."},
    {"max-bytes", kValue, "Integer: size", "Stop after so many bytes of batches."},
    {"max-message-size", kValue, "Integer: size", "Accepted; a batch may have any size."},
    {"print-data-log", kNothing, "", "Also keys and values, as text."},
    {"skip-record-metadata", kNothing, "", "With --print-data-log: keys and values alone."},
    {"verify-index-only", kNothing, "", "Check indexes without printing them."},
    {"version", kNothing, "", "Print the version of Kafka whose tool this behaves as."},
};

struct Choices {
    bool records = false;
    bool data = false;
    bool metadata = true;
    bool verify_only = false;
    bool sanity_only = false;
    std::uint64_t max_bytes = std::numeric_limits<std::int32_t>::max();
};

std::string optional_text(std::optional<std::int64_t> value) {
    return value ? fmt::format("OptionalLong[{}]", *value) : "OptionalLong.empty";
}

std::string_view stamp_name(const BatchView& batch) {
    return batch.timestamp_type() == TimestampType::log_append_time ? "LogAppendTime"
                                                                    : "CreateTime";
}

class DumpLog {
  public:
    DumpLog(const cli::Io& io, const Choices& choices) : io_(io), choices_(choices) {}

    Status file(const std::string& path) {
        fmt::print(io_.out, "Dumping {}\n", path);
        const auto name = log::parse_segment_file(path.substr(path.rfind('/') + 1));
        if (!name || name->suffix != log::FileSuffix::none) {
            fmt::print(io_.err, "Ignoring unknown file {}\n", path);
            return {};
        }
        switch (name->kind) {
            case log::FileKind::log:
                return segment(path, name->offset);
            case log::FileKind::offset_index:
                return offsets(path, name->offset);
            case log::FileKind::time_index:
                return times(path, name->offset);
            case log::FileKind::txn_index:
                return transactions(path, name->offset);
            case log::FileKind::snapshot:
                return producers(path);
        }
        return {};
    }

    // What did not fit between indexes and segments, told at the end.
    void print_mismatches() const {
        for (const auto& [path, lines] : mismatches_) {
            fmt::print(io_.err, "Mismatches in :{}\n", path);
            for (const auto& line : lines) fmt::print(io_.err, "  {}\n", line);
        }
    }

  private:
    // --- Segments ---

    Status segment(const std::string& path, Offset base) {
        fmt::print(io_.out, "Log starting offset: {}\n", base.value());
        MILENA_ASSIGN(const auto opened, disk_.open(path, OpenMode::read));
        MILENA_ASSIGN(const std::uint64_t size, opened->size());
        const std::uint64_t end = std::min(size, choices_.max_bytes);
        log::BatchScanner scanner(*opened, 0, end, log::BatchScanner::kBodyWindow);
        Offset next{0};
        for (;;) {
            const std::uint64_t position = scanner.position();
            const auto head = scanner.next();
            if (!head && !log::is_corruption(head.error())) return std::unexpected(head.error());
            if (head && *head) {
                MILENA_ASSIGN(const ByteView body, scanner.body());
                batch(**head, body);
                next = (*head)->last_offset + 1;
                continue;
            }
            if (position == end || end < size) return {};
            // Kafka's tool ends here; what is sound behind it is worth to be seen.
            MILENA_ASSIGN(
                const auto sound,
                log::find_sound_batch(*opened, position + 1, end,
                                      {next, Offset{std::numeric_limits<std::int64_t>::max()}}));
            if (!sound) {
                fmt::print(io_.out, "Found {} invalid bytes at the end of {}\n", size - position,
                           path.substr(path.rfind('/') + 1));
                return {};
            }
            fmt::print(io_.out, "Found {} invalid bytes at position {} of {}\n",
                       sound->position - position, position, path.substr(path.rfind('/') + 1));
            scanner.seek(sound->position);
        }
    }

    void batch(const log::BatchHead& head, ByteView body) {
        const bool sound = log::batch_checksum_matches(head, body);
        if (head.magic != batch_layout::kMagicValue) {
            fmt::print(io_.out, "offset: {} position: {} size: {} magic: {} isvalid: {}\n",
                       head.last_offset.value(), head.position, head.size, head.magic, sound);
            return;
        }
        const BatchView view(body);
        const auto horizon = view.delete_horizon();
        fmt::print(io_.out,
                   "baseOffset: {} lastOffset: {} count: {} baseSequence: {} lastSequence: {} "
                   "producerId: {} producerEpoch: {} partitionLeaderEpoch: {} isTransactional: {} "
                   "isControl: {} deleteHorizonMs: {} position: {} {}: {} size: {} magic: {} "
                   "compresscodec: {} crc: {} isvalid: {}\n",
                   view.base_offset().value(), view.last_offset().value(), view.record_count(),
                   view.base_sequence().value(), view.last_sequence().value(),
                   view.producer_id().value(), view.producer_epoch().value(),
                   view.leader_epoch().value(), view.is_transactional(), view.is_control(),
                   optional_text(horizon ? std::optional(horizon->value()) : std::nullopt),
                   head.position, stamp_name(view), view.max_timestamp().value(), head.size,
                   view.magic(), codec_name(view.codec()), view.crc(), sound);
        if (choices_.records || choices_.data) records(view);
    }

    void records(const BatchView& view) {
        std::vector<std::uint8_t> buffer;
        const auto payload = payload_of(view, codecs_, buffer, kMaxPayload);
        if (!payload) {
            fmt::print(io_.err, "{}\n", payload.error().detail);
            return;
        }
        RecordReader reader(view, *payload);
        while (reader.next()) record(view, reader.record());
        if (const auto status = reader.status(); !status) {
            fmt::print(io_.err, "{}\n", status.error().detail);
        }
    }

    void record(const BatchView& view, const Record& record) {
        std::string_view before = "| ";
        const auto part = [&](std::string_view name, ByteView bytes) {
            fmt::print(io_.out, "{}{}: {}", std::exchange(before, " "), name, as_text(bytes));
        };
        if (choices_.metadata) {
            metadata(view, record);
            before = " ";
        }
        if (choices_.data && !view.is_control()) {
            if (!record.key.is_null()) part("key", *record.key);
            if (!record.value.is_null()) part("payload", *record.value);
        }
        fmt::print(io_.out, "\n");
    }

    void metadata(const BatchView& view, const Record& record) {
        const auto size = [](const NullableBytes& bytes) {
            return bytes.is_null() ? -1 : static_cast<std::int64_t>((*bytes).size());
        };
        const bool numbered = view.base_sequence() != kNoSequence;
        std::string headers;
        for (const auto& header : record.headers) {
            headers += (headers.empty() ? "" : ",") + std::string(header.key);
        }
        fmt::print(io_.out,
                   "| offset: {} {}: {} keySize: {} valueSize: {} sequence: {} headerKeys: [{}]",
                   record.offset.value(), stamp_name(view), record.timestamp.value(),
                   size(record.key), size(record.value),
                   numbered ? view.base_sequence().value() + record.offset_delta : -1, headers);
        if (!view.is_control()) return;
        if (const auto marker = parse_transaction_marker(record)) {
            fmt::print(io_.out, " endTxnMarker: {} coordinatorEpoch: {}",
                       marker->type == ControlType::commit ? "COMMIT" : "ABORT",
                       marker->coordinator_epoch);
        }
    }

    // --- Indexes ---

    Result<std::shared_ptr<File>> log_of(const std::string& index, Offset base) {
        return disk_.open(
            log::join_path(log::parent_path(index),
                           log::to_string({base, log::FileKind::log, log::FileSuffix::none})),
            OpenMode::read);
    }

    // The first batch from `position` on whose last offset is at or above `offset`.
    static Result<std::optional<log::BatchHead>> batch_from(const File& segment,
                                                            std::uint64_t position, Offset offset) {
        MILENA_ASSIGN(const std::uint64_t size, segment.size());
        log::BatchScanner scanner(segment, std::min(position, size), size,
                                  log::BatchScanner::kHeaderWindow);
        for (;;) {
            auto head = scanner.next();
            if (!head && log::is_corruption(head.error())) return std::nullopt;
            if (!head || !*head || (*head)->last_offset >= offset) return head;
        }
    }

    Status offsets(const std::string& path, Offset base) {
        MILENA_ASSIGN(const auto bytes, log::read_file(disk_, path, kMaxSmallFile));
        constexpr std::size_t kEntry = log::OffsetIndex::kEntryBytes;
        if (choices_.sanity_only) {
            if (bytes.size() % kEntry != 0) {
                return fail(ErrorCode::CORRUPT_MESSAGE, path + " has " +
                                                            std::to_string(bytes.size()) +
                                                            " bytes, no whole number of entries");
            }
            fmt::print(io_.out, "{} passed sanity check.\n", path.substr(path.rfind('/') + 1));
            return {};
        }
        MILENA_ASSIGN(const auto segment, log_of(path, base));
        for (std::size_t at = 0; at + kEntry <= bytes.size(); at += kEntry) {
            const Offset offset = base + load_be<std::int32_t>(bytes.data() + at);
            const auto position = load_be<std::uint32_t>(bytes.data() + at + 4);
            // A broker that is running keeps its indexes longer than they are.
            if (offset == base && at > 0) return {};
            MILENA_ASSIGN(const auto head, batch_from(*segment, position, Offset{0}));
            if (!head || head->last_offset != offset) {
                mismatches_[path].push_back(fmt::format("Index offset: {}, log offset: {}",
                                                        offset.value(),
                                                        head ? head->last_offset.value() : -1));
            }
            if (!choices_.verify_only) {
                fmt::print(io_.out, "offset: {} position: {}\n", offset.value(), position);
            }
        }
        return {};
    }

    Status times(const std::string& path, Offset base) {
        MILENA_ASSIGN(const auto bytes, log::read_file(disk_, path, kMaxSmallFile));
        constexpr std::size_t kEntry = log::TimeIndex::kEntryBytes;
        if (choices_.sanity_only) {
            fmt::print(io_.out, "{} passed sanity check.\n", path.substr(path.rfind('/') + 1));
            return {};
        }
        MILENA_ASSIGN(const auto segment, log_of(path, base));
        for (std::size_t at = 0; at + kEntry <= bytes.size(); at += kEntry) {
            const auto stamp = load_be<std::int64_t>(bytes.data() + at);
            const Offset offset = base + load_be<std::int32_t>(bytes.data() + at + 8);
            if (offset == base && at > 0) return {};
            MILENA_ASSIGN(const auto head, batch_from(*segment, 0, offset));
            if (!head || head->max_timestamp != TimestampMs{stamp}) {
                mismatches_[path].push_back(fmt::format("Index timestamp: {}, log timestamp: {}",
                                                        stamp,
                                                        head ? head->max_timestamp.value() : -1));
            }
            if (!choices_.verify_only) {
                fmt::print(io_.out, "timestamp: {} offset: {}\n", stamp, offset.value());
            }
        }
        return {};
    }

    Status transactions(const std::string& path, Offset) {
        MILENA_ASSIGN(const auto bytes, log::read_file(disk_, path, kMaxSmallFile));
        constexpr std::size_t kEntry = log::TxnIndex::kEntryBytes;
        for (std::size_t at = 0; at + kEntry <= bytes.size(); at += kEntry) {
            const std::uint8_t* entry = bytes.data() + at;
            fmt::print(io_.out,
                       "version: {} producerId: {} firstOffset: {} lastOffset: {} "
                       "lastStableOffset: {}\n",
                       load_be<std::int16_t>(entry), load_be<std::int64_t>(entry + 2),
                       load_be<std::int64_t>(entry + 10), load_be<std::int64_t>(entry + 18),
                       load_be<std::int64_t>(entry + 26));
        }
        return {};
    }

    Status producers(const std::string& path) {
        MILENA_ASSIGN(const auto bytes, log::read_file(disk_, path, kMaxSmallFile));
        log::ProducerState state;
        if (const auto decoded = log::decode_producer_snapshot(bytes, state); !decoded) {
            fmt::print(io_.err, "{}\n", decoded.error().detail);
            return {};
        }
        std::vector<ProducerId> ids;
        for (const auto& [id, known] : state.entries()) ids.push_back(id);
        std::ranges::sort(ids);
        for (const ProducerId id : ids) {
            const auto& known = *state.find(id);
            const auto first = known.current_txn_first_offset;
            fmt::print(
                io_.out,
                "producerId: {} producerEpoch: {} coordinatorEpoch: {} "
                "currentTxnFirstOffset: {} lastTimestamp: {} ",
                id.value(), known.epoch.value(), known.coordinator_epoch,
                optional_text(first == kNoOffset ? std::nullopt : std::optional(first.value())),
                known.last_timestamp.value());
            if (const auto* last = known.last_batch()) {
                fmt::print(io_.out,
                           "firstSequence: {} lastSequence: {} lastOffset: {} offsetDelta: {} "
                           "timestamp: {}",
                           last->first_sequence().value(), last->last_sequence.value(),
                           last->last_offset.value(), last->offset_delta, last->timestamp.value());
            }
            fmt::print(io_.out, "\n");
        }
        return {};
    }

    const cli::Io& io_;
    const Choices& choices_;
    log::PosixDisk disk_;
    Codecs codecs_;
    std::map<std::string, std::vector<std::string>> mismatches_;
};

std::vector<std::string> split_files(const std::vector<std::string>& lists) {
    std::vector<std::string> files;
    for (std::string_view rest : lists) {
        while (!rest.empty()) {
            const auto comma = rest.find(',');
            auto name = rest.substr(0, comma);
            while (name.starts_with(' ')) name.remove_prefix(1);
            if (!name.empty()) files.emplace_back(name);
            rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
        }
    }
    return files;
}

}  // namespace

int run_dump_log(std::span<const std::string_view> arguments, const cli::Io& io) {
    const auto options = Options::parse(kSpecs, arguments);
    if (!options) return report({options.error().detail}, kSpecs, io.err);
    if (options->has("version")) {
        fmt::print(io.out, "{}\n", kKafkaVersion);
        return 0;
    }
    if (options->has("help")) {
        fmt::print(io.out, "{}", usage(kSpecs));
        return 0;
    }
    if (const auto missing = refuse_missing(*options, "files")) {
        return report(*missing, kSpecs, io.err);
    }
    Choices choices;
    choices.data = options->has("print-data-log");
    choices.records = choices.data || options->has("deep-iteration");
    choices.metadata = !options->has("skip-record-metadata");
    choices.verify_only = options->has("verify-index-only");
    choices.sanity_only = options->has("index-sanity-check");
    const auto limit = options->int32("max-bytes");
    if (!limit) return report({limit.error().detail, false}, kSpecs, io.err);
    if (*limit) choices.max_bytes = static_cast<std::uint64_t>(std::max(**limit, 0));
    DumpLog dump(io, choices);
    for (const auto& file : split_files(options->values("files"))) {
        if (const auto told = dump.file(file); !told) {
            fmt::print(io.err, "{}\n", told.error().detail);
            return 1;
        }
    }
    dump.print_mismatches();
    return 0;
}

}  // namespace milena::kafka_tools
