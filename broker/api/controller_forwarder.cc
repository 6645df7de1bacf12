#include "broker/api/controller_forwarder.h"

#include <algorithm>
#include <array>

namespace milena::api {
namespace {

constexpr Millis kPatience{15'000};

constexpr std::array kForwarded{
    ApiKey::CreateTopics,
    ApiKey::DeleteTopics,
    ApiKey::CreatePartitions,
    ApiKey::AlterConfigs,
    ApiKey::IncrementalAlterConfigs,
    ApiKey::ElectLeaders,
    ApiKey::CreateAcls,
    ApiKey::DeleteAcls,
    ApiKey::AlterPartitionReassignments,
    ApiKey::ListPartitionReassignments,
    ApiKey::DescribeQuorum,
};

}  // namespace

bool ControllerForwarder::must_forward(ApiKey key) const {
    const bool is_forwarded =
        std::find(kForwarded.begin(), kForwarded.end(), key) != kForwarded.end();
    return is_forwarded && !quorum_.is_active();
}

bool ControllerForwarder::names_leaders(ApiKey key) const {
    return key == ApiKey::Metadata || key == ApiKey::FindCoordinator;
}

// What was readable when the first task ran has been read when the second does.
void ControllerForwarder::catch_up(net::Task look) {
    peers_.post([this, look = std::move(look)]() mutable { peers_.post(std::move(look)); });
}

bool ControllerForwarder::is_settling() {
    return absences_.any() && absences_.is_settling(*quorum_.image(), clock_.now());
}

void ControllerForwarder::forward(ByteView frame, const net::Peer& from, net::ReplyTicket ticket) {
    controller_.forward(
        {frame.begin(), frame.end()}, from.address, clock_.now() + kPatience,
        [ticket = std::move(ticket)](Result<std::vector<std::uint8_t>> answer) mutable {
            if (!answer) return ticket.close(answer.error().detail);
            OutFrame out;
            out.bytes.resize(sizeof(std::int32_t));
            store_be(out.bytes.data(), static_cast<std::int32_t>(answer->size()));
            out.bytes.insert(out.bytes.end(), answer->begin(), answer->end());
            ticket.send(std::move(out));
        });
}

}  // namespace milena::api
