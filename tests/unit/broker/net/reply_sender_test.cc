#include "broker/net/reply_sender.h"

#include "protocol/base/random.h"
#include "tests/unit/broker/net/testing.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

namespace milena::net {
namespace {

using testing::Body;
using testing::reply_with;

// A file in memory, with a descriptor only as a name for the fake transport below.
class MemorySource final : public SliceSource {
  public:
    explicit MemorySource(Body content, int handle)
        : content_(std::move(content)), handle_(handle) {}

    int native_handle() const override { return handle_; }
    std::int64_t read_some(std::uint64_t position, MutableBytes into) const override {
        if (fail_with != 0) return -fail_with;
        if (position >= content_.size()) return 0;
        auto count = std::min<std::size_t>(into.size(), content_.size() - position);
        if (read_most > 0) count = std::min(count, read_most);
        std::memcpy(into.data(), content_.data() + position, count);
        return static_cast<std::int64_t>(count);
    }

    std::size_t read_most = 0;
    int fail_with = 0;

  private:
    const Body content_;
    const int handle_;
};

// Takes `quota` bytes at most in one call, and every other call none.
class FakeTransport final : public Transport {
  public:
    explicit FakeTransport(const MemorySource& file) : file_(file) {}

    std::int64_t read(std::span<const iovec>) override { return kWouldBlock; }
    std::int64_t write(std::span<const iovec> from, Continues continues) override {
        if (failure != 0) return -failure;
        if (refuse()) return kWouldBlock;
        ++writes;
        last_continues = continues;
        std::size_t left = quota;
        for (const auto& piece : from) {
            const auto count = std::min(left, piece.iov_len);
            const auto* bytes = static_cast<const std::uint8_t*>(piece.iov_base);
            taken.insert(taken.end(), bytes, bytes + count);
            left -= count;
        }
        return static_cast<std::int64_t>(quota - left);
    }
    std::int64_t send_file(int file, std::uint64_t position, std::uint64_t length) override {
        EXPECT_EQ(file, 7);
        if (!has_send_file) return -ENOTSUP;
        if (refuse()) return kWouldBlock;
        ++files;
        Body bytes(std::min<std::uint64_t>(length, quota));
        const auto got = file_.read_some(position, bytes);
        taken.insert(taken.end(), bytes.begin(), bytes.begin() + std::max<std::int64_t>(got, 0));
        return got;
    }
    void wait_readable() override {}
    void wait_writable() override {}
    void close() override {}

    std::size_t quota = SIZE_MAX;
    bool stutter = false;
    bool has_send_file = true;
    int failure = 0;
    Body taken;
    int writes = 0;
    int files = 0;
    Continues last_continues = Continues::no;

  private:
    bool refuse() {
        refused_ = stutter && !refused_;
        return refused_;
    }

    const MemorySource& file_;
    bool refused_ = false;
};

constexpr std::size_t kFileBytes = 200'000;

Body file_content() {
    Body content(kFileBytes);
    SeededRandom random(7);
    for (auto& byte : content) byte = static_cast<std::uint8_t>(random.next());
    return content;
}

struct Bench {
    explicit Bench(int handle = 7)
        : content(file_content()),
          file(std::make_shared<MemorySource>(content, handle)),
          transport(*file) {}

    // A reply of `memory` bytes with the given ranges of the file spread over it.
    void add(std::size_t memory, const std::vector<std::pair<std::size_t, std::size_t>>& ranges) {
        OutFrame frame;
        frame.bytes.resize(memory);
        for (std::size_t i = 0; i < memory; ++i) frame.bytes[i] = static_cast<std::uint8_t>(i);
        std::size_t from = 0;
        for (std::size_t i = 0; i < ranges.size(); ++i) {
            const auto at = memory * i / std::max<std::size_t>(ranges.size() - 1, 1);
            const auto [position, length] = ranges[i];
            frame.splices.push_back({at, {file, position, length}});
            expected.insert(expected.end(), frame.bytes.begin() + static_cast<long>(from),
                            frame.bytes.begin() + static_cast<long>(at));
            expected.insert(expected.end(), content.begin() + static_cast<long>(position),
                            content.begin() + static_cast<long>(position + length));
            from = at;
        }
        expected.insert(expected.end(), frame.bytes.begin() + static_cast<long>(from),
                        frame.bytes.end());
        replies.complete(replies.open(), std::move(frame));
    }
    SendResult send() { return sender.send(replies, transport, copy_space); }
    // Until nothing is left or something goes wrong.
    SendResult send_all() {
        for (int calls = 0; calls < 5'000'000; ++calls) {
            const auto result = send();
            if (result.outcome != SendOutcome::kBlocked) return result;
        }
        return {SendOutcome::kBlocked, 0, 0};
    }

