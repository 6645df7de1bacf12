#include "broker/quorum/partition_codec.h"

namespace milena::quorum {
namespace {

Error plain(ErrorCode code) {
    return {code, code == ErrorCode::NONE ? std::string() : std::string(error_name(code))};
}

// Each of `from` into its place of a new array.
template <class To, class From, class Convert>
void convert(Array<To>& to, const From& from, Arena& arena, Convert one) {
    to = Array<To>::make(arena, from.size());
    for (std::size_t i = 0; i < from.size(); ++i) one(from[i], to[i]);
}

// An isr without epochs is that of version 2.
std::vector<metadata::AlterPartition::Member> members_of(
    const msg::AlterPartitionRequest::PartitionData& message) {
    std::vector<metadata::AlterPartition::Member> members;
    for (const auto& member : message.new_isr_with_epochs) {
        members.push_back({member.broker_id, member.broker_epoch});
    }
    if (!members.empty()) return members;
    for (const auto id : message.new_isr) members.push_back({id});
    return members;
}

}  // namespace

msg::AlterPartitionRequest to_message(const metadata::AlterPartition& request, Arena& arena) {
    msg::AlterPartitionRequest message;
    message.broker_id = request.broker;
    message.broker_epoch = request.broker_epoch;
    convert(message.topics, request.topics, arena, [&](const auto& topic, auto& to_topic) {
        to_topic.topic_id = topic.id;
        convert(to_topic.partitions, topic.partitions, arena, [&](const auto& from, auto& to) {
            to.partition_index = from.index;
            to.leader_epoch = from.leader_epoch;
            to.partition_epoch = from.partition_epoch;
            to.leader_recovery_state = static_cast<std::int8_t>(from.recovery);
            convert(to.new_isr_with_epochs, from.isr, arena,
                    [](const auto& member, auto& to_member) {
                        to_member.broker_id = member.id;
                        to_member.broker_epoch = member.epoch;
                    });
        });
    });
    return message;
}

metadata::AlterPartition from_message(const msg::AlterPartitionRequest& message) {
    metadata::AlterPartition request;
    request.broker = message.broker_id;
    request.broker_epoch = message.broker_epoch;
    for (const auto& topic : message.topics) {
        auto& to = request.topics.emplace_back();
        to.id = topic.topic_id;
        for (const auto& from : topic.partitions) {
            to.partitions.push_back(
                {from.partition_index, from.leader_epoch, from.partition_epoch, members_of(from),
                 static_cast<metadata::LeaderRecoveryState>(from.leader_recovery_state)});
        }
    }
    return request;
}

msg::AlterPartitionResponse to_message(const metadata::AlterPartition::Reply& reply, Arena& arena) {
    msg::AlterPartitionResponse message;
    message.error_code = reply.error.code;
    convert(message.topics, reply.topics, arena, [&](const auto& topic, auto& to_topic) {
        to_topic.topic_id = topic.id;
        convert(to_topic.partitions, topic.partitions, arena, [&](const auto& from, auto& to) {
            to.partition_index = from.index;
            to.error_code = from.error.code;
            if (from.error.code != ErrorCode::NONE) return;
            to.leader_id = from.leader;
            to.leader_epoch = from.leader_epoch;
            to.leader_recovery_state = static_cast<std::int8_t>(from.recovery);
            to.partition_epoch = from.partition_epoch;
            convert(to.isr, from.isr, arena, [](BrokerId id, BrokerId& to_id) { to_id = id; });
        });
    });
    return message;
}

metadata::AlterPartition::Reply from_message(const msg::AlterPartitionResponse& message) {
    metadata::AlterPartition::Reply reply{plain(message.error_code), {}};
    for (const auto& topic : message.topics) {
        auto& to = reply.topics.emplace_back();
        to.id = topic.topic_id;
        for (const auto& from : topic.partitions) {
            to.partitions.push_back(
                {from.partition_index,
                 plain(from.error_code),
                 from.leader_id,
                 from.leader_epoch,
                 {from.isr.begin(), from.isr.end()},
                 static_cast<metadata::LeaderRecoveryState>(from.leader_recovery_state),
                 from.partition_epoch});
        }
    }
    return reply;
}

msg::AssignReplicasToDirsRequest to_message(const metadata::AssignReplicasToDirs& request,
                                            Arena& arena) {
    msg::AssignReplicasToDirsRequest message;
    message.broker_id = request.broker;
    message.broker_epoch = request.broker_epoch;
    convert(message.directories, request.directories, arena, [&](const auto& from, auto& to) {
        to.id = from.id;
        convert(to.topics, from.topics, arena, [&](const auto& topic, auto& to_topic) {
            to_topic.topic_id = topic.id;
            convert(to_topic.partitions, topic.partitions, arena,
                    [](PartitionIndex index, auto& entry) { entry.partition_index = index; });
        });
    });
    return message;
}

metadata::AssignReplicasToDirs from_message(const msg::AssignReplicasToDirsRequest& message) {
    metadata::AssignReplicasToDirs request{message.broker_id, message.broker_epoch, {}};
    for (const auto& directory : message.directories) {
        auto& to = request.directories.emplace_back();
        to.id = directory.id;
        for (const auto& topic : directory.topics) {
            auto& to_topic = to.topics.emplace_back();
            to_topic.id = topic.topic_id;
            for (const auto& partition : topic.partitions) {
                to_topic.partitions.push_back(partition.partition_index);
            }
        }
    }
    return request;
}

msg::AssignReplicasToDirsResponse to_message(const metadata::AssignReplicasToDirs::Reply& reply,
                                             const metadata::AssignReplicasToDirs& request,
                                             Arena& arena) {
    msg::AssignReplicasToDirsResponse message;
    message.error_code = reply.error.code;
    if (reply.error.code != ErrorCode::NONE) return message;
    auto directory_errors = reply.partitions.begin();
    convert(message.directories, request.directories, arena, [&](const auto& from, auto& to) {
        to.id = from.id;
        auto topic_errors = (directory_errors++)->begin();
        convert(to.topics, from.topics, arena, [&](const auto& topic, auto& to_topic) {
            to_topic.topic_id = topic.id;
            auto error = (topic_errors++)->begin();
            convert(to_topic.partitions, topic.partitions, arena,
                    [&](PartitionIndex index, auto& entry) {
                        entry.partition_index = index;
                        entry.error_code = *error++;
                    });
        });
    });
    return message;
}

metadata::AssignReplicasToDirs::Reply from_message(
    const msg::AssignReplicasToDirsResponse& message) {
    metadata::AssignReplicasToDirs::Reply reply{plain(message.error_code), {}};
    for (const auto& directory : message.directories) {
        auto& topics = reply.partitions.emplace_back();
        for (const auto& topic : directory.topics) {
            auto& errors = topics.emplace_back();
            for (const auto& partition : topic.partitions) errors.push_back(partition.error_code);
        }
    }
    return reply;
}

}  // namespace milena::quorum
