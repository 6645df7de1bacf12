// Collects records into batches and brings them to the leaders of one topic's partitions, each
// exactly once as far as the protocol allows it: with idempotence a batch that is sent again is not
// written again. Blocking, one thread; at most one request per leader is on its way, so records of
// a partition stay in order.
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/random.h"
#include "protocol/base/time.h"
#include "protocol/record/batch_builder.h"
#include "protocol/record/compress.h"
#include "tools/client/cluster.h"
#include "tools/client/record.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace milena::client {

enum class Acks : std::int16_t { none = 0, leader = 1, all = -1 };

struct ProducerSettings {
    std::string topic;
    Acks acks = Acks::all;
    bool idempotent = true;  // only with Acks::all, and when the broker offers it
    bool may_create_topic = true;
    Compression compression;
    std::size_t batch_bytes = 256 * 1024;         // a batch is sent when it has so many
    std::size_t buffer_bytes = 32 * 1024 * 1024;  // everything is sent when all have so many
    std::int32_t retries = 2'147'483'647;
    // The topic must be known, and a batch be delivered, within these.
    Millis topic_timeout{60'000};
    Millis delivery_timeout{120'000};
};

class Producer {
  public:
    struct Record {
        OptionalBytes key;
        OptionalBytes value;
        std::span<const HeaderView> headers;
        std::optional<PartitionIndex> partition;  // nothing: by key, or any
        std::optional<TimestampMs> timestamp;     // nothing: now
    };
    // Told when a batch is given up: how many records are lost, and why.
    using OnLoss = std::function<void(PartitionIndex, std::int32_t records, const Error&)>;

    Producer(Cluster& cluster, ProducerSettings settings, Random& random, OnLoss on_loss);

    // Waits for the topic and gets a producer id.
    Status open();
    // Adds a record, and sends when enough are there. Fails when the record can go nowhere (a
    // partition that does not exist); losses go to the callback.
    Status add(const Record& record);
    // Sends everything and waits for the answers.
    void flush();

    std::uint64_t acknowledged() const { return acknowledged_; }
    std::uint64_t lost() const { return lost_; }
    std::size_t buffered_bytes() const { return buffered_bytes_; }

  private:
    struct Partition {
        BatchBuilder open;    // takes records
        bool sealed = false;  // `bytes` views the finished batch in `open`
        ByteView bytes;
        Sequence next_sequence{0};
        std::int32_t attempts = 0;
    };
    using Sealed = std::vector<PartitionIndex>;

    PartitionIndex choose(const Record& record);
    BatchTraits traits(const Partition& partition) const;
    Status init_producer_id();
    void seal_all();
    // One attempt for every sealed batch.
    void send_round();
    void send_to(BrokerId leader, const Sealed& partitions);
    void take_answer(const msg::ProduceResponse& response, const Sealed& partitions);
    void finish(PartitionIndex index, ErrorCode error, const std::string& message);
    void give_up(PartitionIndex index, const Error& error);
    void fail_or_retry(PartitionIndex index, const Error& error);
    void release(Partition& partition);
    void refresh_leaders();
    bool anything_sealed() const;
    // A producer id whose sequences nobody is sure about any more is replaced by a new one.
    void start_over();

    Cluster& cluster_;
    ProducerSettings settings_;
    Random& random_;
    OnLoss on_loss_;
    Codecs codecs_;
    TopicInfo topic_;
    std::map<PartitionIndex, Partition> partitions_;
    std::optional<PartitionIndex> sticky_;
    ProducerId producer_id_ = kNoProducerId;
    ProducerEpoch producer_epoch_ = kNoProducerEpoch;
    bool needs_new_id_ = false;
    std::size_t buffered_bytes_ = 0;
    std::uint64_t acknowledged_ = 0;
    std::uint64_t lost_ = 0;
    MonoTime delivery_deadline_;
    std::optional<Error> last_failure_;  // of a batch that will be sent again
};

}  // namespace milena::client
