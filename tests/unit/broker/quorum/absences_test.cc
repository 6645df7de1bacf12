#include "broker/quorum/absences.h"

#include <gtest/gtest.h>

namespace milena::quorum {
namespace {

constexpr MonoTime kStart{std::chrono::seconds(5)};

metadata::Image image_with(BrokerId id, bool is_fenced) {
    metadata::Image image;
    auto broker = std::make_shared<metadata::BrokerImage>();
    broker->id = id;
    broker->is_fenced = is_fenced;
    image.brokers.push_back(std::move(broker));
    return image;
}

TEST(Absences, SettleUntilTheNodeIsFencedOrBack) {
    const BrokerId node{2};
    const auto before = image_with(node, false);
    const auto after = image_with(node, true);
    Absences absences;
    EXPECT_FALSE(absences.is_settling(before, kStart));
    absences.gone(node, kStart);
    EXPECT_TRUE(absences.is_settling(before, kStart));
    EXPECT_FALSE(absences.is_settling(after, kStart));
    EXPECT_FALSE(absences.is_settling(image_with(BrokerId(3), false), kStart));
    absences.back(node);
    EXPECT_FALSE(absences.is_settling(before, kStart));
    EXPECT_FALSE(absences.any());
}

TEST(Absences, CountForAWhileHoweverOftenTheyAreSeen) {
    const BrokerId node{2};
    const auto image = image_with(node, false);
    Absences absences;
    absences.gone(node, kStart);
    absences.gone(node, kStart + Absences::kSettle - Millis(1));
    EXPECT_TRUE(absences.is_settling(image, kStart + Absences::kSettle - Millis(1)));
    EXPECT_FALSE(absences.is_settling(image, kStart + Absences::kSettle));
    absences.back(node);
    absences.gone(node, kStart + Absences::kSettle);
    EXPECT_TRUE(absences.is_settling(image, kStart + Absences::kSettle));
}

TEST(Absences, OfNodesThatStartTogetherEndWhenAllServeOrInTime) {
    const auto alone = image_with(BrokerId(1), false);
    auto both = image_with(BrokerId(1), false);
    both.brokers.push_back(image_with(BrokerId(2), false).brokers.front());
    auto one_fenced = image_with(BrokerId(1), false);
    one_fenced.brokers.push_back(image_with(BrokerId(2), true).brokers.front());
    const MonoTime until = kStart + Millis(500);
    const std::vector<BrokerId> nodes{BrokerId(1), BrokerId(2)};
    Absences absences;
    absences.expect(nodes, until);
    EXPECT_TRUE(absences.is_settling(alone, kStart));
    EXPECT_TRUE(absences.is_settling(one_fenced, kStart));
    EXPECT_FALSE(absences.is_settling(both, kStart));
    EXPECT_FALSE(absences.is_settling(one_fenced, kStart)) << "once only";
    EXPECT_FALSE(absences.any());
    absences.expect(nodes, until);
    EXPECT_FALSE(absences.is_settling(alone, until));
    EXPECT_FALSE(absences.any());
}

}  // namespace
}  // namespace milena::quorum
