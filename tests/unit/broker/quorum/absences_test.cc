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

}  // namespace
}  // namespace milena::quorum
