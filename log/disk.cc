#include "log/disk.h"

#include <cerrno>
#include <system_error>

namespace milena::log {
namespace {

std::string read_detail(const std::string& path, std::uint64_t position, std::size_t bytes) {
    return "read " + std::to_string(bytes) + " bytes at " + std::to_string(position) + " of " +
           path + ": ";
}

}  // namespace

Result<std::size_t> File::read_up_to(std::uint64_t position, MutableBytes into) const {
    const std::int64_t count = read_some(position, into);
    if (count < 0) {
        const auto reason = std::generic_category().message(static_cast<int>(-count));
        return std::unexpected(Error{ErrorCode::KAFKA_STORAGE_ERROR,
                                     read_detail(path(), position, into.size()) + reason,
                                     IoCause::broken});
    }
    return static_cast<std::size_t>(count);
}

Status File::read_at(std::uint64_t position, MutableBytes into) const {
    MILENA_ASSIGN(const std::size_t count, read_up_to(position, into));
    if (count == into.size()) return {};
    return std::unexpected(Error{ErrorCode::KAFKA_STORAGE_ERROR,
                                 read_detail(path(), position, into.size()) +
                                     "the file ends after " + std::to_string(count) + " of them",
                                 IoCause::end_of_file});
}

std::string join_path(std::string_view directory, std::string_view name) {
    std::string path(directory);
    if (!path.empty() && path.back() != '/') path += '/';
    return path.append(name);
}

std::string parent_path(std::string_view path) {
    while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
    const auto slash = path.rfind('/');
    if (slash == std::string_view::npos) return ".";
    return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

Result<std::vector<std::uint8_t>> read_file(Disk& disk, const std::string& path,
                                            std::uint64_t limit) {
    MILENA_ASSIGN(const auto file, disk.open(path, OpenMode::read));
    MILENA_ASSIGN(const std::uint64_t size, file->size());
    if (size > limit) {
        return fail(ErrorCode::KAFKA_STORAGE_ERROR,
                    "read " + path + ": " + std::to_string(size) + " bytes, but at most " +
                        std::to_string(limit) + " make sense; is it the right file?");
    }
    std::vector<std::uint8_t> content(size);
    MILENA_TRY(file->read_at(0, content));
    return content;
}

Status replace_file(Disk& disk, const std::string& path, ByteView content) {
    const std::string temporary = path + std::string(kTemporarySuffix);
    MILENA_ASSIGN(const auto file, disk.open(temporary, OpenMode::open_or_create));
    MILENA_TRY(file->truncate(0));
    MILENA_TRY(file->write_at(0, content));
    MILENA_TRY(file->sync());
    MILENA_TRY(disk.rename(temporary, path));
    return disk.sync_dir(parent_path(path));
}

Status remove_tree(Disk& disk, const std::string& path) {
    MILENA_ASSIGN(const auto entries, disk.list(path));
    for (const auto& entry : entries) {
        const std::string child = join_path(path, entry.name);
        MILENA_TRY(entry.is_directory ? remove_tree(disk, child) : disk.remove(child));
    }
    return disk.remove(path);
}

}  // namespace milena::log
