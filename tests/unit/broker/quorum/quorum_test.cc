#include "broker/quorum/quorum.h"

#include "tests/unit/broker/quorum/test_node.h"

#include <algorithm>
#include <fstream>
#include <thread>

namespace milena::quorum {
namespace {

using metadata::ResourceType;

std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Quorum, AFirstStartFoundsTheClusterInKafkasFiles) {
    TestNode node;
    node.start_and_register();
    EXPECT_EQ(text_of(node.metadata_directory() + "/partition.metadata"),
              "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ");
    EXPECT_EQ(text_of(node.metadata_directory() + "/quorum-state"),
              R"({"clusterId":"","leaderId":1,"leaderEpoch":1,"votedId":-1,"appliedOffset":0,)"
              R"("currentVoters":[{"voterId":1}],"data_version":0})");
    const auto image = node.image();
    EXPECT_EQ(image->feature_level("metadata.version"), 29);
    EXPECT_EQ(image->config(ResourceType::broker, ""),
              (metadata::ConfigMap{{"min.insync.replicas", "1"}}));
    ASSERT_EQ(image->brokers.size(), 1U);
    EXPECT_TRUE(image->brokers[0]->is_active());
    EXPECT_EQ(image->brokers[0]->epoch, node.epoch);
    // LEADER_CHANGE; 9 bootstrap records; the registration; its unfencing.
    EXPECT_EQ(node.epoch, BrokerEpoch(10));
    EXPECT_EQ(image->provenance.end, Offset(12));
    EXPECT_EQ(image->provenance.epoch, LeaderEpoch(1));
}

TEST(Quorum, StartingCostsFewSyncs) {
    TestNode node;
    node.start();
    EXPECT_EQ(node.disk.syncs, 1U);
    EXPECT_EQ(node.disk.replaces, 1U);
    node.register_broker();
    EXPECT_EQ(node.disk.syncs, 2U) << "registration and unfencing share a round";
}

TEST(Quorum, ATopicLeadsBeforeItsCreationIsAnswered) {
    TestNode node;
    node.start_and_register();
    bool seen = false;
    node.on_publish = [&](const auto& before, const auto& after, const auto& delta) {
        ASSERT_EQ(delta.topics.size(), 1U);
        EXPECT_EQ(before.topic("t"), nullptr);
        EXPECT_EQ(after.topic("t"), delta.topics[0].after.get());
        EXPECT_EQ(after.topic("t")->partitions.at(2)->leader, BrokerId(1));
        seen = true;
    };
    node.quorum->submit<metadata::CreateTopics>(TestNode::create_request("t", 3), [&](auto reply) {
        EXPECT_TRUE(seen);
        EXPECT_EQ(reply->topics.at(0).id, node.image()->topic("t")->id);
    });
    EXPECT_TRUE(seen);
}

TEST(Quorum, RequestsThatWaitShareOneSyncAndSeeEachOther) {
    TestNode node;
    node.start_and_register();
    node.hold_tasks = true;
    const auto syncs = node.disk.syncs;
    std::vector<ErrorCode> answers;
    for (const auto name : {"a", "b", "a", "c"}) {
        node.quorum->submit<metadata::CreateTopics>(
            TestNode::create_request(name),
            [&](auto reply) { answers.push_back(reply->topics.at(0).error.code); });
    }
    EXPECT_TRUE(answers.empty());
    EXPECT_EQ(node.tasks.size(), 1U);
    node.run_tasks();
    EXPECT_EQ(answers, (std::vector{ErrorCode::NONE, ErrorCode::NONE,
                                    ErrorCode::TOPIC_ALREADY_EXISTS, ErrorCode::NONE}));
    EXPECT_EQ(node.disk.syncs, syncs + 1);
    EXPECT_EQ(node.image()->topics_by_id.size(), 3U);
}

TEST(Quorum, WhatChangesNothingIsNotWritten) {
    TestNode node;
    node.start_and_register();
    const auto end = node.image()->provenance.end;
    const auto syncs = node.disk.syncs;
    EXPECT_EQ(node.create("bad name"), ErrorCode::INVALID_TOPIC_EXCEPTION);
    EXPECT_EQ(node.disk.syncs, syncs);
    EXPECT_EQ(node.image()->provenance.end, end);
}

TEST(Quorum, ARequestFromACompletionIsAnsweredToo) {
    TestNode node;
    node.start_and_register();
    bool answered = false;
    node.quorum->submit<metadata::CreateTopics>(TestNode::create_request("a"), [&](auto) {
        node.quorum->submit<metadata::CreateTopics>(TestNode::create_request("b"),
                                                    [&](auto) { answered = true; });
    });
    EXPECT_TRUE(answered);
    EXPECT_EQ(node.image()->topics_by_id.size(), 2U);
}

TEST(Quorum, ARestartGivesTheSameStateAndBeginsNewEpochs) {
    for (const bool clean : {true, false}) {
        TestNode node;
        node.start_and_register();
        node.create("a", 3);
        node.create("b");
        const auto before = node.image();
        if (clean) {
            node.stop();
        } else {
            node.kill();
        }
        node.start();
        EXPECT_TRUE(same_state(*before, *node.image()));
        EXPECT_EQ(node.image()->provenance.end, before->provenance.end);
        node.register_broker();
        EXPECT_GT(node.epoch, before->brokers[0]->epoch);
        for (const auto& partition : node.image()->topic("a")->partitions) {
            EXPECT_EQ(partition->leader, BrokerId(1));
            EXPECT_EQ(partition->leader_epoch, LeaderEpoch(1));
        }
        EXPECT_EQ(node.create("c"), ErrorCode::NONE);
        EXPECT_EQ(node.image()->provenance.epoch, LeaderEpoch(2));
    }
}

TEST(Quorum, ATornTailIsCutAndNothingThatWasAnsweredIsLost) {
    for (const std::size_t cut : {1U, 10U, 60U}) {
        TestNode node;
        node.start_and_register();
        node.create("a");
        const auto size =
            std::filesystem::file_size(node.metadata_directory() + "/00000000000000000000.log");
        const auto before = node.image();
        node.create("b");
        node.kill();
        const std::string log = node.metadata_directory() + "/00000000000000000000.log";
        std::filesystem::resize_file(log, std::filesystem::file_size(log) - cut);
        EXPECT_GT(std::filesystem::file_size(log), size);
        node.start();
        EXPECT_TRUE(same_state(*before, *node.image()));
    }
}

TEST(Quorum, AFullDiskFailsRequestsAndHeals) {
    TestNode node;
    node.start_and_register();
    node.create("a");
    const auto before = node.image();
    node.disk.is_full = true;
    const auto reply = node.ask(TestNode::create_request("b"));
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, ErrorCode::KAFKA_STORAGE_ERROR);
    EXPECT_EQ(node.image(), before);
    EXPECT_EQ(node.create("bad name"), ErrorCode::INVALID_TOPIC_EXCEPTION);
    node.disk.is_full = false;
    EXPECT_EQ(node.create("b"), ErrorCode::NONE);
    EXPECT_FALSE(node.failure);
    const auto after = node.image();
    node.kill();
    node.start();
    EXPECT_TRUE(same_state(*after, *node.image()));
}

