#include "log/dump.h"

#include "log/batch_scan.h"
#include "log/damage.h"
#include "log/file_handle.h"
#include "log/layout.h"
#include "log/offset_index.h"
#include "log/producer_snapshot.h"
#include "log/time_index.h"
#include "log/txn_index.h"
#include "protocol/record/record_reader.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

namespace milena::log {
namespace {

constexpr std::uint64_t kMaxSmallFile = 64ULL << 20;
constexpr std::size_t kMaxPayload = 256U << 20U;
constexpr Offset kNoBound{std::numeric_limits<std::int64_t>::max()};

std::string text(std::int64_t number) {
    return std::to_string(number);
}

// Printable ASCII as it is, the rest as \xNN.
std::string printable(ByteView bytes) {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string out;
    for (const std::uint8_t byte : bytes) {
        if (byte >= 0x20 && byte < 0x7f && byte != '\\') {
            out += static_cast<char>(byte);
        } else {
            out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
        }
    }
    return out;
}

class Dump {
  public:
    Dump(Disk& disk, const std::string& path, const DumpOptions& options, Codecs& codecs,
         const LineSink& line)
        : path_(path),
          place_{disk, parent_path(path), files_},
          options_(options),
          codecs_(codecs),
          line_(line) {}

    Result<DumpResult> segment(const SegmentFileName& name) {
        switch (name.kind) {
            case FileKind::log:
                MILENA_TRY(batches());
                break;
            case FileKind::offset_index:
                MILENA_TRY(offsets(name.offset));
                break;
            case FileKind::time_index:
                MILENA_TRY(times(name.offset));
                break;
            case FileKind::txn_index:
                MILENA_TRY(transactions(name.offset));
                break;
            case FileKind::snapshot:
                MILENA_TRY(producers());
                break;
        }
        return result_;
    }

    // Checkpoints, metadata: they are text already.
    Result<DumpResult> small_text() {
        MILENA_ASSIGN(const auto content, read_file(place_.disk, path_, kMaxSmallFile));
        std::string_view rest = as_text(content);
        while (!rest.empty()) {
            const auto end = rest.find('\n');
            tell(std::string(rest.substr(0, end)));
            rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        }
        return result_;
    }

  private:
    void tell(const std::string& entry) {
        ++result_.entries;
        line_(entry);
    }
    void problem(const std::string& what) {
        ++result_.problems;
        line_("problem: " + what);
    }

    // --- .log ---

    Status batches() {
        MILENA_ASSIGN(const auto file, place_.disk.open(path_, OpenMode::read));
        MILENA_ASSIGN(const std::uint64_t size, file->size());
        BatchScanner scanner(*file, 0, size, BatchScanner::kBodyWindow);
        Offset next{0};
        for (;;) {
            const std::uint64_t position = scanner.position();
            const auto head = scanner.next();
            if (!head && !is_corruption(head.error())) return std::unexpected(head.error());
            if (head && *head) {
                MILENA_ASSIGN(const ByteView body, scanner.body());
                batch(**head, body, next);
                next = (*head)->last_offset + 1;
                continue;
            }
            if (!head) problem("at byte " + text(position) + ": " + head.error().detail);
            if (position == size) return {};
            MILENA_ASSIGN(const auto sound,
                          find_sound_batch(*file, position + 1, size, {next, kNoBound}));
            if (!sound) {
                problem(text(size - position) + " bytes behind the last whole batch");
                return {};
            }
            problem("bytes " + text(position) + " to " + text(sound->position) + " are damaged");
            scanner.seek(sound->position);
        }
    }

