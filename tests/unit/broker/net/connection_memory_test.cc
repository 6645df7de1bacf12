// Memory of many connections: idle ones, and those that claim more than they send.
#include "tests/unit/broker/net/testing.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace milena::net {
namespace {

using namespace testing;

// Both ends of a connection are in this process.
std::size_t affordable_connections(std::size_t wanted) {
    const auto limit = raise_file_limit();
    constexpr std::size_t kOthers = 100;
    const auto affordable = std::min<std::size_t>(wanted, (limit - kOthers) / 2);
    if (affordable < wanted) {
        std::printf("only %zu connections instead of %zu: the limit of open files is %llu\n",
                    affordable, wanted, static_cast<unsigned long long>(limit));
    }
    return affordable;
}

NetSettings patient() {
    NetSettings settings;
    settings.listen_backlog = 1024;
    return settings;
}

TEST(ConnectionMemory, IdleConnectionCostsLessThan16KiB) {
    const auto count = affordable_connections(kSanitized ? 500 : 5000);
    TestServer server(patient());
    std::vector<std::unique_ptr<TestClient>> clients;
    clients.reserve(count);
    {
        // What is used once, whatever the number of connections.
        TestClient first(server.port());
        ASSERT_TRUE(first.send_frame("warm everything up"));
        ASSERT_TRUE(first.read_frame());
    }
    const auto before = resident_bytes();
    for (std::size_t i = 0; i < count; ++i) {
        clients.push_back(std::make_unique<TestClient>(server.port()));
        ASSERT_TRUE(clients.back()->send_frame("once, then idle"));
        ASSERT_EQ(clients.back()->read_frame(), "once, then idle");
    }
    ASSERT_EQ(server.totals().connections, count);
    const auto each = (resident_bytes() - before) / count;
    std::printf("%zu idle connections: %llu bytes each (both ends' user memory)\n", count,
                static_cast<unsigned long long>(each));
    if (!kSanitized) {
        EXPECT_LT(each, 2048U) << "16 KiB is the promise, 2 KiB the aim";
    }
}

TEST(ConnectionMemory, ThousandsThatClaim100MiBAndFallSilentDisturbNobody) {
    const auto count = affordable_connections(kSanitized ? 400 : 4000);
    TestServer server(patient());
    TestClient normal(server.port());
    ASSERT_TRUE(normal.send_frame("warm everything up"));
    ASSERT_TRUE(normal.read_frame());
    std::vector<std::unique_ptr<TestClient>> silent;
    silent.reserve(count);
    const Body claim = {0x06, 0x40, 0x00, 0x00, 'a', 'b', 'c', 'd'};
    const auto before = resident_bytes();
    std::vector<std::chrono::nanoseconds> latencies;
    for (std::size_t i = 0; i < count; ++i) {
        silent.push_back(std::make_unique<TestClient>(server.port()));
        ASSERT_TRUE(silent.back()->send(claim));
        const auto start = std::chrono::steady_clock::now();
        ASSERT_TRUE(normal.send_frame("how long do I wait?"));
        ASSERT_TRUE(normal.read_frame());
        latencies.push_back(std::chrono::steady_clock::now() - start);
    }
    ASSERT_TRUE(eventually([&] {
        const auto totals = server.totals();
        return totals.connections == count + 1 && totals.bytes_in >= 8 * count;
    }));
    const auto each = (resident_bytes() - before) / count;
    std::ranges::sort(latencies);
    const auto p99 = latencies[latencies.size() * 99 / 100];
    std::printf(
        "%zu claims of 100 MiB: %llu bytes each; a normal client meanwhile: p50 %.3f ms, "
        "p99 %.3f ms\n",
        count, static_cast<unsigned long long>(each),
        std::chrono::duration<double, std::milli>(latencies[latencies.size() / 2]).count(),
        std::chrono::duration<double, std::milli>(p99).count());
    EXPECT_EQ(server.sink().closed, 0);
    if (!kSanitized) {
        EXPECT_LT(each, 2048U);
        EXPECT_LT(p99, 100ms) << "generous: the machine may be busy";
    }
}

TEST(ConnectionMemory, LargeFramesGiveTheirMemoryBack) {
    TestServer server(
        {},
        [](MutableBytes frame, ReplyTicket ticket) {
            ticket.send(reply_with("took " + std::to_string(frame.size())));
        },
        1);
    const auto frame = framed(std::string(20'000'000, 'x'));
    const auto before = resident_bytes();
    for (int i = 0; i < 4; ++i) {
        TestClient client(server.port());
        ASSERT_TRUE(client.send(frame));
        ASSERT_EQ(client.read_frame(), "took 20000000");
    }
    ASSERT_TRUE(eventually([&] { return server.totals().connections == 0; }));
    if (!kSanitized) {
        constexpr auto kKept = BlockCache::kBlocks * BlockCache::kBlockMax;
        EXPECT_LT(resident_bytes(), before + kKept + 2'000'000);
    }
}

TEST(ConnectionMemory, UnfinishedFramesShareABudgetAndTheOthersGoOn) {
    NetSettings settings;
    settings.receive_memory_max = 4 * 1024 * 1024;
    settings.progress_window = Millis{100};
    settings.progress_deadline = Millis{500};
    TestServer server(settings);
    // Each sends up to 1 MB of a frame of 2 MB: together more than the budget.
    std::vector<std::unique_ptr<TestClient>> greedy;
    const Body half(1'000'000);
    std::vector<std::size_t> sent(32);
    for (std::size_t i = 0; i < sent.size(); ++i) {
        greedy.push_back(std::make_unique<TestClient>(server.port()));
        ASSERT_TRUE(greedy.back()->send(Body{0x00, 0x20, 0x00, 0x00}));
    }
    const auto before = resident_bytes();
    TestClient normal(server.port());
    std::uint64_t most = before;
    // Until the progress deadline has ended those that could not be read to the end.
    ASSERT_TRUE(eventually([&] {
        for (std::size_t i = 0; i < sent.size(); ++i) {
            sent[i] += greedy[i]->send_some(ByteView(half).subspan(sent[i]));
        }
        EXPECT_TRUE(normal.send_frame("small and welcome"));
        EXPECT_EQ(normal.read_frame(), "small and welcome");
        most = std::max(most, resident_bytes());
        return server.closed_for(CloseReason::kProgressDeadline) == greedy.size();
    }));
    if (!kSanitized) {
        EXPECT_LT(most - before, 16U * 1024 * 1024);
    }
    // The memory is there again.
    TestClient large(server.port());
    std::jthread sender([&] { large.send_frame(std::string(2'000'000, 'x')); });
    EXPECT_EQ(large.read_frame().value_or("").size(), 2'000'000U);
}

}  // namespace
}  // namespace milena::net
