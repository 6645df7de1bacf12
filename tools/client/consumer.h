// Reads partitions without a group: the caller says which and from where. One long-polling fetch is
// on its way to each leader; the records of a partition come in order. One thread.
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "protocol/record/compress.h"
#include "tools/client/cluster.h"
#include "tools/client/offsets.h"
#include "tools/client/record.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace milena::client {

struct ConsumerSettings {
    Isolation isolation = Isolation::read_uncommitted;
    // Where to go on when the wanted offset is no longer, or not yet, there. Nothing: fail.
    std::optional<TimestampMs> reset = kLatest;
    std::int32_t partition_bytes = 1024 * 1024;  // of one partition in one answer
    std::int32_t max_bytes = 50 * 1024 * 1024;
    // Decompressed batches may be this large.
    std::size_t max_batch_bytes = 256 * 1024 * 1024;
};

using TopicPartition = std::pair<std::string, PartitionIndex>;

class Consumer {
  public:
    // Gets each record; false ends poll(), and the record counts as read.
    using OnRecord = std::function<bool(const ConsumedRecord&)>;

    Consumer(Cluster& cluster, ConsumerSettings settings);

    // Reads `partition` from `offset` on. Assigning what is assigned moves it.
    void assign(const TopicPartition& partition, Offset offset);
    void unassign(const TopicPartition& partition);
    bool is_assigned(const TopicPartition& partition) const {
        return positions_.contains(partition);
    }
    const std::map<TopicPartition, Offset>& positions() const { return positions_; }
    // Of the last batch that was handed out of it; kNoLeaderEpoch before the first one.
    LeaderEpoch last_epoch(const TopicPartition& partition) const {
        const auto at = epochs_.find(partition);
        return at == epochs_.end() ? kNoLeaderEpoch : at->second;
    }

    // Waits until records arrive, a signal comes, or `deadline` passes, and hands out what arrived.
    // How many records that were. Failures that may pass are tried again; the others end here.
    Result<std::size_t> poll(MonoTime deadline, const OnRecord& on_record);

  private:
    struct Asked {
        TopicPartition partition;
        Offset offset;
    };
    struct Leader {
        std::optional<Sent> sent;
        std::vector<Asked> asked;
    };
    struct Source {
        BrokerId leader = kNoBroker;
        LeaderEpoch leader_epoch = kNoLeaderEpoch;
        TopicId topic_id;
    };

    Status refresh_leaders();
    // Sends a fetch to every leader that has none on its way.
    Status ask_leaders();
    Status ask(BrokerId leader, std::vector<TopicPartition> partitions);
    void lose(BrokerId leader, const Error& error);
    Result<std::size_t> take_answer(BrokerId leader, const OnRecord& on_record);
    Result<std::size_t> take_partition(const TopicPartition& from,
                                       const msg::FetchResponse::PartitionData& data,
                                       const OnRecord& on_record);
    Status take_error(const TopicPartition& from, ErrorCode error);
    Result<std::size_t> take_batch(const TopicPartition& from, const BatchView& batch,
                                   const OnRecord& on_record);
    // The topic that an answer is about; nullptr when nobody asked for it.
    const std::string* topic_of(const Leader& leader,
                                const msg::FetchResponse::FetchableTopicResponse& topic) const;
    // Is it still read from where it was when this was asked?
    bool is_wanted(const Leader& leader, const TopicPartition& partition) const;

    Cluster& cluster_;
    ConsumerSettings settings_;
    Codecs codecs_;
    std::vector<std::uint8_t> buffer_;  // decompressed records
    std::vector<HeaderView> headers_;
    std::map<TopicPartition, Offset> positions_;
    std::map<TopicPartition, LeaderEpoch> epochs_;
    std::map<TopicPartition, Source> sources_;
    std::map<BrokerId, Leader> leaders_;
    bool stale_ = true;     // the leaders must be asked for again
    bool stopped_ = false;  // the handler wants no more
    std::size_t turn_ = 0;  // rotates which partition is first
};

}  // namespace milena::client
