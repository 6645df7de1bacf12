#include "broker/quorum/producer_ids.h"

#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace milena::quorum {
namespace {

class Inline final : public net::Executor {
  public:
    void post(net::Task task) override { task(); }
    bool is_current() const override { return true; }
    TimerId call_at(MonoTime, net::Task) override { return kNoTimer; }
    bool cancel(TimerId) override { return false; }
    MonoTime now() const override { return {}; }
};

// Hands out blocks when the test says so.
class Blocks final : public ControllerHost {
  public:
    metadata::ImagePtr image() const override { return nullptr; }
    void subscribe(Publisher) override {}

    void answer() {
        AnyCompletion done;
        {
            const std::lock_guard lock(mutex_);
            done = std::move(asked_.front());
            asked_.erase(asked_.begin());
        }
        done(metadata::Reply(metadata::AllocateProducerIds::Reply{
            metadata::success(), ProducerId(1000 * blocks_++), 1000}));
    }
    void refuse(bool in_reply) {
        auto done = std::move(asked_.front());
        asked_.clear();
        const Error error{ErrorCode::STALE_BROKER_EPOCH, "stale"};
        if (in_reply) {
            done(metadata::Reply(metadata::AllocateProducerIds::Reply{error, ProducerId(0), 0}));
        } else {
            done(std::unexpected(error));
        }
    }
    std::size_t asked() const { return asked_.size(); }
    bool answer_at_once = false;

  private:
    void enqueue(metadata::Request request, AnyCompletion done) override {
        const auto& ask = std::get<metadata::AllocateProducerIds>(request);
        EXPECT_EQ(ask.broker, BrokerId(1));
        EXPECT_EQ(ask.broker_epoch, BrokerEpoch(7));
        {
            const std::lock_guard lock(mutex_);
            asked_.push_back(std::move(done));
        }
        if (answer_at_once) answer();
    }
    std::mutex mutex_;
    std::vector<AnyCompletion> asked_;
    std::int64_t blocks_ = 0;
};

class ProducerIdsTest : public ::testing::Test {
  protected:
    // Fills in later when it has to wait.
    std::shared_ptr<std::optional<Result<ProducerId>>> next() {
        auto answer = std::make_shared<std::optional<Result<ProducerId>>>();
        ids.next(executor, [answer](Result<ProducerId> id) { *answer = std::move(id); });
        return answer;
    }
    Blocks blocks;
    Inline executor;
    ProducerIds ids{blocks, BrokerId(1), BrokerEpoch(7)};
};

TEST_F(ProducerIdsTest, CallersWaitForTheFirstBlockOnly) {
    const auto first = next();
    const auto second = next();
    EXPECT_FALSE(first->has_value());
    EXPECT_EQ(blocks.asked(), 1U);
    blocks.answer();
    EXPECT_EQ(first->value().value(), ProducerId(0));
    EXPECT_EQ(second->value().value(), ProducerId(1));
    EXPECT_EQ(next()->value().value(), ProducerId(2));
}

TEST_F(ProducerIdsTest, TheNextBlockIsFetchedBeforeThisOneIsUsedUp) {
    blocks.answer_at_once = true;
    next();
    blocks.answer_at_once = false;
    for (std::int64_t id = 1; id < 899; ++id) {
        ASSERT_EQ(next()->value().value(), ProducerId(id));
    }
    EXPECT_EQ(blocks.asked(), 0U);
    next();
    EXPECT_EQ(blocks.asked(), 1U) << "a tenth is left";
    for (std::int64_t id = 900; id < 1000; ++id) {
        ASSERT_EQ(next()->value().value(), ProducerId(id));
    }
    EXPECT_EQ(blocks.asked(), 1U);
    const auto waits = next();
    EXPECT_FALSE(waits->has_value());
    blocks.answer();
    EXPECT_EQ(waits->value().value(), ProducerId(1000));
}

TEST_F(ProducerIdsTest, ARefusedBlockFailsThoseWhoWaitAndIsAskedForAgain) {
    for (const bool in_reply : {true, false}) {
        const auto waits = next();
        ASSERT_EQ(blocks.asked(), 1U);
        blocks.refuse(in_reply);
        ASSERT_TRUE(waits->has_value());
        EXPECT_EQ(waits->value().error().code, ErrorCode::COORDINATOR_LOAD_IN_PROGRESS);
        EXPECT_EQ(blocks.asked(), 0U);
    }
    blocks.answer_at_once = true;
    EXPECT_EQ(next()->value().value(), ProducerId(0));
}

TEST_F(ProducerIdsTest, ManyWhoWaitTakeSeveralBlocks) {
    std::vector<std::shared_ptr<std::optional<Result<ProducerId>>>> answers;
    for (int i = 0; i < 2500; ++i) answers.push_back(next());
    for (int block = 0; block < 3; ++block) blocks.answer();
    for (std::int64_t i = 0; i < 2500; ++i) {
        ASSERT_EQ(answers[static_cast<std::size_t>(i)]->value().value(), ProducerId(i));
    }
}

TEST_F(ProducerIdsTest, NoIdIsHandedOutTwice) {
    blocks.answer_at_once = true;
    std::mutex mutex;
    std::set<ProducerId> seen;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 1500; ++i) {
                ids.next(executor, [&](Result<ProducerId> id) {
                    const std::lock_guard lock(mutex);
                    EXPECT_TRUE(id && seen.insert(*id).second);
                });
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(seen.size(), 6000U);
}

}  // namespace
}  // namespace milena::quorum
