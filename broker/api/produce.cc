// Produce (0), v3-13. KIP-98 (idempotence), KIP-467 (record errors), KIP-516 (topic ids), KIP-951
// (leader hints).
// Errors per partition: UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID, INVALID_REQUIRED_ACKS,
// INVALID_TOPIC_EXCEPTION, INVALID_REQUEST (partition named twice), those of record/batch_check and
// of Partition::append, REQUEST_TIMED_OUT. With acks=0 nothing is answered, and any error closes
// the connection (semantics A11). Differences from Kafka: a partition that stands twice in a
// request is refused the second time; write.durability decides what acks=all promises. Batches of a
// transaction (KIP-890): see transaction_verification.h. Rules: semantics B1-B16, C6, C7.
#include "protocol/msg/produce.h"

#include "broker/api/handler.h"
#include "broker/api/produce_waiter.h"
#include "broker/api/services.h"
#include "broker/api/topic_names.h"
#include "broker/api/transaction_verification.h"
#include "protocol/record/batch_check.h"
#include "protocol/record/compress.h"

#include <algorithm>

namespace milena::api {
namespace {

using Body = msg::ProduceRequest;
using Response = msg::ProduceResponse;
using PartitionAnswer = Response::PartitionProduceResponse;

// Kafka lets its admin client write to internal topics.
constexpr std::string_view kAdminClient = "__admin_client";
// The timeout of a request is about other replicas. What is waited for here is our own disk, which
// Kafka does not wait for: a client that asks for no wait must not be told that its write failed.
constexpr Millis kLeastWait{1000};

// The records lie in the connection's receive buffer, which is ours to change; only the decoded
// message shows them as constant.
MutableBytes mutable_bytes(const Records& records) {
    const auto bytes = records.bytes();
    return {const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
}

class Producer {
  public:
    Producer(Services& services, const Request<Body>& request)
        : services_(services), request_(request), image_(services.controller.image()) {}

    // The answers of all partitions, in the order of the request; topics without any are left out.
    void run() {
        if (request_.body.transactional_id.is_null() && holds_transactional_batch()) {
            refused_ = fail(ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
                            "transactional records without a transactional id");
        }
        const auto& topics = request_.body.topic_data;
        response_.responses = decltype(response_.responses)::make(request_.arena, topics.size());
        std::size_t named = 0;
        for (const auto& topic : topics) {
            if (topic.partition_data.empty()) continue;
            auto& out = response_.responses[named++];
            out.name = topic.name;
            out.topic_id = topic.topic_id;
            produce_topic(topic, out);
        }
        response_.responses = decltype(response_.responses)(response_.responses.data(), named);
    }

    Response& response() { return response_; }
    bool failed() const { return work_.failed; }
    bool must_wait() const {
        return !work_.pending.empty() || !work_.unverified.empty() || !work_.queued.empty();
    }
    ProduceWaiter::Work take_work() {
        work_.acks = static_cast<replica::Acks>(request_.body.acks);
        return std::move(work_);
    }

  private:
    void produce_topic(const Body::TopicProduceData& asked, Response::TopicProduceResponse& out) {
        const auto& partitions = asked.partition_data;
        out.partition_responses =
            decltype(out.partition_responses)::make(request_.arena, partitions.size());
        const auto* topic = request_.version >= ApiVersion(13) ? image_->topic(asked.topic_id)
                                                               : image_->topic(asked.name);
        for (std::size_t p = 0; p < partitions.size(); ++p) {
            auto& answer = out.partition_responses[p];
            answer.index = partitions[p].index;
            answer.base_offset = kNoOffset;
            const bool twice =
                std::any_of(partitions.begin(), partitions.begin() + p,
                            [&](const auto& before) { return before.index == answer.index; });
            auto status = refused_ ? *refused_
                          : twice  ? fail(ErrorCode::INVALID_REQUEST,
                                          "the partition stands twice in the request")
                                   : append(topic, partitions[p], answer);
            if (!status) refuse(answer, status.error());
        }
    }

    // Every batch counts, not only the first (CVE-2018-17196).
    bool holds_transactional_batch() const {
        for (const auto& topic : request_.body.topic_data) {
            for (const auto& partition : topic.partition_data) {
                const auto bytes = partition.records.bytes();
                if (bytes.size() < batch_layout::kRecords) continue;
                const BatchView batch(bytes);
                if (batch.magic() == 2 && batch.is_transactional()) return true;
            }
        }
        return false;
    }

    Status check_request(const metadata::TopicImage& topic) const {
        const auto acks = request_.body.acks;
        if (acks < -1 || acks > 1) {
            return fail(ErrorCode::INVALID_REQUIRED_ACKS,
                        "acks must be -1 (all), 0 or 1, not " + std::to_string(acks));
        }
        if (is_internal_topic(topic.name) && request_.client_id != kAdminClient) {
            return fail(ErrorCode::INVALID_TOPIC_EXCEPTION,
                        "clients may not write to " + topic.name);
        }
        return {};
    }

    Status append(const metadata::TopicImage* topic, const Body::PartitionProduceData& asked,
                  PartitionAnswer& answer) {
        if (topic == nullptr) {
            return request_.version >= ApiVersion(13)
                       ? fail(ErrorCode::UNKNOWN_TOPIC_ID, "unknown topic id")
                       : fail(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, "unknown topic");
        }
        const auto partition = services_.partitions.find(topic->id, asked.index);
        if (!partition) {
            return topic->partition(asked.index) == nullptr
                       ? fail(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, "unknown partition")
                       : fail(ErrorCode::NOT_LEADER_OR_FOLLOWER,
                              "this broker does not hold the partition");
        }
        MILENA_TRY(check_request(*topic));
        const auto settings = partition->settings();
        auto& scratch = request_.connection.scratch();
        const auto now = services_.now();
        auto checked =
            check_batch(mutable_bytes(asked.records), settings->batches,
                        BatchContext{now.wall, request_.version}, scratch.codecs, scratch.rebuilt);
        if (!checked) {
            add_record_errors(answer, checked.error());
            return std::unexpected(std::move(checked).error().error);
        }
        scratch.counters.produced_bytes.add(checked->bytes.size());
        replica::Verification verification;
        if (checked->view().is_transactional()) {
            MILENA_TRY(check_one_producer(checked->view()));
            verification.kind =
                verification_kind(*services_.settings(), producer_of_produce(request_.version));
            if (verification.kind != replica::Verification::Kind::disabled) {
                const auto view = checked->view();
                const auto asking =
                    partition->begin_verification(view.producer_id(), view.producer_epoch(),
                                                  view.base_sequence(), verification.kind);
                if (asking) {
                    work_.unverified.push_back({partition,
                                                {checked->bytes.begin(), checked->bytes.end()},
                                                checked->log_append_time,
                                                *asking,
                                                &answer});
                    return {};
                }
            }
        }
        if (may_be_queued(*checked)) {
            work_.queued.push_back({partition, checked->bytes, checked->log_append_time, &answer});
            return {};
        }
        // What came before on this connection goes first.
        if (scratch.appends.holds(*partition)) scratch.appends.flush(services_);
        MILENA_ASSIGN(
            const auto outcome,
            partition->append(checked->bytes, static_cast<replica::Acks>(request_.body.acks),
                              log::AppendOrigin::client, now, verification));
        answer.base_offset = outcome.base_offset;
        answer.log_start_offset = outcome.log_start_offset;
        answer.log_append_time_ms = outcome.duplicate_timestamp.value_or(checked->log_append_time);
        if (outcome.wait_for != kNoOffset) work_.pending.push_back({partition, outcome, &answer});
        return {};
    }

    // Small batches of several requests are appended together. With acks=0 the connection depends
    // on how it went, and what was rebuilt lies in memory that the next batch uses.
    bool may_be_queued(const CheckedBatch& batch) const {
        return batch.bytes.size() <= AppendQueue::kMaxBatch && request_.body.acks != 0 &&
               !batch.view().is_transactional() &&
               batch.bytes.data() != request_.connection.scratch().rebuilt.data();
    }

    // A request writes for one transaction (semantics C7).
    Status check_one_producer(const BatchView& batch) {
        const std::pair producer(batch.producer_id(), batch.producer_epoch());
        if (!producer_) producer_ = producer;
        if (*producer_ == producer) return {};
        return fail(ErrorCode::INVALID_PRODUCER_ID_MAPPING,
                    "a request holds transactional batches of one producer only");
    }

    void refuse(PartitionAnswer& answer, const Error& error) {
        work_.failed = true;
        answer.error_code = error.code;
        answer.error_message = request_.arena.copy(error.detail);
        answer.base_offset = kNoOffset;
    }

    void add_record_errors(PartitionAnswer& answer, const BatchRejection& failure) {
        using RecordError = Response::BatchIndexAndErrorMessage;
        answer.record_errors =
            Array<RecordError>::make(request_.arena, failure.record_errors.size());
        for (std::size_t i = 0; i < failure.record_errors.size(); ++i) {
            answer.record_errors[i].batch_index = failure.record_errors[i].batch_index;
            answer.record_errors[i].batch_index_error_message =
                request_.arena.copy(failure.record_errors[i].message);
        }
    }

    Services& services_;
    const Request<Body>& request_;
    const metadata::ImagePtr image_;
    Response response_;
    ProduceWaiter::Work work_;
    std::optional<Status> refused_;                                 // the whole request
    std::optional<std::pair<ProducerId, ProducerEpoch>> producer_;  // of transactional batches
};

void produce(Services& services, const Request<Body>& request, Reply<Response> reply) {
    Producer producer(services, request);
    producer.run();
    if (producer.must_wait()) {
        auto work = producer.take_work();
        auto question =
            transaction_question(request.body.transactional_id.value_or_empty(), work.unverified);
        const auto timeout = std::max(request.body.timeout_ms, kLeastWait);
        auto waiter =
            ProduceWaiter::park(services, request.connection.scratch(), producer.response(),
                                std::move(work), std::move(reply), request.now + timeout);
        if (question) ask_coordinator(services, std::move(*question), request.version, waiter);
        return;
    }
    if (request.body.acks != 0) {
        reply.send(producer.response());
    } else if (producer.failed()) {
        reply.close("an append with acks=0 failed");
    } else {
        reply.send_nothing();
    }
}

}  // namespace

MILENA_HANDLER(Produce, produce)

}  // namespace milena::api
