#include "log/epoch_cache.h"

#include "protocol/base/random.h"

#include <gmock/gmock.h>

namespace milena::log {
namespace {

using testing::ElementsAre;

EpochEntry entry(int epoch, std::int64_t start) {
    return {LeaderEpoch{epoch}, Offset{start}};
}

EpochCache cache_of(std::vector<EpochEntry> entries) {
    return EpochCache(std::move(entries));
}

TEST(EpochCache, AssignAddsAndRemovesWhatContradicts) {
    const struct {
        const char* what;
        EpochEntry assigned;
        std::vector<EpochEntry> result;
    } rows[] = {
        {"next epoch", entry(8, 100), {entry(2, 10), entry(5, 20), entry(8, 100)}},
        {"the same again", entry(5, 20), {entry(2, 10), entry(5, 20)}},
        {"the same, further on", entry(5, 30), {entry(2, 10), entry(5, 20)}},
        {"the same, earlier", entry(5, 15), {entry(2, 10), entry(5, 15)}},
        {"next epoch where the last one began", entry(6, 20), {entry(2, 10), entry(6, 20)}},
        {"next epoch before all", entry(6, 3), {entry(6, 3)}},
        {"an older epoch", entry(3, 30), {entry(2, 10), entry(3, 30)}},
    };
    for (const auto& row : rows) {
        EpochCache cache = cache_of({entry(2, 10), entry(5, 20)});
        cache.assign(row.assigned.epoch, row.assigned.start_offset);
        EXPECT_EQ(cache.entries(), row.result) << row.what;
        cache.check_invariants();
    }
}

// storage/.../LeaderEpochFileCache.java, endOffsetFor.
TEST(EpochCache, EndOffsetFollowsKafka) {
    const EpochCache cache = cache_of({entry(2, 10), entry(5, 20), entry(7, 40)});
    const struct {
        int asked;
        EpochEndOffset answer;
    } rows[] = {
        {-1, {}},
        {0, {LeaderEpoch{0}, Offset{10}}},  // older than all that is left
        {2, {LeaderEpoch{2}, Offset{20}}},
        {3, {LeaderEpoch{2}, Offset{20}}},  // between two
        {5, {LeaderEpoch{5}, Offset{40}}},
        {7, {LeaderEpoch{7}, Offset{99}}},  // the current one: log end
        {8, {}},                            // not known yet
    };
    for (const auto& row : rows) {
        EXPECT_EQ(cache.end_offset_for(LeaderEpoch{row.asked}, Offset{99}), row.answer)
            << row.asked;
    }
    EXPECT_EQ(EpochCache().end_offset_for(LeaderEpoch{0}, Offset{99}), EpochEndOffset{});
}

TEST(EpochCache, EpochOfAnOffset) {
    const EpochCache cache = cache_of({entry(2, 10), entry(5, 20)});
    EXPECT_EQ(cache.epoch_at(Offset{9}), std::nullopt);
    EXPECT_EQ(cache.epoch_at(Offset{10}), LeaderEpoch{2});
    EXPECT_EQ(cache.epoch_at(Offset{19}), LeaderEpoch{2});
    EXPECT_EQ(cache.epoch_at(Offset{20}), LeaderEpoch{5});
    EXPECT_EQ(cache.latest(), LeaderEpoch{5});
}

TEST(EpochCache, TruncationFromBothEnds) {
    EpochCache cache = cache_of({entry(2, 10), entry(5, 20), entry(7, 40)});
    const auto version = cache.version();
    cache.truncate_from_end(Offset{41});
    EXPECT_EQ(cache.version(), version) << "nothing changed";
    cache.truncate_from_end(Offset{40});
    EXPECT_THAT(cache.entries(), ElementsAre(entry(2, 10), entry(5, 20)));
    cache.truncate_from_start(Offset{15});
    EXPECT_THAT(cache.entries(), ElementsAre(entry(2, 15), entry(5, 20)));
    cache.truncate_from_start(Offset{20});
    EXPECT_THAT(cache.entries(), ElementsAre(entry(5, 20)));
    cache.truncate_from_start(Offset{500});
    EXPECT_THAT(cache.entries(), ElementsAre(entry(5, 500)));
    EXPECT_NE(cache.version(), version);
}

TEST(EpochCache, StaysOrderedWhateverIsDone) {
    const std::uint64_t seed = testing::UnitTest::GetInstance()->random_seed();
    SCOPED_TRACE("seed " + std::to_string(seed));
    SeededRandom random(seed);
    EpochCache cache;
    for (int i = 0; i < 20'000; ++i) {
        const Offset offset{static_cast<std::int64_t>(random.below(200))};
        switch (random.below(6)) {
            case 0:
                cache.truncate_from_end(offset);
                break;
            case 1:
                cache.truncate_from_start(offset);
                break;
            default:
                cache.assign(LeaderEpoch{static_cast<std::int32_t>(random.below(50))}, offset);
        }
        cache.check_invariants();
    }
}

}  // namespace
}  // namespace milena::log
