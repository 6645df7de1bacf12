#include "broker/quorum/snapshot_file.h"

#include "protocol/msg/records/snapshot_footer_record.h"
#include "protocol/msg/records/snapshot_header_record.h"
#include "protocol/wire/frame.h"
#include "replication/metadata/snapshot_records.h"
#include "replication/raft/voters_record.h"

#include <charconv>

namespace milena::quorum {
namespace {

constexpr std::string_view kSuffix = ".checkpoint";
constexpr std::string_view kPartSuffix = ".part";
constexpr std::size_t kOffsetDigits = 20;
constexpr std::size_t kEpochDigits = 10;
// A batch of a snapshot stays well below the 8 MiB that the quorum's readers take.
constexpr std::size_t kMaxBatchRecords = 10'000;
constexpr std::size_t kMaxBatchBytes = 4U << 20;
// A snapshot is read in pieces of this size, more where a batch is longer.
constexpr std::size_t kReadBytes = 4U << 20;

std::string digits(std::int64_t number, std::size_t width) {
    std::string text = std::to_string(number);
    return std::string(width - std::min(width, text.size()), '0') + text;
}

template <class T>
std::optional<T> parse_digits(std::string_view text) {
    T number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
    return number;
}

class SnapshotWriter {
  public:
    SnapshotWriter(log::File& file, LeaderEpoch epoch, TimestampMs now)
        : file_(file), epoch_(epoch), now_(now) {}

    template <class T>
    void add_control(ControlType type, const T& message) {
        auto bytes = encode_message(message, ApiVersion(0));
        MILENA_ASSERT(bytes.has_value());
        add_control_body(type, *std::move(bytes));
    }
    void add_control_body(ControlType type, std::vector<std::uint8_t> body) {
        control_.emplace_back(type, std::move(body));
    }
    void finish_control() {
        std::vector<ControlRecord> records;
        for (const auto& [type, bytes] : control_) records.push_back({type, bytes});
        auto batch = build_control_batch(traits(), now_, records);
        next_offset_ = next_offset_ + static_cast<std::int64_t>(records.size());
        control_.clear();
        write(batch);
    }
    void add_data(const RecordList& records) {
        BatchBuilder builder(traits());
        for (std::size_t i = 0; i < records.size(); ++i) builder.add(now_, {}, records[i]);
        next_offset_ = next_offset_ + static_cast<std::int64_t>(records.size());
        write(builder.finish());
    }
    const Status& status() const { return status_; }

  private:
    BatchTraits traits() const {
        BatchTraits traits;
        traits.base_offset = next_offset_;
        traits.leader_epoch = epoch_;
        return traits;
    }
    void write(ByteView batch) {
        if (status_) status_ = file_.write_at(position_, batch);
        position_ += batch.size();
    }

    log::File& file_;
    const LeaderEpoch epoch_;
    const TimestampMs now_;
    Offset next_offset_{0};
    std::uint64_t position_ = 0;
    std::vector<std::pair<ControlType, std::vector<std::uint8_t>>> control_;
    Status status_;
};

void write_header(SnapshotWriter& writer, const metadata::Image& image,
                  const raft::VoterSet& voters) {
    msg::SnapshotHeaderRecord header;
    header.last_contained_log_timestamp = image.provenance.last_timestamp;
    writer.add_control(ControlType::snapshot_header, header);
    if (voters.kraft_version >= 1) {
        writer.add_control_body(ControlType::kraft_version, raft::encode_kraft_version(voters));
        writer.add_control_body(ControlType::kraft_voters, raft::encode_voters(voters));
    }
    writer.finish_control();
}

// Passes on all but the frame of the snapshot, which it checks.
class FramedVisitor final : public metadata::BatchVisitor {
  public:
    explicit FramedVisitor(metadata::BatchVisitor& inner) : inner_(inner) {}

