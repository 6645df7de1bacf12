// ElectLeaders on request (KIP-183, 460), and the two sweeps that do the same from time to time:
// BalanceLeaders and ElectMissingLeaders (facts: metadata/.../ReplicationControlManager.java).
// Differences from Kafka: the sweep for missing leaders also elects clean ones, so that a decision
// cut off by a change of the controller is made up for.
#include "replication/metadata/features.h"
#include "replication/metadata/new_partitions.h"
#include "replication/metadata/topic_rules.h"

namespace milena::metadata {
namespace {

// Adds the record of an election; false when nothing changes.
bool add_election(RecordList& records, const DecideContext& context, const TopicImage& topic,
                  PartitionIndex index, ElectionKind kind) {
    const PartitionImage& before = *topic.partition(index);
    const auto rules = rules_of(context, topic, before);
    const auto after = settle(before, {before, kind}, rules);
    if (!after) return false;
    add_partition_change(records, rules.metadata_version, topic.id, index, before, *after);
    return true;
}

bool has_preferred_leader(const PartitionImage& partition) {
    return partition.leader == partition.replicas.front();
}

Status elect(RecordList& records, const DecideContext& context, const TopicImage* topic,
             PartitionIndex index, ElectionType type) {
    const PartitionImage* partition =
        topic && index.value() >= 0 ? topic->partition(index) : nullptr;
    if (!partition) {
        return fail(
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            topic ? "topic '" + topic->name + "' has no partition " + std::to_string(index.value())
                  : std::string("there is no such topic"));
    }
    const bool is_preferred = type == ElectionType::preferred;
    if (is_preferred ? has_preferred_leader(*partition) : partition->leader != kNoBroker) {
        return fail(ErrorCode::ELECTION_NOT_NEEDED, is_preferred
                                                        ? "the preferred replica leads already"
                                                        : "the partition has a leader");
    }
    if (add_election(records, context, *topic, index,
                     is_preferred ? ElectionKind::preferred : ElectionKind::unclean)) {
        return {};
    }
    return is_preferred ? fail(ErrorCode::PREFERRED_LEADER_NOT_AVAILABLE,
                               "the preferred replica is not alive or not in sync")
                        : fail(ErrorCode::ELIGIBLE_LEADERS_NOT_AVAILABLE, "no replica is alive");
}

Error error_of(Status status) {
    return status ? success() : std::move(status).error();
}

void elect_all(const ElectLeaders& request, const DecideContext& context, RecordList& records,
               ElectLeaders::Reply& reply) {
    context.image.topics_by_name.for_each([&](const auto& topic) {
        TopicVerdicts answer{topic->name, {}};
        for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
            const PartitionIndex index(static_cast<std::int32_t>(i));
            auto error = error_of(elect(records, context, topic.get(), index, request.type));
            if (error.code == ErrorCode::ELECTION_NOT_NEEDED) continue;
            answer.partitions.push_back({index, std::move(error)});
        }
        reply.topics.push_back(std::move(answer));
    });
}

// Visits partitions for which `wants` holds, until kMaxElectionsPerSweep have changed.
template <class Wants, class Kind>
Decision sweep(const DecideContext& context, Wants&& wants, Kind&& kind_for) {
    RecordList records;
    context.image.topics_by_id.for_each([&](const auto& topic) {
        if (records.size() >= kMaxElectionsPerSweep) return;
        for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
            if (!wants(*topic->partitions[i])) continue;
            if (records.size() >= kMaxElectionsPerSweep) return;
            add_election(records, context, *topic, PartitionIndex(static_cast<std::int32_t>(i)),
                         kind_for(*topic));
        }
    });
    const SweepReply reply{records.size(), records.size() >= kMaxElectionsPerSweep};
    return {std::move(records), reply};
}

}  // namespace

Decision decide(const ElectLeaders& request, const DecideContext& context) {
    ElectLeaders::Reply reply;
    reply.error = success();
    if (request.type != ElectionType::preferred && request.type != ElectionType::unclean) {
        reply.error = {ErrorCode::INVALID_REQUEST,
                       "election type " + std::to_string(static_cast<int>(request.type)) +
                           " is unknown; known are 0 (preferred) and 1 (unclean)"};
        return {{}, std::move(reply)};
    }
    RecordList records;
    if (!request.topics) {
        elect_all(request, context, records, reply);
    } else {
        for (const auto& asked : *request.topics) {
            const TopicImage* topic = context.image.topic(asked.name);
            TopicVerdicts answer{asked.name, {}};
            for (const auto index : asked.partitions) {
                answer.partitions.push_back(
                    {index, error_of(elect(records, context, topic, index, request.type))});
            }
            reply.topics.push_back(std::move(answer));
        }
    }
    if (Status size = check_size(records); !size) {
        return {{}, ElectLeaders::Reply{std::move(size).error(), {}}};
    }
    return {std::move(records), std::move(reply)};
}

Decision decide(const BalanceLeaders&, const DecideContext& context) {
    return sweep(
        context, [](const PartitionImage& partition) { return !has_preferred_leader(partition); },
        [](const TopicImage&) { return ElectionKind::preferred; });
}

Decision decide(const ElectMissingLeaders&, const DecideContext& context) {
    return sweep(
        context, [](const PartitionImage& partition) { return partition.leader == kNoBroker; },
        [&](const TopicImage& topic) {
            return allows_unclean_election(context, topic.name) ? ElectionKind::unclean
                                                                : ElectionKind::online;
        });
}

}  // namespace milena::metadata