    void batch(const BatchHead& head, ByteView body, Offset next) {
        const bool sound = batch_checksum_matches(head, body);
        std::string entry = "offsets " + text(head.base_offset.value()) + "-" +
                            text(head.last_offset.value()) + " position " + text(head.position) +
                            " size " + text(head.size) + " magic " + text(head.magic) + " epoch " +
                            text(head.leader_epoch.value()) + " max_timestamp " +
                            text(head.max_timestamp.value());
        if (head.magic == batch_layout::kMagicValue) {
            const BatchView view(body);
            entry += " records " + text(head.record_count) + " codec " +
                     std::string(codec_name(view.codec()));
            if (view.timestamp_type() == TimestampType::log_append_time)
                entry += " log_append_time";
        }
        if (head.has_producer_id()) {
            entry += " producer " + text(head.producer_id.value()) + "/" +
                     text(head.producer_epoch.value()) + " sequence " +
                     text(head.base_sequence.value());
        }
        if (head.is_transactional()) entry += " transactional";
        if (head.is_control()) entry += " control";
        tell(entry);
        if (!sound) problem("its checksum does not match");
        if (head.base_offset < next) problem("its offsets repeat those before it");
        if (sound && options_.records && head.magic == batch_layout::kMagicValue) records(body);
    }

    void records(ByteView body) {
        const BatchView view(body);
        std::vector<std::uint8_t> buffer;
        const auto payload = payload_of(view, codecs_, buffer, kMaxPayload);
        if (!payload) return problem(payload.error().detail);
        RecordReader reader(view, *payload);
        while (reader.next()) record(reader.record());
        if (const auto status = reader.status(); !status) problem(status.error().detail);
    }

    void record(const Record& record) {
        const auto field = [&](std::string_view name, const NullableBytes& bytes) {
            std::string shown = " " + std::string(name);
            if (bytes.is_null()) return shown + " null";
            if (!options_.values) return shown + "_bytes " + std::to_string((*bytes).size());
            return shown + " \"" + printable(*bytes) + "\"";
        };
        line_("  offset " + text(record.offset.value()) + " timestamp " +
              text(record.timestamp.value()) + field("key", record.key) +
              field("value", record.value) + " headers " + std::to_string(record.headers.size()));
    }

    // --- Indexes ---

    // The .log that the index belongs to; null when it is gone.
    Result<std::shared_ptr<File>> log_of(Offset base) {
        const std::string log = place_.path({base, FileKind::log, FileSuffix::none});
        MILENA_ASSIGN(const bool there, place_.disk.exists(log));
        if (!there) {
            problem(log + " is not there, the index cannot be checked");
            return nullptr;
        }
        return place_.disk.open(log, OpenMode::read);
    }

    Result<std::uint64_t> index_bytes(std::size_t entry_bytes) {
        MILENA_ASSIGN(const auto entry, place_.disk.stat(path_));
        if (entry.size % entry_bytes != 0) {
            problem(text(entry.size) + " bytes are no whole number of entries");
        }
        return entry.size;
    }

    // The first batch at or behind `position` whose last offset is at or above `offset`.
    Result<std::optional<BatchHead>> batch_from(const File& log, std::uint64_t position,
                                                Offset offset) {
        MILENA_ASSIGN(const std::uint64_t size, log.size());
        BatchScanner scanner(log, position, size, BatchScanner::kHeaderWindow);
        for (;;) {
            auto head = scanner.next();
            if (!head && is_corruption(head.error())) return std::nullopt;
            if (!head || !*head || (*head)->last_offset >= offset) return head;
        }
    }

    Status offsets(Offset base) {
        MILENA_ASSIGN(const std::uint64_t bytes, index_bytes(OffsetIndex::kEntryBytes));
        MILENA_ASSIGN(const auto log, log_of(base));
        const OffsetIndex index(place_, base, bytes);
        std::optional<IndexedPosition> before;
        for (std::size_t i = 0; i < index.file().size(); ++i) {
            MILENA_ASSIGN(const IndexedPosition entry, index.entry(i));
            tell("offset " + text(entry.offset.value()) + " position " + text(entry.position));
            if (before && (entry.offset <= before->offset || entry.position <= before->position)) {
                problem("it does not ascend");
            }
            before = entry;
            if (!log) continue;
            MILENA_ASSIGN(const auto head, batch_from(*log, entry.position, Offset{0}));
            if (!head || head->last_offset != entry.offset) {
                problem("the batch there ends at " +
                        (head ? text(head->last_offset.value()) : std::string("nothing")));
            }
        }
        return {};
    }

