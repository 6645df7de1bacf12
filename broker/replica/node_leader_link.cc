#include "broker/replica/node_leader_link.h"

#include "protocol/base/logger.h"
#include "protocol/msg/fetch.h"
#include "protocol/msg/list_offsets.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace milena::replica {
namespace {

constexpr TimestampMs kLatest{-1};
constexpr TimestampMs kEarliest{-2};
constexpr ApiVersion kNamesReplicaState{15};

// Entries of one topic that follow each other share one: `add(topic, entry)` begins or goes on.
template <class Topic, class Entry>
class Grouped {
  public:
    Grouped(Arena& arena, std::size_t count)
        : topics_(Array<Topic>::make(arena, count)), entries_(Array<Entry>::make(arena, count)) {}

    Entry& add(TopicId id) {
        if (used_topics_ == 0 || topics_[used_topics_ - 1].topic_id != id) {
            auto& topic = topics_[used_topics_++];
            topic.topic_id = id;
            topic.partitions = Array<Entry>(entries_.data() + used_entries_, 0);
        }
        auto& partitions = topics_[used_topics_ - 1].partitions;
        partitions = Array<Entry>(partitions.data(), partitions.size() + 1);
        return entries_[used_entries_++];
    }
    Array<Topic> topics() { return Array<Topic>(topics_.data(), used_topics_); }

  private:
    Array<Topic> topics_;
    Array<Entry> entries_;
    std::size_t used_topics_ = 0;
    std::size_t used_entries_ = 0;
};

msg::FetchRequest fetch_request(Arena& arena, ApiVersion version, const fetcher::FetchRequest& from,
                                BrokerId self, BrokerEpoch epoch) {
    using Body = msg::FetchRequest;
    Body body;
    if (version >= kNamesReplicaState) {
        body.replica_state.replica_id = self;
        body.replica_state.replica_epoch = epoch;
    } else {
        body.replica_id = self;
    }
    body.max_wait_ms = from.max_wait;
    body.min_bytes = from.min_bytes;
    body.max_bytes = from.max_bytes;
    body.session_id = from.session;
    body.session_epoch = from.session_epoch;
    Grouped<Body::FetchTopic, Body::FetchPartition> asked(arena, from.partitions.size());
    for (const auto& partition : from.partitions) {
        auto& entry = asked.add(partition.key.topic);
        entry.partition = partition.key.index;
        entry.current_leader_epoch = partition.position.leader_epoch;
        entry.fetch_offset = partition.position.offset;
        entry.last_fetched_epoch = partition.position.last_fetched_epoch;
        entry.log_start_offset = partition.position.log_start;
        entry.partition_max_bytes = from.partition_bytes;
    }
    body.topics = asked.topics();
    Grouped<Body::ForgottenTopic, PartitionIndex> forgotten(arena, from.forgotten.size());
    for (const auto& key : from.forgotten) forgotten.add(key.topic) = key.index;
    body.forgotten_topics_data = forgotten.topics();
    return body;
}

LeaderAnswers answers_of(const msg::FetchResponse& response) {
    LeaderAnswers answers{response.error_code, response.session_id, {}};
    for (const auto& topic : response.responses) {
        for (const auto& partition : topic.partitions) {
            LeaderAnswer answer{.key = {topic.topic_id, partition.partition_index},
                                .error = partition.error_code,
                                .high_watermark = partition.high_watermark,
                                .log_start = partition.log_start_offset,
                                .diverging = std::nullopt,
                                .records = partition.records.bytes()};
            const auto& diverging = partition.diverging_epoch;
            if (diverging.end_offset >= Offset(0)) {
                answer.diverging = {diverging.epoch, diverging.end_offset};
            }
            answers.partitions.push_back(answer);
        }
    }
    return answers;
}

}  // namespace

NodeLeaderLink::NodeLeaderLink(net::Executor& executor, net::Connector& connector,
                               const PartitionTable& partitions, Options options)
    : executor_(executor),
      connector_(connector),
      partitions_(partitions),
      options_(std::move(options)) {
    abandon();
}

void NodeLeaderLink::abandon() {
    channel_ = std::make_unique<peer::NodeChannel>(executor_, connector_, options_.leader,
                                                   options_.channel,
                                                   static_cast<peer::ChannelWatcher&>(*this));
}