    Body content;
    std::shared_ptr<MemorySource> file;
    FakeTransport transport;
    ReplyQueue replies;
    ReplySender sender;
    Body copy_space = Body(32 * 1024);
    Body expected;
};

void add_everything(Bench& bench) {
    bench.add(60, {});
    bench.add(3000, {});
    bench.add(100, {{5, 40'000}});
    bench.add(100, {{0, 10}, {10, 20'000}, {7, 0}, {30'000, 17'000}, {50'000, 32'768}});
    bench.add(0, {{1, 90'000}});
    bench.add(61, {{0, 0}});
    bench.add(62, {{9, 1}, {10, 1}, {11, 1}, {12, 100'000}});
    bench.add(5, {});
}

TEST(ReplySender, GathersSmallRepliesIntoOneWrite) {
    Bench bench;
    for (int i = 0; i < 40; ++i) bench.add(60, {});
    const auto result = bench.send();
    EXPECT_EQ(result.outcome, SendOutcome::kDrained);
    EXPECT_EQ(result.bytes, 2400U);
    EXPECT_EQ(bench.transport.writes, 1);
    EXPECT_EQ(bench.transport.taken, bench.expected);
    EXPECT_TRUE(bench.replies.empty());
}

TEST(ReplySender, SendsTheSameBytesHoweverLittleTheTransportTakes) {
    for (const std::size_t quota : {5, 59, 500, 4096, 32'768, 100'000}) {
        for (const bool has_send_file : {true, false}) {
            for (const int handle : {7, -1}) {
                SCOPED_TRACE(testing::text_of(as_bytes("quota ")) + std::to_string(quota) +
                             (has_send_file ? " sendfile" : " copy") + " handle " +
                             std::to_string(handle));
                Bench bench(handle);
                bench.transport.quota = quota;
                bench.transport.stutter = true;
                bench.transport.has_send_file = has_send_file;
                bench.file->read_most = quota == 59 ? 50 : 0;
                if (quota < 1000) {
                    bench.add(60, {{3, 30}, {0, 0}, {90, 33'000}});
                    bench.add(0, {{5, 2}});
                    bench.add(9, {});
                } else {
                    add_everything(bench);
                }
                const auto result = bench.send_all();
                EXPECT_EQ(result.outcome, SendOutcome::kDrained);
                EXPECT_TRUE(bench.transport.taken == bench.expected);
                EXPECT_TRUE(bench.replies.empty());
                EXPECT_EQ(bench.transport.files > 0, has_send_file && handle == 7);
            }
        }
    }
}

TEST(ReplySender, LargeFileRangesGoBySendfileAndSmallOnesAreCopied) {
    Bench bench;
    bench.add(10, {{0, 100'000}});
    bench.add(10, {{0, 1000}, {1000, 1000}});
    EXPECT_EQ(bench.send().outcome, SendOutcome::kDrained);
    EXPECT_EQ(bench.transport.files, 1);
    EXPECT_TRUE(bench.transport.taken == bench.expected);
}

TEST(ReplySender, SaysThatMoreFollowsBeforeAFileRange) {
    Bench bench;
    bench.add(10, {{0, 0}, {0, 100'000}});
    bench.transport.quota = 10;
    bench.send();
    EXPECT_EQ(bench.transport.last_continues, Continues::yes);
}

TEST(ReplySender, WaitsBehindAPendingReplyAndSkipsSilentOnes) {
    Bench bench;
    const auto silent = bench.replies.open();
    const auto pending = bench.replies.open();
    bench.add(20, {});
    EXPECT_EQ(bench.send().bytes, 0U);
    bench.replies.complete(silent, {});
    EXPECT_EQ(bench.send().bytes, 0U);
    EXPECT_EQ(bench.replies.size(), 2U);
    bench.replies.complete(pending, {});
    EXPECT_EQ(bench.send().bytes, 20U);
    EXPECT_TRUE(bench.replies.empty());
}

TEST(ReplySender, ReachesTheCloseOnlyAfterTheRepliesBeforeIt) {
    Bench bench;
    bench.add(20, {});
    bench.replies.close_at(bench.replies.open());
    bench.transport.quota = 15;
    EXPECT_EQ(bench.send().outcome, SendOutcome::kBlocked);
    const auto result = bench.send();
    EXPECT_EQ(result.outcome, SendOutcome::kClose);
    EXPECT_EQ(bench.transport.taken, bench.expected);
}

TEST(ReplySender, PausesAfterAboutAMegabyte) {
    Bench bench;
    for (int i = 0; i < 20; ++i) bench.add(10, {{0, kFileBytes}});
    const auto result = bench.send();
    EXPECT_EQ(result.outcome, SendOutcome::kBlocked);
    EXPECT_GE(result.bytes, 1'000'000U);
    EXPECT_LE(result.bytes, 1'300'000U);
    EXPECT_EQ(bench.send_all().outcome, SendOutcome::kDrained);
    EXPECT_TRUE(bench.transport.taken == bench.expected);
}

TEST(ReplySender, ReportsAFileThatEndsEarlyAndAReadThatFails) {
    Bench ended;
    ended.replies.complete(ended.replies.open(),
                           {Body(4), {{4, {ended.file, kFileBytes - 5, 100'000}}}});
    EXPECT_EQ(ended.send_all().outcome, SendOutcome::kBroken);
    Bench failing(-1);
    failing.file->fail_with = EIO;
    failing.replies.complete(failing.replies.open(), {Body(4), {{4, {failing.file, 0, 100}}}});
    const auto result = failing.send_all();
    EXPECT_EQ(result.outcome, SendOutcome::kBroken);
    EXPECT_EQ(result.error, EIO);
}

TEST(ReplySender, ReportsAFailedTransport) {
    Bench bench;
    bench.add(10, {});
    bench.transport.failure = EPIPE;
    const auto result = bench.send();
    EXPECT_EQ(result.outcome, SendOutcome::kFailed);
    EXPECT_EQ(result.error, EPIPE);
}

}  // namespace
}  // namespace milena::net
