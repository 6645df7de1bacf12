#include "log/file_handle.h"

namespace milena::log {

Status FileHandle::open(OpenMode mode) const {
    MILENA_ASSIGN(file_, place_->disk.open(path(), mode));
    return {};
}

Status FileHandle::create() {
    used_ = true;
    return open(OpenMode::create);
}

Result<File*> FileHandle::get() const {
    used_ = true;
    if (!file_) MILENA_TRY(open(OpenMode::read_write));
    return file_.get();
}

Result<std::shared_ptr<File>> FileHandle::share() const {
    used_ = true;
    if (!file_) MILENA_TRY(open(OpenMode::read_write));
    return file_;
}

Result<File*> FileHandle::get_or_create() {
    used_ = true;
    if (!file_) MILENA_TRY(open(OpenMode::open_or_create));
    return file_.get();
}

void FileHandle::release_if_idle() const {
    if (!used_) file_.reset();
    used_ = false;
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
    file_.reset();
    return place_->disk.remove(path());
}

Status FileHandle::replace(ByteView content) {
    release();
    return replace_file(place_->disk, path(), content);
}

}  // namespace milena::log
