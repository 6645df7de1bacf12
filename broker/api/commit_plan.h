// Which positions of a commit the group coordinator is asked to store, and the answer for every
// partition of the request. What OffsetCommit and TxnOffsetCommit share.
#pragma once

#include "broker/api/group_coordinator.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace milena::api {

class CommitPlan {
  public:
    using Answer = group::OffsetCommit::Reply;

    // The partitions that follow belong to this topic; `unknown` is their answer when there is no
    // such topic.
    void begin_topic(std::string_view name, TopicId id, const metadata::TopicImage* topic,
                     ErrorCode unknown) {
        topic_ = topic;
        unknown_ = unknown;
        answers_.push_back({std::string(name), id, {}});
        asks_topic_ = false;
    }
    // Partitions that do not exist are answered UNKNOWN_TOPIC_OR_PARTITION.
    template <class Partition>
    void add(const Partition& partition) {
        auto& answer = answers_.back().partitions.emplace_back();
        answer.index = partition.partition_index;
        if (!has_partition(topic_, answer.index)) {
            answer.error = topic_ == nullptr ? unknown_ : ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
            return;
        }
        if (!std::exchange(asks_topic_, true)) {
            // By name, under the id that was asked for: absent when the client named the topic.
            asked_.push_back({topic_->name, answers_.back().id, {}});
        }
        asked_.back().partitions.push_back(
            {answer.index, partition.committed_offset, partition.committed_leader_epoch,
             std::string(partition.committed_metadata.value_or_empty())});
        places_.emplace_back(answers_.size() - 1, answers_.back().partitions.size() - 1);
    }

    bool asks_nothing() const { return asked_.empty(); }
    std::vector<group::OffsetTopic> take_asked() { return std::move(asked_); }

    // Puts the coordinator's answers to what was asked in their places.
    void merge(const Answer& answer) {
        std::size_t next = 0;
        const auto place = [&](ErrorCode error) {
            const auto [topic, partition] = places_[next++];
            answers_[topic].partitions[partition].error = error;
        };
        if (answer.error.code != ErrorCode::NONE) {
            while (next < places_.size()) place(answer.error.code);
            return;
        }
        for (const auto& topic : answer.topics) {
            for (const auto& partition : topic.partitions) {
                if (next < places_.size()) place(partition.error);
            }
        }
    }

    // Of all partitions, in the order of the request.
    template <class Response>
    void fill(Arena& arena, Response& response) const {
        response.topics = decltype(response.topics)::make(arena, answers_.size());
        for (std::size_t t = 0; t < answers_.size(); ++t) {
            auto& out = response.topics[t];
            out.name = answers_[t].name;
            if constexpr (requires { out.topic_id; }) out.topic_id = answers_[t].id;
            const auto& partitions = answers_[t].partitions;
            out.partitions = decltype(out.partitions)::make(arena, partitions.size());
            for (std::size_t p = 0; p < partitions.size(); ++p) {
                out.partitions[p].partition_index = partitions[p].index;
                out.partitions[p].error_code = partitions[p].error;
            }
        }
    }

  private:
    const metadata::TopicImage* topic_ = nullptr;
    ErrorCode unknown_ = ErrorCode::NONE;
    bool asks_topic_ = false;
    std::vector<group::OffsetErrors::Topic> answers_;
    std::vector<group::OffsetTopic> asked_;
    // Of what is asked, in order: which topic and which of its partitions in answers_.
    std::vector<std::pair<std::size_t, std::size_t>> places_;
};

}  // namespace milena::api
