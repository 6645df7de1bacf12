// The metadata quorum under the crash matrix (tests/unit/log/support/crash_matrix.h): whatever was
// answered is in the image after every crash, also one in the middle of a snapshot, of the election
// state, or of the recovery itself.

#include "protocol/base/logger.h"
#include "tests/unit/broker/quorum/test_node.h"
#include "tests/unit/log/support/crash_matrix.h"

#include <cstdio>

#include <gmock/gmock.h>

namespace milena::quorum {
namespace {

using log::test::Change;
using log::test::CrashDisk;
using log::test::DiskImage;

constexpr std::size_t kTopics = 14;

// A node on a disk in memory.
class CrashNode {
  public:
    explicit CrashNode(CrashDisk& disk, std::uint64_t seed) : random_(seed) {
        set_log_level(LogLevel::off);
        options_.node = BrokerId(1);
        options_.data_directory = "/data";
        options_.directory_id = DirectoryId(Uuid{3, 3});
        options_.controller.cluster_id = "crash";
        options_.snapshot_bytes = 1'500;
        options_.on_failure = [](const Error&) {};
        (void)disk.make_dir("/data");
        (void)disk.sync_dir("/");
        auto opened =
            Quorum::open(options_, disk, clock_, random_, rules_, [](net::Task task) { task(); });
        Status status;
        if (opened) {
            quorum_ = std::move(*opened);
            status = quorum_->start();
        } else {
            status = std::unexpected(opened.error());
        }
        if (!status) problem_ = status.error().detail;
    }

    const std::string& problem() const { return problem_; }
    bool create(const std::string& name) {
        std::optional<Result<metadata::CreateTopics::Reply>> answer;
        quorum_->submit<metadata::CreateTopics>(TestNode::create_request(name),
                                                [&](auto reply) { answer = std::move(reply); });
        return answer && *answer && (*answer)->topics.at(0).error.code == ErrorCode::NONE;
    }
    bool register_broker() {
        return quorum_
            ->register_broker({.incarnation = random_.uuid(),
                               .endpoints = {{"PLAINTEXT", "127.0.0.1", 9092,
                                              metadata::SecurityProtocol::plaintext}},
                               .rack = std::nullopt,
                               .log_dirs = {options_.directory_id}})
            .has_value();
    }
    bool stop() { return quorum_->stop().has_value(); }
    bool has(const std::string& topic) const {
        return quorum_->image()->topics_by_name.find(topic) != nullptr;
    }
    std::size_t topics() const { return quorum_->image()->topics_by_name.size(); }

  private:
    StandingClock clock_{MonoTime(std::chrono::seconds(1))};
    SeededRandom random_;
    AnySetting rules_;
    QuorumOptions options_;
    std::unique_ptr<Quorum> quorum_;
    std::string problem_;
};

std::string topic_name(std::size_t number) {
    return "topic-" + std::to_string(number);
}

struct Answers {
    std::vector<std::size_t> changes;  // when the n-th creation was answered
};

void administrate(CrashDisk& disk, Answers& answers) {
    std::size_t made = 0;
    for (const std::size_t until : {kTopics / 2, kTopics}) {
        CrashNode node(disk, until);
        ASSERT_EQ(node.problem(), "");
        ASSERT_TRUE(node.register_broker());
        for (; made < until; ++made) {
            ASSERT_TRUE(node.create(topic_name(made)));
            answers.changes.push_back(disk.changes().size());
        }
        if (until == kTopics) break;
        ASSERT_TRUE(node.stop());
    }
}

std::optional<std::string> look(DiskImage image, std::size_t changes, const Answers& answers,
                                std::vector<Change>* recovery) {
    CrashDisk disk(std::move(image));
    CrashNode node(disk, 99);
    if (recovery != nullptr) *recovery = disk.changes();
    if (!node.problem().empty()) return "it does not start: " + node.problem();
    for (std::size_t i = 0; i < answers.changes.size() && answers.changes[i] <= changes; ++i) {
        if (!node.has(topic_name(i))) return topic_name(i) + " was made and is gone";
    }
    for (std::size_t i = 0; i < node.topics(); ++i) {
        if (!node.has(topic_name(i))) return topic_name(i) + " is missing in the middle";
    }
    if (!node.register_broker() || !node.create("one-more")) return "it takes no requests";
    return {};
}

log::test::MatrixResult run(log::test::MatrixOptions options) {
    CrashDisk disk;
    Answers answers;
    administrate(disk, answers);
    return log::test::crash_everywhere(
        disk.start(), disk.changes(), options,
        [&](DiskImage image, std::size_t changes, std::vector<Change>* recovery) {
            return look(std::move(image), changes, answers, recovery);
        });
}

TEST(MetadataCrash, WhatWasAnsweredSurvivesEveryCrash) {
    const auto result =
        run({.recoveries = log::test::recovery_budget() / 8, .seed = log::test::crash_seed()});
    std::printf(
        "metadata log and snapshots: %zu changes, %zu recoveries, %zu of them of crashed "
        "recoveries\n",
        result.changes, result.recoveries, result.again);
    EXPECT_THAT(result.violations, testing::IsEmpty());
}

TEST(MetadataCrash, ADeviceThatDoesNotSyncIsNoticed) {
    EXPECT_THAT(run({.recoveries = 200, .ignore_syncs = true}).violations,
                testing::Not(testing::IsEmpty()));
    EXPECT_THAT(run({.recoveries = 200, .ignore_directory_syncs = true}).violations,
                testing::Not(testing::IsEmpty()));
}

}  // namespace
}  // namespace milena::quorum