TEST(Quorum, AFailedSyncEndsAllWork) {
    TestNode node;
    node.start_and_register();
    const auto before = node.image();
    node.disk.sync_fails = true;
    EXPECT_EQ(node.create("a"), ErrorCode::NOT_CONTROLLER);
    ASSERT_TRUE(node.failure);
    EXPECT_EQ(node.failure->code, ErrorCode::KAFKA_STORAGE_ERROR);
    node.disk.sync_fails = false;
    EXPECT_EQ(node.create("b"), ErrorCode::NOT_CONTROLLER);
    EXPECT_EQ(node.image(), before);
}

TEST(Quorum, StopAnswersWhatStillWaits) {
    TestNode node;
    node.start_and_register();
    node.hold_tasks = true;
    std::optional<ErrorCode> answer;
    node.quorum->submit<metadata::CreateTopics>(TestNode::create_request("a"), [&](auto reply) {
        answer = reply ? ErrorCode::NONE : reply.error().code;
    });
    node.hold_tasks = false;
    node.stop();
    EXPECT_EQ(answer, ErrorCode::NOT_CONTROLLER);
}

TEST(Quorum, RequestsBeforeTheStartAreRefused) {
    TestNode node;
    auto quorum = node.open();
    ASSERT_TRUE(quorum);
    std::optional<ErrorCode> answer;
    (*quorum)->submit<metadata::CreateTopics>(TestNode::create_request("a"),
                                              [&](auto reply) { answer = reply.error().code; });
    EXPECT_EQ(answer, ErrorCode::NOT_CONTROLLER);
}

TEST(Quorum, VotersWithoutThisNodeAreRefused) {
    TestNode node;
    node.options.voters = {{BrokerId(2), {}}, {BrokerId(3), {}}};
    const auto quorum = node.open();
    ASSERT_FALSE(quorum);
    EXPECT_EQ(quorum.error().code, ErrorCode::INVALID_CONFIG);
}

