// What tests of the quorum run on: a directory of its own, a disk that can be told to refuse, a
// clock and randomness under control, tasks run when the test says so.
#pragma once

#include "broker/quorum/quorum.h"
#include "log/posix_disk.h"
#include "tests/unit/broker/support/clocks.h"

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace milena::quorum {

class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        std::string pattern = (std::filesystem::temp_directory_path() / "quorum-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

// A real disk with faults that a test switches on.
class FaultyDisk final : public log::Disk {
  public:
    bool is_full = false;      // writes of records find no room
    bool sync_fails = false;   // fdatasync of segments reports an error
    std::size_t syncs = 0;     // of segments
    std::size_t replaces = 0;  // renames over quorum-state

    Result<std::shared_ptr<log::File>> open(const std::string& path, log::OpenMode mode) override {
        MILENA_ASSIGN(auto file, disk_.open(path, mode));
        return std::make_shared<FaultyFile>(*this, std::move(file));
    }
    Status rename(const std::string& from, const std::string& to) override {
        if (to.ends_with("quorum-state")) ++replaces;
        return disk_.rename(from, to);
    }
    Status remove(const std::string& path) override { return disk_.remove(path); }
    Result<std::vector<log::DirectoryEntry>> list(const std::string& path) override {
        return disk_.list(path);
    }
    Result<log::DirectoryEntry> stat(const std::string& path) override { return disk_.stat(path); }
    Result<bool> exists(const std::string& path) override { return disk_.exists(path); }
    Status make_dir(const std::string& path) override { return disk_.make_dir(path); }
    Status sync_dir(const std::string&) override { return {}; }
    Result<log::DiskSpace> space(const std::string& path) override { return disk_.space(path); }
    Result<std::unique_ptr<log::FileLock>> lock(const std::string& path) override {
        return disk_.lock(path);
    }

  private:
    class FaultyFile final : public log::File {
      public:
        FaultyFile(FaultyDisk& disk, std::shared_ptr<log::File> file)
            : disk_(disk), file_(std::move(file)), is_log_(file_->path().ends_with(".log")) {}
        const std::string& path() const override { return file_->path(); }
        int native_handle() const override { return file_->native_handle(); }
        std::int64_t read_some(std::uint64_t position, MutableBytes into) const override {
            return file_->read_some(position, into);
        }
        Result<std::uint64_t> size() const override { return file_->size(); }
        Status write_at(std::uint64_t position, ByteView bytes) override {
            if (disk_.is_full && is_log_) return full();
            return file_->write_at(position, bytes);
        }
        Status write_at(std::uint64_t position, std::span<const ByteView> pieces) override {
            if (disk_.is_full && is_log_) return full();
            return file_->write_at(position, pieces);
        }
        Status sync() override {
            disk_.syncs += is_log_;
            if (disk_.sync_fails && is_log_) {
                return std::unexpected(Error{ErrorCode::KAFKA_STORAGE_ERROR,
                                             "fdatasync of " + path() + ": Input/output error",
                                             IoCause::broken});
            }
            return {};  // these tests kill processes, not machines
        }
        Status truncate(std::uint64_t size) override { return file_->truncate(size); }
        Status preallocate(std::uint64_t position, std::uint64_t length) override {
            if (disk_.is_full && is_log_) return full();
            return file_->preallocate(position, length);
        }
        Status start_writeback(std::uint64_t position, std::uint64_t length) override {
            return file_->start_writeback(position, length);
        }
        void advise(std::uint64_t position, std::uint64_t length, log::Advice advice) override {
            file_->advise(position, length, advice);
        }

      private:
        Status full() const {
            return std::unexpected(Error{ErrorCode::KAFKA_STORAGE_ERROR,
                                         "write to " + path() + ": No space left on device",
                                         IoCause::no_space});
        }
        FaultyDisk& disk_;
        std::shared_ptr<log::File> file_;
        const bool is_log_;
    };

    log::PosixDisk disk_;
};

class AnySetting final : public metadata::ConfigRules {
  public:
    Status validate(const metadata::ConfigResource&, const metadata::ConfigMap&) const override {
        return {};
    }
    bool is_list(metadata::ResourceType, std::string_view) const override { return false; }
    std::optional<std::string> default_value(metadata::ResourceType,
                                             std::string_view) const override {
        return std::nullopt;
    }
};

// One node: its quorum can be stopped, killed and started again on the same directory.
class TestNode {
  public:
    explicit TestNode(std::uint64_t seed = 1) : random(seed) {
        options.node = BrokerId(1);
        options.data_directory = directory.path();
        options.directory_id = DirectoryId(Uuid{3, 3});
        options.controller.cluster_id = "test-cluster";
        options.on_failure = [this](const Error& error) { failure = error; };
    }

    Result<std::unique_ptr<Quorum>> open() {
        return Quorum::open(options, disk, clock, random, rules, [this](net::Task task) {
            if (hold_tasks) {
                tasks.push_back(std::move(task));
            } else {
                task();
            }
        });
    }
    // Leads; not registered.
    void start() {
        auto opened = open();
        ASSERT_TRUE(opened) << opened.error().detail;
        quorum = std::move(*opened);
        quorum->subscribe([this](const auto& before, const auto& after, const auto& delta) {
            EXPECT_EQ(quorum->image(), after);
            if (on_publish) on_publish(*before, *after, delta);
            ++publications;
        });
        const auto started = quorum->start();
        ASSERT_TRUE(started) << started.error().detail;
    }
    void start_and_register() {
        start();
        register_broker();
    }
    void register_broker() {
        const auto registered = quorum->register_broker(
            {.incarnation = random.uuid(),
             .endpoints = {{"PLAINTEXT", "127.0.0.1", 9092, metadata::SecurityProtocol::plaintext}},
             .rack = std::nullopt,
             .log_dirs = {options.directory_id}});
        ASSERT_TRUE(registered) << registered.error().detail;
        epoch = *registered;
    }
    void stop() {
        const auto stopped = quorum->stop();
        EXPECT_TRUE(stopped) << stopped.error().detail;
        quorum.reset();
    }
    // As a kill -9 leaves it: what was not synced may or may not be there.
    void kill() { quorum.reset(); }

    void run_tasks() {
        while (!tasks.empty()) {
            auto task = std::move(tasks.front());
            tasks.pop_front();
            task();
        }
    }

    // With hold_tasks false, answered when it returns.
    template <class R>
    Result<typename R::Reply> ask(R request) {
        std::optional<Result<typename R::Reply>> answer;
        quorum->submit<R>(std::move(request), [&](auto reply) { answer = std::move(reply); });
        EXPECT_TRUE(answer.has_value());
        return std::move(*answer);
    }
    static metadata::CreateTopics create_request(std::string name, std::int32_t partitions = 1) {
        metadata::CreateTopics request;
        request.topics.push_back(
            {.name = std::move(name), .partitions = partitions, .replication_factor = 1});
        return request;
    }
    // NONE, or why not.
    ErrorCode create(const std::string& name, std::int32_t partitions = 1) {
        const auto reply = ask(create_request(name, partitions));
        return reply ? reply->topics.at(0).error.code : reply.error().code;
    }
    metadata::ImagePtr image() const { return quorum->image(); }
    std::string metadata_directory() const { return directory.path() + "/__cluster_metadata-0"; }

    TemporaryDirectory directory;
    FaultyDisk disk;
    StandingClock clock{MonoTime(std::chrono::seconds(1))};
    SeededRandom random;
    AnySetting rules;
    QuorumOptions options;
    std::unique_ptr<Quorum> quorum;
    BrokerEpoch epoch{-1};
    std::optional<Error> failure;
    bool hold_tasks = false;
    std::deque<net::Task> tasks;
    std::size_t publications = 0;
    std::function<void(const metadata::Image&, const metadata::Image&, const metadata::Delta&)>
        on_publish;
};

}  // namespace milena::quorum
