// DeleteRecords (21), v0-2. KIP-107.
// Errors per partition: UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER, OFFSET_OUT_OF_RANGE,
// POLICY_VIOLATION, INVALID_TOPIC_EXCEPTION (internal topics), REQUEST_TIMED_OUT (some live replica
// has not deleted yet). Differences from Kafka: followers that wait for records are told at once.
#include "protocol/msg/delete_records.h"

#include "broker/api/handler.h"
#include "broker/api/partition_lookup.h"
#include "broker/api/topic_names.h"
#include "broker/purgatory/waiter.h"

#include <memory>
#include <vector>

namespace milena::api {
namespace {

using Body = msg::DeleteRecordsRequest;
using Response = msg::DeleteRecordsResponse;
using Answer = Response::DeleteRecordsPartitionResult;

// Replies when all live replicas have deleted what was asked for.
class Deletion final : public Waiter {
  public:
    explicit Deletion(Reply<Response> reply) : Waiter(reply.executor()), reply_(std::move(reply)) {}

    void begin(Services& services, const Body& body) {
        response_.topics = decltype(response_.topics)::make(arena_, body.topics.size());
        for (std::size_t t = 0; t < body.topics.size(); ++t) {
            const auto& asked = body.topics[t];
            auto& topic = response_.topics[t];
            topic.name = arena_.copy(asked.name);
            topic.partitions = Array<Answer>::make(arena_, asked.partitions.size());
            for (std::size_t p = 0; p < asked.partitions.size(); ++p) {
                auto& answer = topic.partitions[p];
                answer.partition_index = asked.partitions[p].partition_index;
                if (auto status =
                        delete_below(services, asked.name, asked.partitions[p].offset, answer);
                    !status) {
                    refuse(answer, status.error().code);
                }
            }
        }
    }

    static void reply_or_park(const std::shared_ptr<Deletion>& deletion, MonoTime deadline) {
        if (deletion->pending_.empty()) return deletion->reply_.send(deletion->response_);
        deletion->expire_at(deadline);
        for (const auto& pending : deletion->pending_) {
            pending.partition->park_deleter(pending.deleted, deletion);
        }
    }

  private:
    struct Pending {
        std::shared_ptr<replica::Partition> partition;
        replica::DeleteOutcome deleted;
        Answer* answer;
    };

    Status delete_below(Services& services, std::string_view topic, Offset offset, Answer& answer) {
        if (is_internal_topic(topic)) {
            return fail(ErrorCode::INVALID_TOPIC_EXCEPTION, "internal topics keep their records");
        }
        MILENA_ASSIGN(auto partition, find_partition(services, topic, answer.partition_index));
        MILENA_ASSIGN(const auto deleted, partition->delete_records(offset, services.clock.now()));
        answer.low_watermark = deleted.low_watermark;
        if (!deleted.is_complete()) pending_.push_back({std::move(partition), deleted, &answer});
        return {};
    }

    static void refuse(Answer& answer, ErrorCode code) {
        answer.error_code = code;
        answer.low_watermark = kNoOffset;
    }

    bool ready() override {
        std::erase_if(pending_, [this](const Pending& pending) {
            const auto deleted = pending.partition->look_again(pending.deleted);
            if (deleted) {
                pending.answer->low_watermark = deleted->low_watermark;
                if (!deleted->is_complete()) return false;
            } else {
                refuse(*pending.answer, deleted.error().code);
            }
            pending.partition->unpark_deleter(this);
            return true;
        });
        return pending_.empty();
    }

    void answer(bool expired) override {
        if (expired) (void)ready();
        for (const auto& pending : pending_) {
            pending.answer->error_code = ErrorCode::REQUEST_TIMED_OUT;
            pending.partition->unpark_deleter(this);
        }
        reply_.send(response_);
    }

    Arena arena_;
    Response response_;
    std::vector<Pending> pending_;
    Reply<Response> reply_;
};

void delete_records(Services& services, const Request<Body>& request, Reply<Response> reply) {
    const auto deletion = std::make_shared<Deletion>(std::move(reply));
    deletion->begin(services, request.body);
    Deletion::reply_or_park(deletion, request.now + request.body.timeout_ms);
}

}  // namespace

MILENA_HANDLER(DeleteRecords, delete_records)

}  // namespace milena::api
