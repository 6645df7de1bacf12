// The production Disk: Linux system calls. The only place of the broker that calls the kernel for
// files.
#pragma once

#include "log/disk.h"

namespace milena::log {

class PosixDisk final : public Disk {
  public:
    Result<std::shared_ptr<File>> open(const std::string& path, OpenMode mode) override;
    Status rename(const std::string& from, const std::string& to) override;
    Status remove(const std::string& path) override;
    Result<std::vector<DirectoryEntry>> list(const std::string& directory) override;
    Result<DirectoryEntry> stat(const std::string& path) override;
    Result<bool> exists(const std::string& path) override;
    Status make_dir(const std::string& path) override;
    Status sync_dir(const std::string& path) override;
    Result<DiskSpace> space(const std::string& path) override;
    Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;
};

}  // namespace milena::log
