// What tests of a log store with its partitions share. The disk is the derived fixture's, which
// calls release() before it goes.
#pragma once

#include "broker/replica/flusher.h"
#include "broker/replica/log_store.h"
#include "log/file_cache.h"
#include "protocol/base/logger.h"
#include "protocol/record/batch_builder.h"
#include "protocol/record/compress.h"
#include "tests/unit/broker/support/clocks.h"

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace milena::replica {

struct StoreFixture : testing::Test {
    explicit StoreFixture(log::Disk& on) : used_disk(on) { set_log_level(LogLevel::off); }
    void release() {
        partitions.clear();
        store.reset();
    }

    void open(int directories = 1) {
        release();
        LogStore::Options options;
        for (int i = 0; i < directories; ++i) options.paths.push_back(path(i));
        options.identity = {"cluster", BrokerId(1)};
        options.files = &files;
        options.room_marks = [this] { return room; };
        auto opened = LogStore::open(used_disk, std::move(options), clock, random);
        ASSERT_TRUE(opened) << opened.error().detail;
        store = std::move(*opened);
        ASSERT_TRUE(store->begin());
    }
    std::string path(int directory) const { return root + "/" + std::to_string(directory); }
    static PartitionName name(int index, Uuid topic = Uuid{1, 2}) {
        return {"t", TopicId(topic), PartitionIndex(index)};
    }
    std::shared_ptr<Partition> add(const PartitionName& name,
                                   LogStore::Known known = LogStore::Known::since_before) {
        const auto dormant = store->claim(name, known);
        auto partition = std::make_shared<Partition>(
            name, BrokerId(1), dormant, *store, std::make_shared<TopicSettings>(settings), flusher);
        partition->become_leader({LeaderEpoch(3), PartitionEpoch(0), {BrokerId(1)}, {BrokerId(1)}},
                                 Offset(0), {});
        partitions.push_back(partition);
        return partition;
    }
    Result<AppendOutcome> append(Partition& partition,
                                 log::AppendOrigin origin = log::AppendOrigin::client,
                                 std::size_t bytes = 5, Acks acks = Acks::leader) {
        builder.reset({});
        const std::string value(bytes, 'v');
        builder.add(clock.wall_now(), NullableBytes(), NullableBytes(as_bytes(value)));
        return partition.append(builder.finish(), acks, origin, now());
    }
    std::int64_t end_of(Partition& partition) {
        const auto end = partition.find_offset(
            OffsetQuery::latest, {}, partition::Reader::uncommitted, kNoLeaderEpoch, codecs);
        return end ? end->offset.value() : -static_cast<std::int64_t>(end.error().code);
    }
    void checkpoint() { ASSERT_TRUE(store->checkpoint(partitions)); }
    void stop() {
        LogStore::Marks marks;
        for (const auto& partition : partitions) {
            const auto last = partition->close(Partition::Closing::clean, now());
            ASSERT_TRUE(last) << last.error().detail;
            if (*last) marks.emplace_back(partition->name(), **last);
        }
        ASSERT_TRUE(store->close(marks, {}, BrokerEpoch(1)));
    }
    // Syncs that were asked for.
    void run_jobs() {
        while (!jobs.empty()) {
            auto job = std::move(jobs.front());
            jobs.pop_front();
            job();
        }
    }
    log::LogTime now() const { return {clock.wall_now(), clock.now()}; }

    log::Disk& used_disk;
    StandingClock clock;
    SeededRandom random{1};
    log::FileCache files{64};
    std::string root = "/data";
    TopicSettings settings = [] {
        TopicSettings usual;
        usual.replication.durability = partition::Durability::page_cache;
        return usual;
    }();
    RoomMarks room{100'000, 200'000};
    std::deque<Flusher::Job> jobs;
    Flusher flusher{used_disk, clock, [this](Flusher::Job job) { jobs.push_back(std::move(job)); }};
    BatchBuilder builder;
    Codecs codecs;
    std::unique_ptr<LogStore> store;
    std::vector<std::shared_ptr<Partition>> partitions;
};

}  // namespace milena::replica
