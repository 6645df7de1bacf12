#include "replication/raft/election_state.h"

#include <limits>

#include <boost/json.hpp>

namespace milena::raft {
namespace {

std::unexpected<Error> bad(std::string why) {
    return fail(ErrorCode::KAFKA_STORAGE_ERROR, "quorum-state " + std::move(why));
}

Result<std::int32_t> int32_field(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains({name.data(), name.size()});
    const auto* number = value ? value->if_int64() : nullptr;
    if (!number || *number < std::numeric_limits<std::int32_t>::min() ||
        *number > std::numeric_limits<std::int32_t>::max()) {
        return bad("has no number '" + std::string(name) + "'");
    }
    return static_cast<std::int32_t>(*number);
}

Result<DirectoryId> directory_field(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains({name.data(), name.size()});
    const auto* text = value ? value->if_string() : nullptr;
    const auto id = text ? Uuid::parse({text->data(), text->size()}) : std::nullopt;
    if (!id) return bad("has no directory id '" + std::string(name) + "'");
    return DirectoryId(*id);
}

}  // namespace

std::string to_json(const ElectionState& state, const VoterSet& voters) {
    const std::string common = "\"leaderId\":" + std::to_string(state.leader.value()) +
                               ",\"leaderEpoch\":" + std::to_string(state.epoch.value()) +
                               ",\"votedId\":" + std::to_string(state.voted.value());
    if (voters.kraft_version >= 1) {
        return "{" + common + ",\"votedDirectoryId\":\"" +
               state.voted_directory.value().to_string() + "\",\"data_version\":1}";
    }
    std::string list;
    for (const Voter& voter : voters.voters) {
        if (!list.empty()) list += ",";
        list += "{\"voterId\":" + std::to_string(voter.id.value()) + "}";
    }
    return "{\"clusterId\":\"\"," + common + ",\"appliedOffset\":0,\"currentVoters\":[" + list +
           "],\"data_version\":0}";
}

Result<ElectionState> parse_election_state(std::string_view json) {
    boost::system::error_code error;
    const auto document = boost::json::parse({json.data(), json.size()}, error);
    if (error || !document.is_object()) return bad("is not a JSON object");
    const auto& object = document.get_object();
    MILENA_ASSIGN(const auto version, int32_field(object, "data_version"));
    if (version != 0 && version != 1) {
        return bad("has data_version " + std::to_string(version) +
                   ", known are 0 and 1; it was written by a newer version");
    }
    ElectionState state;
    MILENA_ASSIGN(const auto epoch, int32_field(object, "leaderEpoch"));
    MILENA_ASSIGN(const auto leader, int32_field(object, "leaderId"));
    MILENA_ASSIGN(const auto voted, int32_field(object, "votedId"));
    if (epoch < 0 || leader < -1 || voted < -1) return bad("holds a negative id or epoch");
    state.epoch = LeaderEpoch(epoch);
    state.leader = BrokerId(leader);
    state.voted = BrokerId(voted);
    if (version == 1) {
        MILENA_ASSIGN(state.voted_directory, directory_field(object, "votedDirectoryId"));
    }
    return state;
}

}  // namespace milena::raft
