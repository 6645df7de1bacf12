#include "log/clean_shutdown.h"

#include "log/layout.h"

#include <charconv>
#include <string_view>

namespace milena::log {
namespace {

constexpr std::uint64_t kMaxBytes = 4096;

std::optional<BrokerEpoch> find_broker_epoch(std::string_view text) {
    constexpr std::string_view kKey = "\"brokerEpoch\"";
    const auto key = text.find(kKey);
    if (key == std::string_view::npos) return std::nullopt;
    text.remove_prefix(key + kKey.size());
    const auto value = text.find_first_not_of(" \t\r\n:");
    if (value == std::string_view::npos) return std::nullopt;
    text.remove_prefix(value);
    std::int64_t epoch = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), epoch);
    if (parsed.ec != std::errc{}) return std::nullopt;
    return BrokerEpoch{epoch};
}

}  // namespace

Result<std::optional<CleanShutdown>> read_clean_shutdown(Disk& disk, const std::string& directory) {
    const std::string path = join_path(directory, kCleanShutdownFile);
    MILENA_ASSIGN(const bool there, disk.exists(path));
    if (!there) return std::nullopt;
    MILENA_ASSIGN(const auto content, read_file(disk, path, kMaxBytes));
    return CleanShutdown{find_broker_epoch(as_text(content))};
}

Status write_clean_shutdown(Disk& disk, const std::string& directory, BrokerEpoch broker_epoch) {
    const std::string text =
        R"({"version":0,"brokerEpoch":)" + std::to_string(broker_epoch.value()) + "}";
    return replace_file(disk, join_path(directory, kCleanShutdownFile), as_bytes(text));
}

Status remove_clean_shutdown(Disk& disk, const std::string& directory) {
    const std::string path = join_path(directory, kCleanShutdownFile);
    MILENA_ASSIGN(const bool there, disk.exists(path));
    if (!there) return {};
    MILENA_TRY(disk.remove(path));
    return disk.sync_dir(directory);
}

}  // namespace milena::log
