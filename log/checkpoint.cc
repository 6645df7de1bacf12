#include "log/checkpoint.h"

#include <array>
#include <charconv>
#include <optional>
#include <string_view>

namespace milena::log {
namespace {

constexpr std::uint64_t kMaxCheckpointBytes = 1ULL << 30;

std::unexpected<Error> malformed(const std::string& path, std::size_t line, std::string_view why) {
    return std::unexpected(Error{ErrorCode::KAFKA_STORAGE_ERROR,
                                 "checkpoint " + path + ", line " + std::to_string(line) + ": " +
                                     std::string(why) +
                                     "; restore the file, or remove it to recover every log",
                                 IoCause::broken});
}

// Cuts lines off a text and numbers them.
class Lines {
  public:
    explicit Lines(std::string_view text) : rest_(text) {}

    std::optional<std::string_view> next() {
        if (rest_.empty()) return std::nullopt;
        ++number_;
        const auto end = rest_.find('\n');
        const auto line = rest_.substr(0, end);
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
        return line;
    }
    std::size_t number() const { return number_; }

  private:
    std::string_view rest_;
    std::size_t number_ = 0;
};

template <class Number>
bool parse_number(std::string_view text, Number& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
}

// Splits "a b c" at single blanks; false unless there are exactly N parts.
template <std::size_t N>
bool split(std::string_view line, std::array<std::string_view, N>& parts) {
    for (std::size_t i = 0; i + 1 < N; ++i) {
        const auto blank = line.find(' ');
        if (blank == std::string_view::npos) return false;
        parts[i] = line.substr(0, blank);
        line.remove_prefix(blank + 1);
    }
    parts[N - 1] = line;
    return line.find(' ') == std::string_view::npos;
}

// Reads the frame and gives each entry line to `take`, which says whether it understood it.
template <class Take>
Status read_lines(Disk& disk, const std::string& path, Take take) {
    MILENA_ASSIGN(const bool there, disk.exists(path));
    if (!there) return {};
    MILENA_ASSIGN(const auto content, read_file(disk, path, kMaxCheckpointBytes));
    if (content.empty()) return {};
    Lines lines(as_text(content));

    int version = -1;
    const auto first = lines.next();
    if (!first || !parse_number(*first, version)) return malformed(path, 1, "no version number");
    if (version != 0) return malformed(path, 1, "version " + std::to_string(version) + ", not 0");
    std::size_t expected = 0;
    const auto second = lines.next();
    if (!second || !parse_number(*second, expected)) {
        return malformed(path, 2, "no number of entries");
    }
    std::size_t found = 0;
    while (const auto line = lines.next()) {
        if (line->empty()) continue;
        if (!take(*line)) return malformed(path, lines.number(), "not an entry");
        ++found;
    }
    if (found != expected) {
        return malformed(path, 2,
                         "announces " + std::to_string(expected) + " entries, there are " +
                             std::to_string(found));
    }
    return {};
}

std::string frame(std::size_t entries) {
    return "0\n" + std::to_string(entries) + "\n";
}

}  // namespace

Result<OffsetCheckpoint> read_offset_checkpoint(Disk& disk, const std::string& path) {
    OffsetCheckpoint offsets;
    MILENA_TRY(read_lines(disk, path, [&](std::string_view line) {
        std::array<std::string_view, 3> parts;
        std::int32_t partition = 0;
        std::int64_t offset = 0;
        if (!split(line, parts) || !parse_number(parts[1], partition) ||
            !parse_number(parts[2], offset)) {
            return false;
        }
        offsets[{std::string(parts[0]), PartitionIndex{partition}}] = Offset{offset};
        return true;
    }));
    return offsets;
}

std::string offset_checkpoint_text(const OffsetCheckpoint& offsets) {
    std::string text = frame(offsets.size());
    for (const auto& [id, offset] : offsets) {
        text.append(id.topic).append(" ").append(std::to_string(id.partition.value()));
        text.append(" ").append(std::to_string(offset.value())).append("\n");
    }
    return text;
}

Result<std::vector<EpochEntry>> read_epoch_checkpoint(Disk& disk, const std::string& path) {
    std::vector<EpochEntry> entries;
    MILENA_TRY(read_lines(disk, path, [&](std::string_view line) {
        std::array<std::string_view, 2> parts;
        std::int32_t epoch = 0;
        std::int64_t start = 0;
        if (!split(line, parts) || !parse_number(parts[0], epoch) ||
            !parse_number(parts[1], start) || epoch < 0 || start < 0) {
            return false;
        }
        const EpochEntry entry{LeaderEpoch{epoch}, Offset{start}};
        if (!entries.empty() && (entry.epoch <= entries.back().epoch ||
                                 entry.start_offset < entries.back().start_offset)) {
            return false;
        }
        entries.push_back(entry);
        return true;
    }));
    return entries;
}

std::string epoch_checkpoint_text(const std::vector<EpochEntry>& entries) {
    std::string text = frame(entries.size());
    for (const auto& entry : entries) {
        text += std::to_string(entry.epoch.value()) + " " +
                std::to_string(entry.start_offset.value()) + "\n";
    }
    return text;
}

}  // namespace milena::log