TEST(Quorum, FilesThatAreNotTheMetadataLogsAreRefused) {
    struct Row {
        const char* file;
        const char* content;
        ErrorCode expected;
    };
    const Row rows[] = {
        {"partition.metadata", "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAg",
         ErrorCode::INCONSISTENT_TOPIC_ID},
        {"quorum-state", "{}", ErrorCode::KAFKA_STORAGE_ERROR},
    };
    for (const auto& row : rows) {
        TestNode node;
        std::filesystem::create_directory(node.metadata_directory());
        std::ofstream(node.metadata_directory() + "/" + row.file) << row.content;
        const auto quorum = node.open();
        ASSERT_FALSE(quorum) << row.file;
        EXPECT_EQ(error_name(quorum.error().code), error_name(row.expected));
        EXPECT_NE(quorum.error().detail.find("__cluster_metadata-0"), std::string::npos)
            << quorum.error().detail;
    }
}

// tests/golden/metadata/README.md: the topics of Kafka's node, led by us from now on.
TEST(Quorum, KafkasOwnMetadataLogIsTakenOver) {
    TestNode node;
    std::filesystem::create_directory(node.metadata_directory());
    std::filesystem::copy_file(MILENA_SOURCE_DIR "/tests/golden/metadata/kafka-4.2.0.log",
                               node.metadata_directory() + "/00000000000000000000.log");
    node.start();
    EXPECT_EQ(node.image()->topic("alpha")->partitions.size(), 5U);
    node.register_broker();
    EXPECT_EQ(node.image()->provenance.epoch, LeaderEpoch(4));
    for (const auto& partition : node.image()->topic("alpha")->partitions) {
        EXPECT_EQ(partition->leader, BrokerId(1));
        EXPECT_EQ(partition->leader_epoch, LeaderEpoch(5));
    }
    EXPECT_EQ(node.create("more"), ErrorCode::NONE);
}

TEST(Quorum, SnapshotsShortenTheLogAndLeadToTheSameState) {
    TestNode node;
    node.options.snapshot_bytes = 4'000;
    node.start_and_register();
    for (int i = 0; i < 100; ++i) {
        ASSERT_EQ(node.create("topic-" + std::to_string(i), 2), ErrorCode::NONE);
    }
    const auto before = node.image();
    std::size_t snapshots = 0;
    for (const auto& entry : std::filesystem::directory_iterator(node.metadata_directory())) {
        const auto name = entry.path().filename().string();
        snapshots += name.ends_with(".checkpoint");
        EXPECT_FALSE(name.ends_with(".part")) << name;
    }
    EXPECT_EQ(snapshots, 2U);
    node.stop();
    node.start();
    EXPECT_TRUE(same_state(*before, *node.image()));
    EXPECT_EQ(node.image()->provenance.end, before->provenance.end);
    // The log before the older snapshot is not needed: with all of it gone, the state is there.
    node.stop();
    for (const auto& entry : std::filesystem::directory_iterator(node.metadata_directory())) {
        const auto name = entry.path().filename().string();
        if (name.ends_with(".log") || name.ends_with("index")) {
            std::filesystem::remove(entry.path());
        }
    }
    node.start();
    EXPECT_EQ(node.image()->topic("topic-0")->partitions.size(), 2U);
    EXPECT_GT(node.image()->topics_by_id.size(), 60U);
    EXPECT_EQ(node.image()->brokers.size(), 1U);
}

TEST(Quorum, WithoutASoundSnapshotTheOneBeforeServesAndWithoutAnyItIsRefused) {
    TestNode node;
    node.options.snapshot_bytes = 2'000;
    node.start_and_register();
    for (int i = 0; i < 20; ++i) node.create("topic-" + std::to_string(i));
    node.stop();
    const auto files = [&](std::string_view extension) {
        std::vector<std::string> paths;
        for (const auto& entry : std::filesystem::directory_iterator(node.metadata_directory())) {
            if (entry.path().extension() == extension) paths.push_back(entry.path().string());
        }
        std::ranges::sort(paths);
        return paths;
    };
    const auto cut_off_footer = [](const std::string& path) {
        std::filesystem::resize_file(path, std::filesystem::file_size(path) - 75);
    };
    const std::string latest = files(".checkpoint").back();
    cut_off_footer(latest);
    node.start();
    EXPECT_EQ(node.image()->topics_by_id.size(), 20U);
    EXPECT_EQ(files(".damaged"), std::vector{latest + ".damaged"});
    node.stop();
    // All of the log is still there: none is needed.
    for (const auto& path : files(".checkpoint")) cut_off_footer(path);
    node.start();
    EXPECT_EQ(node.image()->topics_by_id.size(), 20U);
    for (int i = 20; i < 40; ++i) node.create("topic-" + std::to_string(i));
    node.stop();

    for (const auto& path : files(".log")) std::filesystem::resize_file(path, 0);
    const auto snapshots = files(".checkpoint");
    ASSERT_FALSE(snapshots.empty());
    for (const auto& path : snapshots) cut_off_footer(path);
    const auto quorum = node.open();
    ASSERT_FALSE(quorum);
    EXPECT_EQ(quorum.error().code, ErrorCode::INVALID_RECORD);
    EXPECT_NE(quorum.error().detail.find("footer"), std::string::npos) << quorum.error().detail;
    EXPECT_EQ(files(".checkpoint"), snapshots) << "nothing is touched";
}