void NodeLeaderLink::on_up(BrokerId node) {
    was_up_ = true;
    log_info("leader_reached", {{"broker", node.value()}});
}

void NodeLeaderLink::on_down(BrokerId node, const Error& why) {
    if (!std::exchange(was_up_, false)) return;
    log_warn("leader_lost", {{"broker", node.value()},
                             {"reason", why.detail},
                             {"remedy",
                              "what it leads is fetched again when it is back, or "
                              "from another leader"}});
}

void NodeLeaderLink::fetch(fetcher::FetchRequest request, FetchDone done) {
    channel_->ask<msg::FetchRequest, msg::FetchResponse>(
        [request = std::move(request), self = options_.self, epoch = options_.broker_epoch()](
            Arena& arena, ApiVersion version) {
            return fetch_request(arena, version, request, self, epoch);
        },
        executor_.now() + options_.patience,
        [done = std::move(done)](Result<const msg::FetchResponse*> response) mutable {
            if (!response) return done(std::unexpected(std::move(response).error()));
            done(answers_of(**response));
        });
}

// Both ends of each, by two requests: one may name a partition only once.
struct NodeLeaderLink::Ends {
    struct Asked {
        std::string topic;
        LeaderEpoch leader_epoch;
        fetcher::LogEnds ends;
    };
    std::vector<Asked> asked;
    int left = 2;
    std::optional<Error> failed;
    EndsDone done;

    void take(const msg::ListOffsetsResponse& response, bool latest) {
        for (const auto& topic : response.topics) {
            for (const auto& partition : topic.partitions) {
                const auto found = std::ranges::find_if(asked, [&](const Asked& one) {
                    return one.topic == topic.name &&
                           one.ends.key.index == partition.partition_index;
                });
                if (found == asked.end()) continue;
                auto& ends = found->ends;
                if (partition.error_code != ErrorCode::NONE) ends.error = partition.error_code;
                (latest ? ends.end : ends.start) = partition.offset;
            }
        }
    }
    void finish() {
        if (--left > 0) return;
        if (failed) return done(std::unexpected(std::move(*failed)));
        std::vector<fetcher::LogEnds> all;
        for (auto& one : asked) {
            // One of them was left out of its answer.
            const bool whole = one.ends.start >= Offset(0) && one.ends.end >= Offset(0);
            if (whole || one.ends.error != ErrorCode::NONE) all.push_back(one.ends);
        }
        done(std::move(all));
    }
};

void NodeLeaderLink::find_ends(fetcher::LogEndsRequest request, EndsDone done) {
    auto ends = std::make_shared<Ends>();
    ends->done = std::move(done);
    for (const auto& partition : request.partitions) {
        const auto held = partitions_.find(partition.key.topic, partition.key.index);
        if (!held) continue;
        ends->asked.push_back({held->name().topic, partition.leader_epoch, {partition.key}});
    }
    ask_ends(ends, /*latest=*/false);
    ask_ends(ends, /*latest=*/true);
}

void NodeLeaderLink::ask_ends(const std::shared_ptr<Ends>& ends, bool latest) {
    using Body = msg::ListOffsetsRequest;
    channel_->ask<Body, msg::ListOffsetsResponse>(
        [ends, latest, self = options_.self](Arena& arena, ApiVersion) {
            Body body;
            body.replica_id = self;
            const auto count = ends->asked.size();
            body.topics = Array<Body::ListOffsetsTopic>::make(arena, count);
            for (std::size_t i = 0; i < count; ++i) {
                const auto& asked = ends->asked[i];
                auto& topic = body.topics[i];
                topic.name = asked.topic;
                topic.partitions = Array<Body::ListOffsetsPartition>::make(arena, 1);
                auto& partition = topic.partitions[0];
                partition.partition_index = asked.ends.key.index;
                partition.current_leader_epoch = asked.leader_epoch;
                partition.timestamp = latest ? kLatest : kEarliest;
            }
            return body;
        },
        executor_.now() + options_.patience,
        [ends, latest](Result<const msg::ListOffsetsResponse*> response) {
            if (response) {
                ends->take(**response, latest);
            } else {
                ends->failed = std::move(response).error();
            }
            ends->finish();
        });
}

}  // namespace milena::replica
