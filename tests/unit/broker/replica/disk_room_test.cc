#include "broker/replica/disk_room.h"

#include <gtest/gtest.h>

namespace milena::replica {
namespace {

using Change = DiskRoom::Change;

constexpr std::uint64_t kGiB = 1ULL << 30U;
constexpr std::uint64_t kMiB = 1ULL << 20U;

TEST(DiskRoom, RefusesBelowOneMarkAndResumesAtTheOther) {
    const RoomMarks marks{100, 150};
    DiskRoom room;
    EXPECT_TRUE(room.take(1'000'000)) << "nothing is known yet";
    struct Row {
        std::uint64_t free;
        Change change;
        bool takes;
    };
    for (const Row& row : {Row{1'000, Change::none, true}, Row{100, Change::none, false},
                           Row{99, Change::refuses, false}, Row{149, Change::none, false},
                           Row{0, Change::none, false}, Row{150, Change::resumes, true},
                           Row{120, Change::none, true}, Row{99, Change::refuses, false}}) {
        EXPECT_EQ(room.look({10'000, row.free}, marks), row.change) << row.free;
        EXPECT_EQ(room.take(1), row.takes) << row.free;
    }
}

TEST(DiskRoom, BetweenTwoLooksNobodyTakesTheReserve) {
    const RoomMarks marks{100, 150};
    DiskRoom room;
    room.look({10'000, 160}, marks);
    EXPECT_TRUE(room.take(40));
    EXPECT_FALSE(room.take(21));
    EXPECT_TRUE(room.take(20)) << "what was refused took nothing";
    EXPECT_FALSE(room.take(1));
    EXPECT_FALSE(room.refuses()) << "the disk has not been looked at";
    EXPECT_EQ(room.look({10'000, 180}, marks), Change::none) << "something was deleted meanwhile";
    EXPECT_TRUE(room.take(80));
}

TEST(DiskRoom, TheUsualMarksGoWithTheDisk) {
    struct Row {
        std::uint64_t total;
        std::uint64_t refuse_below;
        std::uint64_t resume_at;
    };
    for (const Row& row :
         {Row{100 * kMiB, 5 * kMiB, 15 * kMiB / 2}, Row{1'000 * kGiB, 256 * kMiB, 384 * kMiB}}) {
        DiskRoom room;
        EXPECT_EQ(room.look({row.total, row.refuse_below}, {}), Change::none);
        EXPECT_EQ(room.look({row.total, row.refuse_below - 1}, {}), Change::refuses);
        EXPECT_EQ(room.look({row.total, row.resume_at - 1}, {}), Change::none);
        EXPECT_EQ(room.look({row.total, row.resume_at}, {}), Change::resumes);
    }
}

TEST(DiskRoom, TheUpperMarkIsNeverBelowTheLowerOne) {
    DiskRoom room;
    room.look({10'000, 99}, {100, 10});
    EXPECT_EQ(room.look({10'000, 99}, {100, 10}), Change::none);
    EXPECT_EQ(room.look({10'000, 100}, {100, 10}), Change::resumes);
}

}  // namespace
}  // namespace milena::replica