// Stops, kills and full disks between random requests; the state survives all of them.
TEST(Quorum, RandomAdministrationSurvivesRestarts) {
    std::uint64_t first = 1;
    if (const char* seed = std::getenv("MILENA_SEED")) first = std::strtoull(seed, nullptr, 10);
    for (std::uint64_t seed = first; seed < first + 4; ++seed) {
        SCOPED_TRACE("MILENA_SEED=" + std::to_string(seed));
        TestNode node(seed);
        node.options.snapshot_bytes = 3'000;
        node.start_and_register();
        for (int step = 0; step < 150 && !::testing::Test::HasFailure(); ++step) {
            const auto name = "topic-" + std::to_string(node.random.below(10));
            node.disk.is_full = node.random.below(10) == 0;
            switch (node.random.below(4)) {
                case 0: {
                    metadata::DeleteTopics request;
                    request.topics = {{name, {}}};
                    node.ask(request);
                    break;
                }
                case 1: {
                    metadata::AlterConfigs request;
                    request.resources = {{{ResourceType::topic, name},
                                          {{"x", std::to_string(node.random.below(5))}}}};
                    node.ask(request);
                    break;
                }
                default:
                    node.create(name, static_cast<std::int32_t>(1 + node.random.below(4)));
            }
            node.disk.is_full = false;
            if (node.random.below(12) != 0) continue;
            const auto before = node.image();
            if (node.random.below(2) == 0) {
                node.stop();
            } else {
                node.kill();
            }
            node.start();
            ASSERT_TRUE(same_state(*before, *node.image())) << "step " << step;
            ASSERT_EQ(check_invariants(*node.image()), std::nullopt);
            node.register_broker();
        }
        EXPECT_FALSE(node.failure);
    }
}

// With a thread of its own, and many that ask.
TEST(Quorum, ManyThreadsMayAskAtOnce) {
    TestNode node;
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<net::Task> tasks;
    bool stopping = false;
    std::thread worker([&] {
        std::unique_lock lock(mutex);
        for (;;) {
            changed.wait(lock, [&] { return stopping || !tasks.empty(); });
            if (tasks.empty()) return;
            auto task = std::move(tasks.front());
            tasks.pop_front();
            lock.unlock();
            task();
            lock.lock();
        }
    });
    auto quorum = Quorum::open(node.options, node.disk, node.clock, node.random, node.rules,
                               [&](net::Task task) {
                                   const std::lock_guard lock(mutex);
                                   tasks.push_back(std::move(task));
                                   changed.notify_one();
                               })
                      .value();
    ASSERT_TRUE(quorum->start());
    ASSERT_TRUE(quorum->register_broker({.incarnation = Uuid{1, 1},
                                         .endpoints = {},
                                         .rack = std::nullopt,
                                         .log_dirs = {node.options.directory_id}}));
    constexpr std::size_t kClients = 4;
    constexpr std::size_t kRequests = 50;
    std::size_t answered = 0;  // with the two below under the mutex
    std::size_t created = 0;
    std::condition_variable all_answered;
    std::vector<std::thread> clients;
    for (std::size_t client = 0; client < kClients; ++client) {
        clients.emplace_back([&, client] {
            for (std::size_t i = 0; i < kRequests; ++i) {
                const auto name = std::to_string(client) + "-" + std::to_string(i);
                quorum->submit<metadata::CreateTopics>(
                    TestNode::create_request(name), [&, name](auto reply) {
                        const std::lock_guard lock(mutex);
                        created += reply && reply->topics.at(0).error.code == ErrorCode::NONE &&
                                   quorum->image()->topic(name) != nullptr;
                        if (++answered == kClients * kRequests) all_answered.notify_one();
                    });
                EXPECT_LE(quorum->image()->topics_by_id.size(), kClients * kRequests);
            }
        });
    }
    for (auto& client : clients) client.join();
    {
        std::unique_lock lock(mutex);
        all_answered.wait(lock, [&] { return answered == kClients * kRequests; });
        EXPECT_EQ(created, kClients * kRequests);
    }
    EXPECT_TRUE(quorum->stop());
    {
        const std::lock_guard lock(mutex);
        stopping = true;
    }
    changed.notify_one();
    worker.join();
}

}  // namespace
}  // namespace milena::quorum
