#include "broker/coordinator/group/records.h"

#include "protocol/base/assert.h"
#include "protocol/msg/records/group_metadata.h"
#include "protocol/msg/records/legacy_offset_commit.h"
#include "protocol/msg/records/offset_commit.h"
#include "protocol/wire/versioned.h"

namespace milena::coordinator::group {
namespace {

constexpr ApiVersion kOffsetVersion{4};
constexpr ApiVersion kOffsetWithRetentionVersion{1};
constexpr ApiVersion kGroupVersion{3};

void write_key(std::vector<std::uint8_t>& out, const OffsetKey& key) {
    msg::OffsetCommitKey message;
    message.group = key.group;
    message.topic = key.topic;
    message.partition = key.partition;
    MILENA_ASSERT(append_coordinator_key(message, out));
}

void write_key(std::vector<std::uint8_t>& out, std::string_view group_id) {
    msg::GroupMetadataKey key;
    key.group = group_id;
    MILENA_ASSERT(append_coordinator_key(key, out));
}

NullableString nullable(const std::optional<std::string>& text) {
    return text ? NullableString(*text) : NullableString();
}

std::optional<std::string> owned(NullableString text) {
    if (text.is_null()) return std::nullopt;
    return std::string(*text);
}

Blob blob(ByteView bytes) {
    return {bytes.begin(), bytes.end()};
}

CommittedOffset from(const msg::OffsetCommitValue& value) {
    return {.offset = value.offset,
            .leader_epoch = value.leader_epoch,
            .metadata = std::string(value.metadata),
            .commit_timestamp = value.commit_timestamp,
            .expire_timestamp = value.expire_timestamp,
            .topic_id = value.topic_id};
}

CommittedOffset from(const msg::LegacyOffsetCommitValue& value) {
    CommittedOffset offset;
    offset.offset = value.offset;
    offset.metadata = std::string(value.metadata);
    offset.commit_timestamp = value.commit_timestamp;
    return offset;
}

ClassicMemberPtr from(const msg::GroupMetadataValue::MemberMetadata& value,
                      const std::optional<std::string>& protocol) {
    auto member = std::make_shared<ClassicMember>();
    member->id = std::string(value.member_id);
    member->instance_id = owned(value.group_instance_id);
    member->client = {std::string(value.client_id), std::string(value.client_host)};
    member->session_timeout = value.session_timeout;
    member->rebalance_timeout =
        value.rebalance_timeout < Millis(0) ? value.session_timeout : value.rebalance_timeout;
    member->protocols.push_back({protocol.value_or(""), blob(value.subscription)});
    member->assignment = blob(value.assignment);
    return member;
}

ClassicGroup from(const msg::GroupMetadataValue& value) {
    ClassicGroup group;
    group.generation = value.generation;
    if (!value.protocol_type.empty()) group.protocol_type = std::string(value.protocol_type);
    group.protocol = owned(value.protocol);
    group.leader = owned(value.leader);
    group.state_timestamp = value.current_state_timestamp;
    group.has_record = true;
    for (const auto& listed : value.members) {
        auto member = from(listed, group.protocol);
        if (!group.members.emplace(member->id, member).second) continue;
        if (member->instance_id) group.static_members[*member->instance_id] = member->id;
        group.join_order.push_back(member->id);
    }
    group.state = group.members.empty() ? ClassicState::empty : ClassicState::stable;
    // What a damaged log says must not break what the machine relies on.
    if (group.leader && group.member(*group.leader) == nullptr) group.leader.reset();
    if (!group.leader && !group.join_order.empty()) group.leader = group.join_order.front();
    if (!group.members.empty() && !group.protocol) group.protocol = "";
    std::erase_if(group.static_members, [&](const auto& entry) {
        const auto* member = group.member(entry.second);
        return member == nullptr || member->instance_id != entry.first;
    });
    return group;
}

template <class Key, class Value>
bool apply_offset(State& state, const KeyedRecord& record, const RecordOrigin& origin) {
    Arena arena;
    const auto key = decode_coordinator_key<Key>(record.key, arena);
    if (!key) return false;
    const OffsetKey name{key->group, key->topic, key->partition};
    if (!record.value) {
        state.offsets.erase(name);
    } else {
        const auto value = decode_versioned<Value>(*record.value, arena);
        if (!value) return false;
        auto offset = from(*value);
        offset.record_offset = origin.offset;
        if (origin.producer) {
            state.offsets.put_pending(origin.producer->id, name, std::move(offset));
        } else {
            state.offsets.put(name, std::move(offset));
        }
    }
    state.keep_simple_group(key->group);
    return true;
}

bool apply_group(State& state, const KeyedRecord& record) {
    Arena arena;
    const auto key = decode_coordinator_key<msg::GroupMetadataKey>(record.key, arena);
    if (!key) return false;
    if (record.value) {
        const auto value = decode_versioned<msg::GroupMetadataValue>(*record.value, arena);
        if (!value) return false;
        state.groups.insert_or_assign(std::string(key->group), from(*value));
    } else if (state.classic(key->group) != nullptr) {
        state.groups.erase(state.groups.find(key->group));
        state.keep_simple_group(key->group);
    }
    return true;
}

}  // namespace

void add_offset(KeyedRecords& to, const OffsetKey& key, const CommittedOffset& value) {
    to.add_by([&](std::vector<std::uint8_t>& out) { write_key(out, key); },
              [&](std::vector<std::uint8_t>& out) {
                  msg::OffsetCommitValue message;
                  message.offset = value.offset;
                  message.metadata = value.metadata;
                  message.commit_timestamp = value.commit_timestamp;
                  if (value.expire_timestamp != kNoTimestamp) {
                      message.expire_timestamp = value.expire_timestamp;
                      MILENA_ASSERT(append_versioned(message, kOffsetWithRetentionVersion, out));
                      return;
                  }
                  message.leader_epoch = value.leader_epoch;
                  message.topic_id = value.topic_id;
                  MILENA_ASSERT(append_versioned(message, kOffsetVersion, out));
              });
}

void add_offset_tombstone(KeyedRecords& to, const OffsetKey& key) {
    to.add_tombstone_by([&](std::vector<std::uint8_t>& out) { write_key(out, key); });
}

void add_group(KeyedRecords& to, std::string_view group_id, const ClassicGroup& group) {
    Arena arena;
    msg::GroupMetadataValue message;
    message.protocol_type = group.protocol_type ? std::string_view(*group.protocol_type) : "";
    message.generation = group.generation;
    message.protocol = nullable(group.protocol);
    message.leader = nullable(group.leader);
    message.current_state_timestamp = group.state_timestamp;
    message.members =
        Array<msg::GroupMetadataValue::MemberMetadata>::make(arena, group.join_order.size());
    std::size_t i = 0;
    for (const auto& id : group.join_order) {
        const auto& member = *group.members.find(id)->second;
        auto& to_member = message.members[i++];
        to_member.member_id = member.id;
        to_member.group_instance_id = nullable(member.instance_id);
        to_member.client_id = member.client.id;
        to_member.client_host = member.client.host;
        to_member.rebalance_timeout = member.rebalance_timeout;
        to_member.session_timeout = member.session_timeout;
        const auto* metadata = group.protocol ? member.metadata(*group.protocol) : nullptr;
        if (metadata != nullptr) to_member.subscription = *metadata;
        to_member.assignment = member.assignment;
    }
    to.add_by([&](std::vector<std::uint8_t>& out) { write_key(out, group_id); },
              [&](std::vector<std::uint8_t>& out) {
                  MILENA_ASSERT(append_versioned(message, kGroupVersion, out));
              });
}

void add_group_tombstone(KeyedRecords& to, std::string_view group_id) {
    to.add_tombstone_by([&](std::vector<std::uint8_t>& out) { write_key(out, group_id); });
}

bool apply_record(State& state, const KeyedRecord& record, const RecordOrigin& origin) {
    switch (leading_int16(record.key).value_or(-1)) {
        case msg::LegacyOffsetCommitKey::kTypeId:
            return apply_offset<msg::LegacyOffsetCommitKey, msg::LegacyOffsetCommitValue>(
                state, record, origin);
        case msg::OffsetCommitKey::kTypeId:
            return apply_offset<msg::OffsetCommitKey, msg::OffsetCommitValue>(state, record,
                                                                              origin);
        case msg::GroupMetadataKey::kTypeId:
            return apply_group(state, record);
        default:
            return false;
    }
}

}  // namespace milena::coordinator::group
