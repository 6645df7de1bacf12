#include "log/partition_metadata.h"

#include "log/layout.h"

#include <string_view>

namespace milena::log {
namespace {

constexpr std::uint64_t kMaxBytes = 4096;
constexpr std::string_view kVersionLine = "version: 0";
constexpr std::string_view kTopicId = "topic_id: ";

}  // namespace

Result<std::optional<TopicId>> read_partition_metadata(Disk& disk, const std::string& directory) {
    const std::string path = join_path(directory, kPartitionMetadata);
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

Status write_partition_metadata(Disk& disk, const std::string& directory, TopicId topic_id) {
    std::string text(kVersionLine);
    text.append("\n").append(kTopicId).append(topic_id.value().to_string());
    return replace_file(disk, join_path(directory, kPartitionMetadata), as_bytes(text));
}

}  // namespace milena::log
