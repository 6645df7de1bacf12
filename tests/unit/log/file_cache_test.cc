#include "log/file_cache.h"

#include "log/file_handle.h"
#include "tests/unit/log/support/log_fixture.h"

#include <random>
#include <thread>

#include <gtest/gtest.h>

namespace milena::log::test {
namespace {

struct FileCacheTest : testing::Test {
    FileCacheTest() { expect_ok(disk.make_dir("/p")); }
    std::shared_ptr<File> file(int number) {
        return value_of(disk.open("/p/f" + std::to_string(number), OpenMode::open_or_create));
    }
    MemoryDisk disk;
};

TEST_F(FileCacheTest, HoldsSoManyAndNoMore) {
    FileCache cache(3);
    std::vector<std::weak_ptr<File>> files;
    for (int i = 0; i < 10; ++i) {
        auto opened = file(i);
        files.push_back(opened);
        cache.put(std::move(opened));
        EXPECT_LE(cache.open_files(), 3U);
    }
    EXPECT_EQ(cache.open_files(), 3U);
    EXPECT_EQ(std::ranges::count_if(files, [](const auto& each) { return !each.expired(); }), 3);
}

TEST_F(FileCacheTest, WhatIsUsedStaysLongerThanWhatIsNot) {
    FileCache cache(4);
    const auto used = cache.put(file(0));
    int misses = 0;
    for (int i = 1; i < 50; ++i) {
        cache.put(file(i));
        if (!cache.find(used)) ++misses;
    }
    EXPECT_EQ(misses, 0);
}

TEST_F(FileCacheTest, ATicketNeverLeadsToAnotherFile) {
    FileCache cache(2);
    const auto first = cache.put(file(0));
    const auto second = cache.put(file(1));
    cache.drop(second);
    EXPECT_EQ(cache.find(second), nullptr);
    const auto third = cache.put(file(2));
    EXPECT_EQ(cache.find(second), nullptr) << "its place has been taken";
    EXPECT_EQ(cache.find(third)->path(), "/p/f2");
    cache.drop(second);
    EXPECT_NE(cache.find(third), nullptr) << "dropping twice drops nobody else";
    EXPECT_EQ(cache.find(first)->path(), "/p/f0");
    EXPECT_EQ(cache.find(FileCache::Ticket()), nullptr);
}

TEST_F(FileCacheTest, WhoHoldsAFileKeepsItOpen) {
    FileCache cache(1);
    const auto held = file(0);
    cache.put(held);
    cache.put(file(1));
    EXPECT_EQ(cache.open_files(), 1U);
    expect_ok(held->write_at(0, as_bytes(std::string_view("still here"))));
    EXPECT_EQ(disk.text("/p/f0"), "still here");
}

TEST_F(FileCacheTest, AHandleOpensAgainWhatHadToGo) {
    FileCache cache(1);
    const LogPlace place{disk, "/p", cache};
    FileHandle one(place, {Offset{0}, FileKind::log, FileSuffix::none});
    FileHandle two(place, {Offset{5}, FileKind::log, FileSuffix::none});
    expect_ok(one.create());
    expect_ok(two.create());
    expect_ok(value_of(one.get())->write_at(0, as_bytes(std::string_view("one"))));
    expect_ok(value_of(two.get())->write_at(0, as_bytes(std::string_view("two"))));
    expect_ok(one.rename(FileSuffix::deleted));
    expect_ok(value_of(one.get())->write_at(3, as_bytes(std::string_view("!"))));
    EXPECT_EQ(disk.text("/p/00000000000000000000.log.deleted"), "one!");
    EXPECT_EQ(disk.text("/p/00000000000000000005.log"), "two");
    EXPECT_EQ(cache.open_files(), 1U);
}

TEST_F(FileCacheTest, ThreadsGetTheFilesTheyAskFor) {
    constexpr int kFiles = 600;
    FileCache cache(256);
    const LogPlace place{disk, "/p", cache};
    // Each thread has handles of its own, as partitions do; the cache is what they share.
    const auto work = [&](int first, int last, std::uint64_t seed) {
        std::vector<std::unique_ptr<FileHandle>> handles;
        for (int i = first; i < last; ++i) {
            handles.push_back(std::make_unique<FileHandle>(
                place, SegmentFileName{Offset{i}, FileKind::log, FileSuffix::none}));
        }
        std::mt19937_64 random(seed);
        for (int i = 0; i < 2'000; ++i) {
            const auto& handle = *handles[random() % handles.size()];
            const auto file = handle.get();
            if (!file || (*file)->path() != handle.path()) return false;
            if (random() % 8 == 0) handle.release();
        }
        return true;
    };
    for (int i = 0; i < kFiles; ++i) {
        disk.put(place.path({Offset{i}, FileKind::log, FileSuffix::none}), "x");
    }
    bool good = false;
    std::thread other([&] { good = work(0, kFiles / 2, 1); });
    EXPECT_TRUE(work(kFiles / 2, kFiles, 2));
    other.join();
    EXPECT_TRUE(good);
    EXPECT_LE(cache.open_files(), 256U);
}

}  // namespace
}  // namespace milena::log::test