    Status on_record(ByteView value) override {
        if (!has_header) return unframed();
        return inner_.on_record(value);
    }
    Status on_control(ControlType type, ByteView value) override {
        if (has_footer || (!has_header && type != ControlType::snapshot_header)) return unframed();
        if (type == ControlType::snapshot_header) {
            has_header = true;
            return {};
        }
        if (type == ControlType::snapshot_footer) {
            has_footer = true;
            return {};
        }
        return inner_.on_control(type, value);
    }
    void on_batch_end(const BatchView&) override {}

    bool has_header = false;
    bool has_footer = false;

  private:
    static Status unframed() {
        return fail(ErrorCode::INVALID_RECORD, "records outside header and footer");
    }
    metadata::BatchVisitor& inner_;
};

Status walk_file(const log::File& file, metadata::BatchVisitor& visitor) {
    MILENA_ASSIGN(const std::uint64_t size, file.size());
    metadata::BatchWalk walk;
    std::vector<std::uint8_t> buffer;
    std::uint64_t position = 0;
    std::size_t piece = kReadBytes;
    while (position < size) {
        buffer.resize(std::min<std::uint64_t>(piece, size - position));
        MILENA_TRY(file.read_at(position, buffer));
        MILENA_ASSIGN(const std::size_t walked, walk.walk(buffer, visitor));
        if (walked == 0 && position + buffer.size() == size) {
            return fail(ErrorCode::INVALID_RECORD, "the last batch is cut off");
        }
        piece = walked == 0 ? piece * 2 : kReadBytes;
        position += walked;
    }
    return {};
}

}  // namespace

std::string snapshot_name(const SnapshotId& id) {
    return digits(id.end.value(), kOffsetDigits) + "-" + digits(id.epoch.value(), kEpochDigits) +
           std::string(kSuffix);
}

std::optional<SnapshotId> parse_snapshot_name(std::string_view name) {
    if (name.size() != kOffsetDigits + 1 + kEpochDigits + kSuffix.size() ||
        !name.ends_with(kSuffix) || name[kOffsetDigits] != '-') {
        return std::nullopt;
    }
    const auto end = parse_digits<std::int64_t>(name.substr(0, kOffsetDigits));
    const auto epoch = parse_digits<std::int32_t>(name.substr(kOffsetDigits + 1, kEpochDigits));
    if (!end || !epoch) return std::nullopt;
    return SnapshotId{Offset(*end), LeaderEpoch(*epoch)};
}

Status write_snapshot(log::Disk& disk, const std::string& directory, const metadata::Image& image,
                      const raft::VoterSet& voters, TimestampMs now) {
    const SnapshotId id{image.provenance.end, image.provenance.epoch};
    const std::string path = log::join_path(directory, snapshot_name(id));
    const std::string part = path + std::string(kPartSuffix);
    MILENA_ASSIGN(const auto file, disk.open(part, log::OpenMode::open_or_create));
    MILENA_TRY(file->truncate(0));
    SnapshotWriter writer(*file, id.epoch, now);
    write_header(writer, image, voters);
    metadata::write_image(image, kMaxBatchRecords, kMaxBatchBytes,
                          [&](const RecordList& records) { writer.add_data(records); });
    writer.add_control(ControlType::snapshot_footer, msg::SnapshotFooterRecord{});
    writer.finish_control();
    MILENA_TRY(writer.status());
    MILENA_TRY(file->sync());
    MILENA_TRY(disk.rename(part, path));
    return disk.sync_dir(directory);
}

Status read_snapshot(log::Disk& disk, const std::string& directory, const SnapshotId& id,
                     metadata::BatchVisitor& visitor) {
    return read_snapshot_file(disk, log::join_path(directory, snapshot_name(id)), visitor);
}

Status read_snapshot_file(log::Disk& disk, const std::string& path,
                          metadata::BatchVisitor& visitor) {
    MILENA_ASSIGN(const auto file, disk.open(path, log::OpenMode::read));
    FramedVisitor framed(visitor);
    if (auto status = walk_file(*file, framed); !status) {
        status.error().detail = path + ": " + status.error().detail;
        return status;
    }
    if (!framed.has_footer) {
        return fail(ErrorCode::INVALID_RECORD,
                    path + " has no footer: it was not written to its end");
    }
    return {};
}

}  // namespace milena::quorum
