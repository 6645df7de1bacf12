#include "broker/server/storage_limits.h"

#include <algorithm>

#include <sys/resource.h>

namespace milena::broker {
namespace {

namespace key = config::opt::broker;

// Below the first a log hardly works, above the second more files make nothing faster.
constexpr std::size_t kLeastFiles = 32;
constexpr std::size_t kMostFiles = 16'384;

std::optional<std::uint64_t> bytes_or_usual(std::int64_t setting) {
    if (setting < 0) return std::nullopt;
    return static_cast<std::uint64_t>(setting);
}

}  // namespace

std::size_t max_open_log_files(const config::Settings& settings) {
    if (const auto set = settings.get(key::log_open_files_max); set > 0) {
        return static_cast<std::size_t>(set);
    }
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kLeastFiles;
    return std::clamp<std::size_t>(limit.rlim_cur / 2, kLeastFiles, kMostFiles);
}

replica::RoomMarks room_marks(const config::Settings& settings) {
    return {bytes_or_usual(settings.get(key::disk_full_refuse_bytes)),
            bytes_or_usual(settings.get(key::disk_full_resume_bytes))};
}

}  // namespace milena::broker
