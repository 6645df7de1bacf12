// Who is to have what at a new epoch of the group.
#pragma once

#include "broker/coordinator/group/consumer/draft.h"
#include "broker/coordinator/group/consumer/subscriptions.h"
#include "broker/coordinator/keyed_records.h"

#include <span>
#include <string>

namespace milena::coordinator::group::consumer {

// The assignor that most members ask for; the first of `offered` when nobody asks for one.
std::string_view preferred_assignor(const Draft& draft, std::span<const std::string> offered);

// A static member's id before it came back under another; what it was to have is the new one's.
// Both empty: nobody did.
struct Replaced {
    std::string_view before;
    std::string_view after;
};

// Runs the assignor, writes what changes, and the epoch. Returns the target of `member_id`.
PartitionSet write_target(KeyedRecords& to, const Draft& draft, const metadata::Image& image,
                          const Subscriptions& subscriptions, std::string_view assignor,
                          GroupEpoch epoch, const Replaced& replaced, std::string_view member_id);

}  // namespace milena::coordinator::group::consumer
