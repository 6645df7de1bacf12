#include "log/disk.h"

#include "tests/unit/log/support/log_fixture.h"

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

TEST(Disk, PathsAreJoinedAndCut) {
    EXPECT_EQ(join_path("a", "b"), "a/b");
    EXPECT_EQ(join_path("a/", "b"), "a/b");
    EXPECT_EQ(join_path("/", "b"), "/b");
    EXPECT_EQ(parent_path("/a/b"), "/a");
    EXPECT_EQ(parent_path("/a/"), "/");
    EXPECT_EQ(parent_path("/a"), "/");
    EXPECT_EQ(parent_path("a"), ".");
}

// Whatever call fails, and whether or not the power goes then, the file is the old or the new one.
TEST(Disk, ReplaceFileLeavesOldOrNewWhateverFails) {
    bool completed = false;
    for (std::uint64_t failing = 0; !completed; ++failing) {
        for (const bool power_cut : {false, true}) {
            MemoryDisk disk;
            expect_ok(disk.make_dir("/d"));
            expect_ok(replace_file(disk, "/d/f", as_bytes("old")));
            const std::uint64_t start = disk.operations;
            disk.fault = [&](Operation, const std::string&) -> std::optional<IoCause> {
                if (disk.operations - start == failing + 1) return IoCause::broken;
                return std::nullopt;
            };
            const auto replaced = replace_file(disk, "/d/f", as_bytes("newer"));
            completed = replaced.has_value();
            if (power_cut) disk.lose_unsynced();
            const std::string text = disk.text("/d/f");
            EXPECT_TRUE(text == "newer" || (text == "old" && !completed))
                << "call " << failing << " failed, power cut " << power_cut << ": " << text;
        }
        ASSERT_LT(failing, 20U);
    }
}

TEST(Disk, ReadFileRefusesWhatIsLongerThanTheLimit) {
    MemoryDisk disk;
    disk.put("/d/f", "12345");
    EXPECT_EQ(value_of(read_file(disk, "/d/f", 5)).size(), 5U);
    EXPECT_FALSE(read_file(disk, "/d/f", 4));
    const auto missing = read_file(disk, "/d/g", 4);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().io, IoCause::not_found);
}

TEST(Disk, ReadAtWantsAllBytes) {
    MemoryDisk disk;
    disk.put("/d/f", "12345");
    const auto file = value_of(disk.open("/d/f", OpenMode::read));
    std::vector<std::uint8_t> into(4);
    expect_ok(file->read_at(1, into));
    EXPECT_EQ(as_text(into), "2345");
    const auto beyond = file->read_at(2, into);
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().io, IoCause::end_of_file);
    EXPECT_EQ(value_of(file->read_up_to(2, into)), 3U);
    EXPECT_EQ(value_of(file->read_up_to(9, into)), 0U);
}

}  // namespace
}  // namespace milena::log::test
