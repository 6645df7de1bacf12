// What the members of a group subscribe to, looked up in the metadata: topic ids for the assignor,
// and one hash that tells whether anything about these topics has changed (KIP-1101).
#pragma once

#include "broker/coordinator/group/consumer/draft.h"
#include "protocol/base/error.h"
#include "replication/metadata/image.h"

#include <cstdint>
#include <deque>
#include <set>
#include <span>
#include <string_view>
#include <vector>

namespace milena::coordinator::group::consumer {

class Subscriptions {
  public:
    // `draft` and `image` outlive it, and the draft does not change meanwhile.
    Subscriptions(const Draft& draft, const metadata::Image& image);

    // By position in Draft::for_each: the ids of the topics that exist, ascending.
    const std::vector<std::span<const TopicId>>& by_member() const { return by_member_; }
    const std::set<std::string_view>& names() const { return names_; }
    // As Kafka computes it: XXH3 over the hashes of the topics in the order of their names. 0 when
    // there are none. Source: group-coordinator/.../Utils.java#computeGroupHash.
    std::int64_t metadata_hash() const;

  private:
    const metadata::Image& image_;
    std::deque<std::vector<TopicId>> lists_;  // one per different subscription
    std::vector<std::span<const TopicId>> by_member_;
    std::set<std::string_view> names_;
};

// INVALID_REGULAR_EXPRESSION. The empty one is no expression, and valid.
Status check_regex(std::string_view regex);

// Matches the names of all topics, from end to end. Nothing for an expression that is not valid.
ResolvedRegex resolve_regex(std::string_view regex, const metadata::Image& image, TimestampMs now);

}  // namespace milena::coordinator::group::consumer
