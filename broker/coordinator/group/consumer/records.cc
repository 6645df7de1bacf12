#include "broker/coordinator/group/consumer/records.h"

#include "protocol/base/arena.h"
#include "protocol/base/assert.h"
#include "protocol/msg/records/consumer_group_current_member_assignment.h"
#include "protocol/msg/records/consumer_group_member_metadata.h"
#include "protocol/msg/records/consumer_group_metadata.h"
#include "protocol/msg/records/consumer_group_partition_metadata.h"
#include "protocol/msg/records/consumer_group_regular_expression.h"
#include "protocol/msg/records/consumer_group_target_assignment_member.h"
#include "protocol/msg/records/consumer_group_target_assignment_metadata.h"
#include "protocol/wire/versioned.h"

namespace milena::coordinator::group::consumer {

namespace {

template <class Key, class Value>
void add(KeyedRecords& to, const Key& key, const Value& value) {
    to.add_by(
        [&](std::vector<std::uint8_t>& out) { MILENA_ASSERT(append_coordinator_key(key, out)); },
        [&](std::vector<std::uint8_t>& out) {
            MILENA_ASSERT(append_versioned(value, ApiVersion{0}, out));
        });
}

template <class Key>
void remove(KeyedRecords& to, const Key& key) {
    to.add_tombstone_by(
        [&](std::vector<std::uint8_t>& out) { MILENA_ASSERT(append_coordinator_key(key, out)); });
}

NullableString nullable(const std::optional<std::string>& text) {
    return text ? NullableString(*text) : NullableString();
}

std::optional<std::string> optional_string(const NullableString& text) {
    if (text.is_null()) return std::nullopt;
    return std::string(*text);
}

template <class Text>
Array<std::string_view> views(Arena& arena, const Text& texts) {
    auto array = Array<std::string_view>::make(arena, texts.size());
    std::size_t i = 0;
    for (const auto& text : texts) array[i++] = text;
    return array;
}

// By topic, with the element type of whichever record holds it.
template <class Element>
Array<Element> grouped(Arena& arena, const PartitionSet& set) {
    std::size_t topics = 0;
    set.for_each_topic([&](TopicId, auto) { ++topics; });
    auto array = Array<Element>::make(arena, topics);
    std::size_t i = 0;
    set.for_each_topic([&](TopicId id, auto items) {
        Element& element = array[i++];
        element.topic_id = id;
        element.partitions = Array<PartitionIndex>::make(arena, items.size());
        for (std::size_t j = 0; j < items.size(); ++j) element.partitions[j] = items[j].partition;
    });
    return array;
}

template <class Element>
PartitionSet flattened(const Array<Element>& topics) {
    std::vector<TopicIdPartition> items;
    for (const Element& topic : topics)
        for (const PartitionIndex partition : topic.partitions)
            items.push_back({topic.topic_id, partition});
    return PartitionSet(std::move(items));
}

}  // namespace

void add_member(KeyedRecords& to, std::string_view group_id, const Member& member) {
    using Value = msg::ConsumerGroupMemberMetadataValue;
    Arena arena;
    Value value;
    value.instance_id = nullable(member.instance_id);
    value.rack_id = nullable(member.rack_id);
    value.client_id = member.client.id;
    value.client_host = member.client.host;
    value.subscribed_topic_names = views(arena, member.topic_names);
    value.subscribed_topic_regex = member.topic_regex;
    value.rebalance_timeout_ms = member.rebalance_timeout;
    value.server_assignor = nullable(member.server_assignor);
    value.classic_member_metadata.reset();
    if (member.classic) {
        auto& classic = value.classic_member_metadata.emplace();
        classic.session_timeout_ms = member.classic->session_timeout;
        classic.supported_protocols =
            Array<Value::ClassicProtocol>::make(arena, member.classic->protocols.size());
        for (std::size_t i = 0; i < member.classic->protocols.size(); ++i)
            classic.supported_protocols[i] = {member.classic->protocols[i].name,
                                              member.classic->protocols[i].metadata};
    }
    add(to, msg::ConsumerGroupMemberMetadataKey{group_id, member.id}, value);
}

void add_epoch(KeyedRecords& to, std::string_view group_id, GroupEpoch epoch, std::int64_t hash) {
    add(to, msg::ConsumerGroupMetadataKey{group_id},
        msg::ConsumerGroupMetadataValue{epoch.value(), hash});
}

void add_target(KeyedRecords& to, std::string_view group_id, std::string_view member_id,
                const PartitionSet& target) {
    using Value = msg::ConsumerGroupTargetAssignmentMemberValue;
    Arena arena;
    add(to, msg::ConsumerGroupTargetAssignmentMemberKey{group_id, member_id},
        Value{grouped<Value::TopicPartition>(arena, target)});
}

void add_assignment_epoch(KeyedRecords& to, std::string_view group_id, GroupEpoch epoch) {
    add(to, msg::ConsumerGroupTargetAssignmentMetadataKey{group_id},
        msg::ConsumerGroupTargetAssignmentMetadataValue{epoch.value()});
}

void add_current(KeyedRecords& to, std::string_view group_id, const Member& member) {
    using Value = msg::ConsumerGroupCurrentMemberAssignmentValue;
    Arena arena;
    Value value;
    value.member_epoch = member.epoch.value();
    value.previous_member_epoch = member.previous_epoch.value();
    value.state = static_cast<std::int8_t>(member.state);
    value.assigned_partitions = grouped<Value::TopicPartitions>(arena, member.assigned);
    value.partitions_pending_revocation =
        grouped<Value::TopicPartitions>(arena, member.pending_revocation);
    add(to, msg::ConsumerGroupCurrentMemberAssignmentKey{group_id, member.id}, value);
}

void add_regex(KeyedRecords& to, std::string_view group_id, std::string_view regex,
               const ResolvedRegex& resolved) {
    Arena arena;
    add(to, msg::ConsumerGroupRegularExpressionKey{group_id, regex},
        msg::ConsumerGroupRegularExpressionValue{views(arena, resolved.topics), resolved.version,
                                                 resolved.resolved_at});
}

void add_member_removal(KeyedRecords& to, std::string_view group_id, std::string_view member_id) {
    remove(to, msg::ConsumerGroupCurrentMemberAssignmentKey{group_id, member_id});
    remove(to, msg::ConsumerGroupTargetAssignmentMemberKey{group_id, member_id});
    remove(to, msg::ConsumerGroupMemberMetadataKey{group_id, member_id});
}

void add_regex_removal(KeyedRecords& to, std::string_view group_id, std::string_view regex) {
    remove(to, msg::ConsumerGroupRegularExpressionKey{group_id, regex});
}

void add_partition_metadata_removal(KeyedRecords& to, std::string_view group_id) {
    remove(to, msg::ConsumerGroupPartitionMetadataKey{group_id});
}

void add_group_removal(KeyedRecords& to, const Group& group) {
    for (const auto& [id, member] : group.members)
        remove(to, msg::ConsumerGroupCurrentMemberAssignmentKey{group.id, id});
    for (const auto& [id, target] : group.targets)
        remove(to, msg::ConsumerGroupTargetAssignmentMemberKey{group.id, id});
    remove(to, msg::ConsumerGroupTargetAssignmentMetadataKey{group.id});
    for (const auto& [id, member] : group.members)
        remove(to, msg::ConsumerGroupMemberMetadataKey{group.id, id});
    for (const auto& [regex, resolved] : group.regexes) add_regex_removal(to, group.id, regex);
    if (group.has_partition_metadata) add_partition_metadata_removal(to, group.id);
    remove(to, msg::ConsumerGroupMetadataKey{group.id});
}

namespace {

template <class Key>
std::optional<std::string> group_in(ByteView key) {
    Arena arena;
    const auto decoded = decode_coordinator_key<Key>(key, arena);
    if (!decoded) return std::nullopt;
    return std::string(decoded->group_id);
}

// Its partitions, assigned or still to be revoked, are nobody's from now on.
void release(Group& group, const Member& member) {
    for (const PartitionSet* set : {&member.assigned, &member.pending_revocation})
        for (const TopicIdPartition& item : *set) {
            const auto found = group.partition_owners.find(item);
            // While records of one batch are folded, another member may have it already.
            if (found != group.partition_owners.end() && found->second == member.id)
                group.partition_owners.erase(found);
        }
}

void hold(Group& group, const Member& member) {
    for (const PartitionSet* set : {&member.assigned, &member.pending_revocation})
        for (const TopicIdPartition& item : *set) group.partition_owners[item] = member.id;
}

Member& member_of(Group& group, std::string_view id) {
    const auto found = group.members.find(id);
    if (found != group.members.end()) return found->second;
    Member member;
    member.id = id;
    return group.members.emplace(std::string(id), std::move(member)).first->second;
}

void forget_instance(Group& group, const Member& member) {
    if (!member.instance_id) return;
    const auto found = group.static_members.find(*member.instance_id);
    if (found != group.static_members.end() && found->second == member.id)
        group.static_members.erase(found);
}

void fold(Group& group, const msg::ConsumerGroupMemberMetadataKey& key,
          const msg::ConsumerGroupMemberMetadataValue* value) {
    if (!value) {
        const auto found = group.members.find(key.member_id);
        if (found == group.members.end()) return;
        release(group, found->second);
        forget_instance(group, found->second);
        group.members.erase(found);
        return;
    }
    Member& member = member_of(group, key.member_id);
    forget_instance(group, member);
    member.instance_id = optional_string(value->instance_id);
    member.rack_id = optional_string(value->rack_id);
    member.client.id = value->client_id;
    member.client.host = value->client_host;
    member.topic_names.assign(value->subscribed_topic_names.begin(),
                              value->subscribed_topic_names.end());
    normalize(member.topic_names);
    member.topic_regex = value->subscribed_topic_regex.value_or_empty();
    member.rebalance_timeout = value->rebalance_timeout_ms;
    member.server_assignor = optional_string(value->server_assignor);
    member.classic.reset();
    if (value->classic_member_metadata &&
        !value->classic_member_metadata->supported_protocols.empty()) {
        ClassicSide& classic = member.classic.emplace();
        classic.session_timeout = value->classic_member_metadata->session_timeout_ms;
        for (const auto& protocol : value->classic_member_metadata->supported_protocols)
            classic.protocols.push_back(
                {std::string(protocol.name), {protocol.metadata.begin(), protocol.metadata.end()}});
    }
    if (member.instance_id) group.static_members[*member.instance_id] = member.id;
}

void fold(Group& group, const msg::ConsumerGroupMetadataKey&,
          const msg::ConsumerGroupMetadataValue* value) {
    if (!value) return;
    group.epoch = GroupEpoch(value->epoch);
    group.metadata_hash = value->metadata_hash;
}

void fold(Group& group, const msg::ConsumerGroupPartitionMetadataKey&,
          const msg::ConsumerGroupPartitionMetadataValue* value) {
    group.has_partition_metadata = value != nullptr;
}

void fold(Group& group, const msg::ConsumerGroupTargetAssignmentMemberKey& key,
          const msg::ConsumerGroupTargetAssignmentMemberValue* value) {
    if (value)
        group.targets.insert_or_assign(std::string(key.member_id),
                                       flattened(value->topic_partitions));
    else if (const auto found = group.targets.find(key.member_id); found != group.targets.end())
        group.targets.erase(found);
}

void fold(Group& group, const msg::ConsumerGroupTargetAssignmentMetadataKey&,
          const msg::ConsumerGroupTargetAssignmentMetadataValue* value) {
    group.assignment_epoch = GroupEpoch(value ? value->assignment_epoch : -1);
}

MemberState known_state(std::int8_t number) {
    return number >= 0 && number <= static_cast<std::int8_t>(MemberState::unreleased)
               ? static_cast<MemberState>(number)
               : MemberState::unknown;
}

void fold(Group& group, const msg::ConsumerGroupCurrentMemberAssignmentKey& key,
          const msg::ConsumerGroupCurrentMemberAssignmentValue* value) {
    if (!value && !group.member(key.member_id)) return;
    Member& member = member_of(group, key.member_id);
    release(group, member);
    member.epoch = GroupEpoch(value ? value->member_epoch : kLeaveEpoch.value());
    member.previous_epoch = GroupEpoch(value ? value->previous_member_epoch : kLeaveEpoch.value());
    member.state = value ? known_state(value->state) : MemberState::stable;
    member.assigned = value ? flattened(value->assigned_partitions) : PartitionSet();
    member.pending_revocation =
        value ? flattened(value->partitions_pending_revocation) : PartitionSet();
    hold(group, member);
}

void fold(Group& group, const msg::ConsumerGroupRegularExpressionKey& key,
          const msg::ConsumerGroupRegularExpressionValue* value) {
    if (!value) {
        const auto found = group.regexes.find(key.regular_expression);
        if (found != group.regexes.end()) group.regexes.erase(found);
        return;
    }
    ResolvedRegex resolved{
        {value->topics.begin(), value->topics.end()}, value->version, value->timestamp};
    normalize(resolved.topics);
    group.regexes.insert_or_assign(std::string(key.regular_expression), std::move(resolved));
}

template <class Key, class Value>
void fold_record(Group& group, const KeyedRecord& record) {
    Arena arena;
    const auto key = decode_coordinator_key<Key>(record.key, arena);
    if (!key) return;
    if (!record.value) return fold(group, *key, nullptr);
    const auto value = decode_versioned<Value>(*record.value, arena);
    if (value) fold(group, *key, &*value);
}

}  // namespace

std::optional<std::string> group_of(const KeyedRecord& record) {
    switch (leading_int16(record.key).value_or(-1)) {
        case msg::ConsumerGroupMetadataKey::kTypeId:
            return group_in<msg::ConsumerGroupMetadataKey>(record.key);
        case msg::ConsumerGroupPartitionMetadataKey::kTypeId:
            return group_in<msg::ConsumerGroupPartitionMetadataKey>(record.key);
        case msg::ConsumerGroupMemberMetadataKey::kTypeId:
            return group_in<msg::ConsumerGroupMemberMetadataKey>(record.key);
        case msg::ConsumerGroupTargetAssignmentMetadataKey::kTypeId:
            return group_in<msg::ConsumerGroupTargetAssignmentMetadataKey>(record.key);
        case msg::ConsumerGroupTargetAssignmentMemberKey::kTypeId:
            return group_in<msg::ConsumerGroupTargetAssignmentMemberKey>(record.key);
        case msg::ConsumerGroupCurrentMemberAssignmentKey::kTypeId:
            return group_in<msg::ConsumerGroupCurrentMemberAssignmentKey>(record.key);
        case msg::ConsumerGroupRegularExpressionKey::kTypeId:
            return group_in<msg::ConsumerGroupRegularExpressionKey>(record.key);
        default:
            return std::nullopt;
    }
}

Applied apply(Group& group, const KeyedRecord& record) {
    switch (leading_int16(record.key).value_or(-1)) {
        case msg::ConsumerGroupMetadataKey::kTypeId:
            if (!record.value) return Applied::ended;
            fold_record<msg::ConsumerGroupMetadataKey, msg::ConsumerGroupMetadataValue>(group,
                                                                                        record);
            break;
        case msg::ConsumerGroupPartitionMetadataKey::kTypeId:
            fold_record<msg::ConsumerGroupPartitionMetadataKey,
                        msg::ConsumerGroupPartitionMetadataValue>(group, record);
            break;
        case msg::ConsumerGroupMemberMetadataKey::kTypeId:
            fold_record<msg::ConsumerGroupMemberMetadataKey, msg::ConsumerGroupMemberMetadataValue>(
                group, record);
            break;
        case msg::ConsumerGroupTargetAssignmentMetadataKey::kTypeId:
            fold_record<msg::ConsumerGroupTargetAssignmentMetadataKey,
                        msg::ConsumerGroupTargetAssignmentMetadataValue>(group, record);
            break;
        case msg::ConsumerGroupTargetAssignmentMemberKey::kTypeId:
            fold_record<msg::ConsumerGroupTargetAssignmentMemberKey,
                        msg::ConsumerGroupTargetAssignmentMemberValue>(group, record);
            break;
        case msg::ConsumerGroupCurrentMemberAssignmentKey::kTypeId:
            fold_record<msg::ConsumerGroupCurrentMemberAssignmentKey,
                        msg::ConsumerGroupCurrentMemberAssignmentValue>(group, record);
            break;
        case msg::ConsumerGroupRegularExpressionKey::kTypeId:
            fold_record<msg::ConsumerGroupRegularExpressionKey,
                        msg::ConsumerGroupRegularExpressionValue>(group, record);
            break;
        default:
            break;
    }
    return Applied::changed;
}

}  // namespace milena::coordinator::group::consumer
