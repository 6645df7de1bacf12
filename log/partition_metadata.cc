#include "log/partition_metadata.h"

#include "log/layout.h"

#include <string_view>

namespace milena::log {
namespace {

constexpr std::uint64_t kMaxBytes = 4096;
constexpr std::string_view kUnsettledSuffix = ".new";
constexpr std::string_view kVersionLine = "version: 0";
constexpr std::string_view kTopicId = "topic_id: ";

std::string path_in(const std::string& directory) {
    return join_path(directory, kPartitionMetadata);
}

std::string unsynced_path_in(const std::string& directory) {
    return path_in(directory).append(kUnsettledSuffix);
}

std::string text_of(TopicId topic_id) {
    std::string text(kVersionLine);
    return text.append("\n").append(kTopicId).append(topic_id.value().to_string());
}

Result<std::optional<TopicId>> read_from(Disk& disk, const std::string& path) {
    MILENA_ASSIGN(const bool there, disk.exists(path));
    if (!there) return std::nullopt;
    MILENA_ASSIGN(const auto content, read_file(disk, path, kMaxBytes));

    std::string_view text = as_text(content);
    while (text.ends_with('\n')) text.remove_suffix(1);
    const auto newline = text.find('\n');
    if (newline != std::string_view::npos && text.substr(0, newline) == kVersionLine) {
        const auto second = text.substr(newline + 1);
        if (second.starts_with(kTopicId)) {
            const auto id = Uuid::parse(second.substr(kTopicId.size()));
            if (id && !id->is_zero()) return TopicId{*id};
        }
    }
    return fail(ErrorCode::KAFKA_STORAGE_ERROR,
                path +
                    " does not name a topic id as \"version: 0\", \"topic_id: <id>\"; restore it "
                    "from the topic id that the cluster metadata has");
}

}  // namespace

bool is_unsettled_metadata(std::string_view file_name) {
    return file_name.starts_with(kPartitionMetadata) &&
           file_name.substr(kPartitionMetadata.size()) == kUnsettledSuffix;
}

Result<std::optional<TopicId>> read_partition_metadata(Disk& disk, const std::string& directory) {
    auto id = read_from(disk, path_in(directory));
    if (!id || *id) return id;
    id = read_from(disk, unsynced_path_in(directory));
    // A crash may have left anything of what was not synced.
    if (!id && id.error().io == IoCause::none) return std::nullopt;
    return id;
}

Status write_partition_metadata(Disk& disk, const std::string& directory, TopicId topic_id) {
    return replace_file(disk, path_in(directory), as_bytes(text_of(topic_id)));
}

Status begin_partition_metadata(Disk& disk, const std::string& directory, TopicId topic_id) {
    MILENA_ASSIGN(const auto file,
                  disk.open(unsynced_path_in(directory), OpenMode::open_or_create));
    MILENA_TRY(file->truncate(0));
    return file->write_at(0, as_bytes(text_of(topic_id)));
}

Status settle_partition_metadata(Disk& disk, const std::string& directory) {
    const std::string unsynced = unsynced_path_in(directory);
    const auto file = disk.open(unsynced, OpenMode::read_write);
    if (!file) {
        if (file.error().io == IoCause::not_found) return {};
        return std::unexpected(file.error());
    }
    MILENA_TRY((*file)->sync());
    return disk.rename(unsynced, path_in(directory));
}

}  // namespace milena::log