    Status times(Offset base) {
        MILENA_ASSIGN(const std::uint64_t bytes, index_bytes(TimeIndex::kEntryBytes));
        MILENA_ASSIGN(const auto log, log_of(base));
        const TimeIndex index(place_, base, bytes);
        std::optional<IndexedTimestamp> before;
        for (std::size_t i = 0; i < index.file().size(); ++i) {
            MILENA_ASSIGN(const IndexedTimestamp entry, index.entry(i));
            tell("timestamp " + text(entry.timestamp.value()) + " offset " +
                 text(entry.offset.value()));
            if (before && (entry.timestamp <= before->timestamp || entry.offset < before->offset)) {
                problem("it does not ascend");
            }
            before = entry;
            if (!log) continue;
            MILENA_ASSIGN(const auto head, batch_from(*log, 0, entry.offset));
            if (!head || head->last_offset != entry.offset ||
                head->max_timestamp != entry.timestamp) {
                problem("no batch that ends there has this timestamp as its largest");
            }
        }
        return {};
    }

    Status transactions(Offset base) {
        MILENA_ASSIGN(const std::uint64_t bytes, index_bytes(TxnIndex::kEntryBytes));
        const TxnIndex index(place_, base, bytes);
        for (std::size_t i = 0; i < index.file().size(); ++i) {
            const auto entry = index.entry(i);
            if (!entry && entry.error().io != IoCause::none) return std::unexpected(entry.error());
            if (!entry) {
                problem(entry.error().detail);
                continue;
            }
            tell("producer " + text(entry->producer_id.value()) + " first_offset " +
                 text(entry->first_offset.value()) + " last_offset " +
                 text(entry->last_offset.value()) + " last_stable_offset " +
                 text(entry->last_stable_offset.value()));
            if (entry->last_offset < entry->first_offset) problem("it ends before it begins");
        }
        return {};
    }

    // --- Snapshot ---

    Status producers() {
        MILENA_ASSIGN(const auto content, read_file(place_.disk, path_, kMaxSmallFile));
        ProducerState state;
        if (const auto decoded = decode_producer_snapshot(content, state); !decoded) {
            problem(decoded.error().detail);
            return {};
        }
        std::vector<ProducerId> ids;
        for (const auto& [id, entry] : state.entries()) ids.push_back(id);
        std::ranges::sort(ids);
        for (const ProducerId id : ids) {
            const ProducerEntry& entry = *state.find(id);
            const auto* last = entry.last_batch();
            tell("producer " + text(id.value()) + "/" + text(entry.epoch.value()) +
                 " last_sequence " + text(entry.last_sequence().value()) + " last_offset " +
                 text(last == nullptr ? -1 : last->last_offset.value()) + " timestamp " +
                 text(entry.last_timestamp.value()) + " coordinator_epoch " +
                 text(entry.coordinator_epoch) + " current_txn_first_offset " +
                 text(entry.current_txn_first_offset.value()));
        }
        return {};
    }

    const std::string& path_;
    FileCache files_{1};
    LogPlace place_;
    const DumpOptions& options_;
    Codecs& codecs_;
    const LineSink& line_;
    DumpResult result_;
};

constexpr std::array kTextFiles{
    kMetaProperties,          kCleanShutdownFile, kPartitionMetadata,     kLogStartCheckpoint,
    kRecoveryPointCheckpoint, kCleanerCheckpoint, kLeaderEpochCheckpoint, kHighWatermarkCheckpoint};

}  // namespace

Result<DumpResult> dump_file(Disk& disk, const std::string& path, const DumpOptions& options,
                             Codecs& codecs, const LineSink& line) {
    const std::string name = path.substr(path.rfind('/') + 1);
    Dump dump(disk, path, options, codecs, line);
    const auto segment = parse_segment_file(name);
    if (segment && segment->suffix == FileSuffix::none) return dump.segment(*segment);
    if (std::ranges::find(kTextFiles, name) != kTextFiles.end()) return dump.small_text();
    return fail(ErrorCode::INVALID_REQUEST,
                path + ": by its name this is no file of a data directory that can be told");
}

}  // namespace milena::log
