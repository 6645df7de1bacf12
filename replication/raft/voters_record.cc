#include "replication/raft/voters_record.h"

#include "protocol/base/assert.h"
#include "protocol/msg/records/kraft_version_record.h"
#include "protocol/msg/records/voters_record.h"
#include "protocol/record/record_reader.h"
#include "protocol/wire/frame.h"

namespace milena::raft {
namespace {

template <class T>
std::vector<std::uint8_t> encode(const T& message) {
    auto bytes = encode_message(message, ApiVersion(0));
    MILENA_ASSERT(bytes.has_value());
    return {bytes->begin(), bytes->end()};
}

Voter voter_of(const msg::VotersRecord::Voter& from) {
    Voter voter{.id = from.voter_id, .directory = from.voter_directory_id};
    for (const auto& endpoint : from.endpoints) {
        voter.endpoints.push_back(
            {std::string(endpoint.name), std::string(endpoint.host), endpoint.port});
    }
    voter.kraft_versions = {from.k_raft_version_feature.min_supported_version,
                            from.k_raft_version_feature.max_supported_version};
    return voter;
}

}  // namespace

std::vector<std::uint8_t> encode_kraft_version(const VoterSet& voters) {
    msg::KRaftVersionRecord record;
    record.k_raft_version = voters.kraft_version;
    return encode(record);
}

std::vector<std::uint8_t> encode_voters(const VoterSet& voters) {
    Arena arena;
    msg::VotersRecord record;
    record.voters = Array<msg::VotersRecord::Voter>::make(arena, voters.voters.size());
    for (std::size_t i = 0; i < record.voters.size(); ++i) {
        const Voter& from = voters.voters[i];
        auto& to = record.voters[i];
        to.voter_id = from.id;
        to.voter_directory_id = from.directory;
        to.k_raft_version_feature = {.min_supported_version = from.kraft_versions.min,
                                     .max_supported_version = from.kraft_versions.max};
        to.endpoints = Array<msg::VotersRecord::Endpoint>::make(arena, from.endpoints.size());
        for (std::size_t j = 0; j < from.endpoints.size(); ++j) {
            to.endpoints[j].name = from.endpoints[j].name;
            to.endpoints[j].host = from.endpoints[j].host;
            to.endpoints[j].port = from.endpoints[j].port;
        }
    }
    return encode(record);
}

Status VotersReader::on_control(ControlType type, ByteView value) {
    if (type != ControlType::kraft_version && type != ControlType::kraft_voters) return {};
    Arena arena;
    changed_ = true;
    if (type == ControlType::kraft_version) {
        MILENA_ASSIGN(const auto record, decode_message<msg::KRaftVersionRecord>(
                                             value, ApiVersion(0), arena, kTrustedLimits));
        voters_.kraft_version = record.k_raft_version;
        return {};
    }
    MILENA_ASSIGN(const auto record,
                  decode_message<msg::VotersRecord>(value, ApiVersion(0), arena, kTrustedLimits));
    voters_.voters.clear();
    for (const auto& voter : record.voters) voters_.voters.push_back(voter_of(voter));
    return {};
}

std::optional<VoterSet> VotersReader::take() {
    if (!changed_) return std::nullopt;
    changed_ = false;
    return voters_;
}

Result<std::optional<VoterSet>> voters_in(const BatchView& batch, const VoterSet& before) {
    if (!batch.is_control()) return std::nullopt;
    VotersReader voters(before);
    RecordReader reader(batch, batch.records());
    while (reader.next()) {
        MILENA_ASSIGN(const ControlType type, parse_control_key(reader.record().key));
        MILENA_TRY(voters.on_control(type, reader.record().value.value_or_empty()));
    }
    MILENA_TRY(reader.status());
    return voters.take();
}

}  // namespace milena::raft
