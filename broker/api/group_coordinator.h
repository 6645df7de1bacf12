// How handlers ask the group coordinator: one group's shard, several of them, or all.
//
// Answers come on any thread, once per question. What the coordinator's host refuses (not loaded,
// not here, append failed) stands in the reply's `error`, like the machine's own errors.
#pragma once

#include "broker/api/request.h"
#include "broker/coordinator/group/requests.h"
#include "broker/replica/verification.h"
#include "protocol/base/nullable_string.h"
#include "replication/metadata/image.h"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace milena::api {

namespace group = coordinator::group;

// READ DELETE DESCRIBE DESCRIBE_CONFIGS ALTER_CONFIGS
inline constexpr std::int32_t kAllGroupOperations = 1 << 3 | 1 << 6 | 1 << 8 | 1 << 10 | 1 << 11;

using GroupDone = std::move_only_function<void(Result<group::Reply>)>;

void ask_shard_of(Services& services, std::string_view group_id, group::Request request,
                  GroupDone done, replica::Verification verification);
void ask_shard(Services& services, PartitionIndex shard, group::Request request, GroupDone done);
// The shards that this node hosts.
std::vector<PartitionIndex> group_shards(const Services& services);

template <class R>
typename R::Reply unpack(Result<group::Reply> reply) {
    if (reply) return std::get<typename R::Reply>(std::move(*reply));
    typename R::Reply refused;
    refused.error = std::move(reply).error();
    return refused;
}

// Asks the shard of request.group_id; `then(R::Reply)`.
template <class R, class Then>
void ask_group(Services& services, R request, Then then, replica::Verification verification = {}) {
    const std::string group_id = request.group_id;
    ask_shard_of(
        services, group_id, std::move(request),
        [then = std::move(then)](Result<group::Reply> reply) mutable {
            then(unpack<R>(std::move(reply)));
        },
        verification);
}

// Answers to several questions, in their order: the last to come in hands all of them over.
template <class T>
class Gathering : public std::enable_shared_from_this<Gathering<T>> {
  public:
    using Then = std::move_only_function<void(std::vector<T>)>;

    // `expected` > 0.
    Gathering(std::size_t expected, Then then)
        : answers_(expected), missing_(expected), then_(std::move(then)) {}

    // Where the answer to question `i` goes, once, from any thread.
    auto slot(std::size_t i) {
        return [self = this->shared_from_this(), i](T answer) {
            self->answers_[i] = std::move(answer);
            if (self->missing_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
                self->then_(std::move(self->answers_));
            }
        };
    }

  private:
    std::vector<T> answers_;
    std::atomic<std::size_t> missing_;
    Then then_;
};

// Asks the shards of several groups at once; `then` gets their replies in the order of `requests`.
template <class R, class Then>
void ask_groups(Services& services, std::vector<R> requests, Then then) {
    using Answer = typename R::Reply;
    if (requests.empty()) return then(std::vector<Answer>{});
    auto gathering = std::make_shared<Gathering<Answer>>(requests.size(), std::move(then));
    for (std::size_t i = 0; i < requests.size(); ++i) {
        ask_group(services, std::move(requests[i]), gathering->slot(i));
    }
}

// --- Forms ---

inline std::optional<std::string> owned(const NullableString& text) {
    if (text.is_null()) return std::nullopt;
    return std::string(*text);
}
inline NullableString nullable(const std::optional<std::string>& text) {
    return text ? NullableString(*text) : NullableString();
}
inline group::Blob owned(ByteView bytes) {
    return {bytes.begin(), bytes.end()};
}

template <class Body>
group::Client client_of(const Request<Body>& request) {
    return {std::string(request.client_id), "/" + request.connection.peer().address};
}

template <class Body>
group::MemberClaim claim_of(const Body& body, std::int32_t generation) {
    return {std::string(body.member_id), owned(body.group_instance_id), generation};
}

// Does the topic have this partition?
inline bool has_partition(const metadata::TopicImage* topic, PartitionIndex index) {
    return topic != nullptr && index.value() >= 0 && topic->partition(index) != nullptr;
}

}  // namespace milena::api
