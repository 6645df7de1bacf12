#include "log/file_handle.h"

#include <utility>

namespace milena::log {

Result<std::shared_ptr<File>> FileHandle::open(OpenMode mode) const {
    if (auto held = place_->files.find(ticket_)) return held;
    MILENA_ASSIGN(auto file, place_->disk.open(path(), mode));
    ticket_ = place_->files.put(file);
    return file;
}

Status FileHandle::create() {
    release();
    MILENA_ASSIGN([[maybe_unused]] const auto file, open(OpenMode::create));
    return {};
}

Result<std::shared_ptr<File>> FileHandle::get() const {
    return open(OpenMode::read_write);
}

Result<std::shared_ptr<File>> FileHandle::get_or_create() {
    return open(OpenMode::open_or_create);
}

void FileHandle::release() const {
    place_->files.drop(std::exchange(ticket_, {}));
}

Status FileHandle::rename(FileSuffix suffix) {
    const std::string from = path();
    const FileSuffix before = name_.suffix;
    name_.suffix = suffix;
    auto renamed = place_->disk.rename(from, path());
    if (renamed || renamed.error().io == IoCause::not_found) return {};
    name_.suffix = before;
    return renamed;
}

Status FileHandle::remove() {
    release();
    return place_->disk.remove(path());
}

Status FileHandle::replace(ByteView content) {
    release();
    return replace_file(place_->disk, path(), content);
}

}  // namespace milena::log
