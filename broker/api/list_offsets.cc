// ListOffsets (2), v1-11. KIP-79, KIP-405 (special timestamps), KIP-734 (max timestamp), KIP-1005,
// KIP-1023.
// Errors per partition: UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER, FENCED_LEADER_EPOCH,
// UNKNOWN_LEADER_EPOCH, OFFSET_NOT_AVAILABLE, INVALID_REQUEST (asked twice), UNSUPPORTED_VERSION
// (special timestamp newer than the version). Differences from Kafka: none known. Rules: E1-E4.
#include "protocol/msg/list_offsets.h"

#include "broker/api/handler.h"
#include "broker/api/partition_lookup.h"
#include "broker/api/services.h"

#include <map>
#include <utility>

namespace milena::api {
namespace {

using Body = msg::ListOffsetsRequest;
using Response = msg::ListOffsetsResponse;
using Answer = Response::ListOffsetsPartitionResponse;
using replica::OffsetQuery;

struct Special {
    std::int64_t timestamp;
    OffsetQuery query;
    std::int16_t since;  // version
};
constexpr Special kSpecials[] = {
    {-1, OffsetQuery::latest, 1},        {-2, OffsetQuery::earliest, 1},
    {-3, OffsetQuery::max_timestamp, 7}, {-4, OffsetQuery::earliest_local, 8},
    {-5, OffsetQuery::latest_tiered, 9}, {-6, OffsetQuery::earliest_pending_upload, 11},
};

Result<OffsetQuery> query_of(TimestampMs timestamp, ApiVersion version) {
    if (timestamp.value() >= 0) return OffsetQuery::by_timestamp;
    for (const auto& special : kSpecials) {
        if (special.timestamp == timestamp.value() && version.value() >= special.since) {
            return special.query;
        }
    }
    return fail(ErrorCode::UNSUPPORTED_VERSION, "unknown special timestamp");
}

Answer look_up(Services& services, const Request<Body>& request, std::string_view topic,
               const Body::ListOffsetsPartition& asked, bool twice) {
    Answer answer;
    answer.partition_index = asked.partition_index;
    const auto result = [&]() -> Result<log::TimestampedOffset> {
        if (twice) return fail(ErrorCode::INVALID_REQUEST, "partition asked for twice");
        MILENA_ASSIGN(const auto query, query_of(asked.timestamp, request.version));
        MILENA_ASSIGN(const auto partition, find_partition(services, topic, asked.partition_index));
        const bool consumer = request.body.replica_id == kNoBroker;
        const bool committed = request.body.isolation_level == 1;
        const auto reader = !consumer   ? partition::Reader::replica
                            : committed ? partition::Reader::committed
                                        : partition::Reader::uncommitted;
        return partition->find_offset(query, asked.timestamp, reader, asked.current_leader_epoch,
                                      request.connection.scratch().codecs);
    }();
    if (result) {
        answer.timestamp = result->timestamp;
        answer.offset = result->offset;
        if (request.version >= ApiVersion(4)) answer.leader_epoch = result->leader_epoch;
        return answer;
    }
    answer.error_code = result.error().code;
    if (answer.error_code == ErrorCode::OFFSET_NOT_AVAILABLE && request.version < ApiVersion(5)) {
        answer.error_code = ErrorCode::LEADER_NOT_AVAILABLE;
    }
    return answer;
}

// A partition asked for twice is answered once, with an error.
class Repeats {
  public:
    explicit Repeats(const Body& body) {
        for (const auto& topic : body.topics) {
            for (const auto& partition : topic.partitions) {
                ++times_[{topic.name, partition.partition_index}];
            }
        }
    }
    // How often the partition was asked for; 0 once it has been taken.
    int take(std::string_view topic, PartitionIndex index) {
        return std::exchange(times_[{topic, index}], 0);
    }

  private:
    std::map<std::pair<std::string_view, PartitionIndex>, int> times_;
};

void list_offsets(Services& services, const Request<Body>& request, Reply<Response> reply) {
    Repeats repeats(request.body);
    Response response;
    response.topics = decltype(response.topics)::make(request.arena, request.body.topics.size());
    for (std::size_t t = 0; t < response.topics.size(); ++t) {
        const auto& asked = request.body.topics[t];
        auto answers = Array<Answer>::make(request.arena, asked.partitions.size());
        std::size_t count = 0;
        for (const auto& partition : asked.partitions) {
            const auto times = repeats.take(asked.name, partition.partition_index);
            if (times == 0) continue;
            answers[count++] = look_up(services, request, asked.name, partition, times > 1);
        }
        response.topics[t].name = asked.name;
        response.topics[t].partitions = Array<Answer>(answers.data(), count);
    }
    reply.send(response);
}

}  // namespace

MILENA_HANDLER(ListOffsets, list_offsets)

}  // namespace milena::api
