#include "log/dump.h"

#include "protocol/record/compress.h"
#include "tests/unit/log/support/log_fixture.h"

#include <gmock/gmock.h>

namespace milena::log::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class DumpTest : public LogTest {
  protected:
    DumpTest() {
        settings_.index_interval_bytes = 200;
        open();
        append({.records = 2, .value_bytes = 3});
        for (int i = 0; i < 20; ++i) {
            append({.timestamp = 2'000 + i,
                    .producer_id = ProducerId{8},
                    .producer_epoch = ProducerEpoch{1},
                    .base_sequence = Sequence{i},
                    .transactional = true});
        }
        append_bytes(make_marker(ProducerId{8}, ProducerEpoch{1}, false));
        expect_ok(log_->close(now_));
        log_.reset();
    }

    DumpResult dump(std::string_view name, DumpOptions options = {}) {
        lines_.clear();
        return value_of(dump_file(disk_, path(name), options, codecs_,
                                  [&](std::string_view line) { lines_.emplace_back(line); }));
    }

    Codecs codecs_;
    std::vector<std::string> lines_;
};

TEST_F(DumpTest, EveryFileOfASoundLogIsToldWithoutProblems) {
    const struct {
        const char* name;
        std::uint64_t entries;
        const char* first;
    } rows[] = {
        {"00000000000000000000.log", 22,
         "offsets 0-1 position 0 size 81 magic 2 epoch 0 max_timestamp 1001 records 2 codec none"},
        {"00000000000000000000.txnindex", 1,
         "producer 8 first_offset 2 last_offset 22 last_stable_offset 23"},
        {"00000000000000000023.snapshot", 1,
         "producer 8/1 last_sequence 19 last_offset 21 timestamp 1000 coordinator_epoch 7 "
         "current_txn_first_offset -1"},
        {"leader-epoch-checkpoint", 3, "0"},
    };
    for (const auto& row : rows) {
        const auto told = dump(row.name);
        EXPECT_EQ(told.problems, 0U) << row.name;
        EXPECT_EQ(told.entries, row.entries) << row.name;
        ASSERT_FALSE(lines_.empty());
        EXPECT_EQ(lines_.front(), row.first);
    }
    EXPECT_THAT(lines_, ElementsAre("0", "1", "0 0"));
    for (const char* index : {"00000000000000000000.index", "00000000000000000000.timeindex"}) {
        const auto told = dump(index);
        EXPECT_EQ(told.problems, 0U) << index;
        EXPECT_GT(told.entries, 5U) << index;
    }
}

TEST_F(DumpTest, RecordsAreToldOnRequest) {
    dump("00000000000000000000.log", {.records = true, .values = true});
    EXPECT_THAT(lines_, Contains("  offset 1 timestamp 1001 key null value \"vvv\" headers 0"));
    dump("00000000000000000000.log", {.records = true});
    EXPECT_THAT(lines_, Contains("  offset 1 timestamp 1001 key null value_bytes 3 headers 0"));
}

TEST_F(DumpTest, DamageIsToldAndTheRestGoesOn) {
    const std::string log = path("00000000000000000000.log");
    disk_.bytes(log)[70] ^= 1;
    auto told = dump("00000000000000000000.log");
    EXPECT_EQ(told.problems, 1U);
    EXPECT_EQ(told.entries, 22U);
    EXPECT_EQ(lines_[1], "problem: its checksum does not match");
    disk_.bytes(log).pop_back();
    told = dump("00000000000000000000.log");
    EXPECT_EQ(told.problems, 2U);
    EXPECT_THAT(lines_.back(), HasSubstr("bytes behind the last whole batch"));

    disk_.bytes(path("00000000000000000000.index"))[7] ^= 1;
    EXPECT_GE(dump("00000000000000000000.index").problems, 1U);
    disk_.bytes(path("00000000000000000000.timeindex"))[7] ^= 1;
    EXPECT_GE(dump("00000000000000000000.timeindex").problems, 1U);
    disk_.bytes(path("00000000000000000000.txnindex"))[0] ^= 1;
    EXPECT_EQ(dump("00000000000000000000.txnindex").problems, 1U);
    disk_.bytes(path("00000000000000000023.snapshot"))[20] ^= 1;
    EXPECT_EQ(dump("00000000000000000023.snapshot").problems, 1U);
}

TEST_F(DumpTest, OtherFilesAreRefused) {
    disk_.put(path("notes.txt"), "x");
    const auto refused = dump_file(disk_, path("notes.txt"), {}, codecs_, [](std::string_view) {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::INVALID_REQUEST);
}

}  // namespace
}  // namespace milena::log::test
