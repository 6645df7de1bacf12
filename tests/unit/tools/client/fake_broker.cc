#include "tests/unit/tools/client/fake_broker.h"

#include <algorithm>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace milena::client {
namespace {

bool read_fully(int handle, void* into, std::size_t size) {
    auto* at = static_cast<char*>(into);
    while (size > 0) {
        const auto got = ::recv(handle, at, size, 0);
        if (got <= 0) return false;
        at += got;
        size -= static_cast<std::size_t>(got);
    }
    return true;
}

bool write_fully(int handle, const void* from, std::size_t size) {
    const auto* at = static_cast<const char*>(from);
    while (size > 0) {
        const auto sent = ::send(handle, at, size, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        at += sent;
        size -= static_cast<std::size_t>(sent);
    }
    return true;
}

FakeBroker::Answer all_versions(const FakeBroker::Request& request) {
    using Response = msg::ApiVersionsResponse;
    Arena arena;
    const auto rows = api_table();
    Response response;
    response.api_keys = Array<Response::ApiVersion>::make(arena, rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        response.api_keys[i].api_key = static_cast<std::int16_t>(rows[i].key);
        response.api_keys[i].min_version = rows[i].min_version;
        response.api_keys[i].max_version = rows[i].max_version;
    }
    return request.answer(response).bytes;
}

}  // namespace

FakeBroker::FakeBroker() {
    handlers_[ApiKey::ApiVersions] = &all_versions;
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 16), 0);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    EXPECT_EQ(::pipe(stop_), 0);
    thread_ = std::thread([this] { serve(); });
}

FakeBroker::~FakeBroker() {
    ::close(stop_[1]);
    thread_.join();
    ::close(stop_[0]);
    ::close(listener_);
}

void FakeBroker::on(ApiKey api, Handler handler) {
    const std::lock_guard lock(mutex_);
    handlers_[api] = std::move(handler);
}

void FakeBroker::answer_everything_with(std::string bytes) {
    const std::lock_guard lock(mutex_);
    raw_answer_ = std::move(bytes);
}

int FakeBroker::count(ApiKey api) const {
    const std::lock_guard lock(mutex_);
    const auto at = counts_.find(api);
    return at == counts_.end() ? 0 : at->second;
}

bool FakeBroker::serve_one(int connection) {
    std::array<std::uint8_t, 4> prefix;
    if (!read_fully(connection, prefix.data(), prefix.size())) return false;
    std::vector<std::uint8_t> frame(static_cast<std::size_t>(load_be<std::int32_t>(prefix.data())));
    if (!read_fully(connection, frame.data(), frame.size())) return false;
    const std::lock_guard lock(mutex_);
    if (!raw_answer_.empty())
        return write_fully(connection, raw_answer_.data(), raw_answer_.size());
    const auto head = decode_request_header(frame);
    if (!head) return false;
    ++counts_[head->api->key];
    const auto handler = handlers_.find(head->api->key);
    if (handler == handlers_.end()) return false;
    const auto answer = handler->second({*head, ByteView(frame).subspan(head->size), frame});
    return answer && write_fully(connection, answer->data(), answer->size());
}

void FakeBroker::serve() {
    std::vector<pollfd> waits = {{stop_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
    while (true) {
        ::poll(waits.data(), waits.size(), -1);
        if (waits[0].revents != 0) break;
        for (std::size_t i = 2; i < waits.size(); ++i) {
            if (waits[i].revents == 0 || serve_one(waits[i].fd)) continue;
            ::close(waits[i].fd);
            waits[i].fd = -1;
        }
        std::erase_if(waits, [](const pollfd& wait) { return wait.fd < 0; });
        if (waits[1].revents != 0) {
            waits.push_back({::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC), POLLIN, 0});
        }
    }
    for (std::size_t i = 2; i < waits.size(); ++i) ::close(waits[i].fd);
}

msg::MetadataResponse FakeBroker::metadata(Arena& arena, std::string_view topic,
                                           int partitions) const {
    using Response = msg::MetadataResponse;
    Response response;
    response.brokers = Array<Response::MetadataResponseBroker>::make(arena, 1);
    response.brokers[0].node_id = BrokerId(1);
    response.brokers[0].host = "127.0.0.1";
    response.brokers[0].port = port_;
    response.topics = Array<Response::MetadataResponseTopic>::make(arena, 1);
    auto& only = response.topics[0];
    only.name = arena.copy(topic);
    only.topic_id = TopicId(Uuid{7, 9});
    only.partitions = Array<Response::MetadataResponsePartition>::make(
        arena, static_cast<std::size_t>(partitions));
    for (int i = 0; i < partitions; ++i) {
        auto& partition = only.partitions[static_cast<std::size_t>(i)];
        partition.partition_index = PartitionIndex(i);
        partition.leader_id = BrokerId(1);
        partition.leader_epoch = LeaderEpoch(0);
    }
    return response;
}

}  // namespace milena::client
