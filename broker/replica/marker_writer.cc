#include "broker/replica/marker_writer.h"

#include "protocol/base/logger.h"

#include <mutex>
#include <utility>

namespace milena::replica {
namespace {

// Between two tries to write a marker where the first one failed.
constexpr Millis kRetry{100};

// One marker on its way to being acknowledged.
class MarkerWaiter final : public Waiter {
  public:
    MarkerWaiter(net::Executor& executor, std::shared_ptr<Partition> partition,
                 AppendOutcome outcome, MarkerWriter::Written done)
        : Waiter(executor),
          partition_(std::move(partition)),
          outcome_(outcome),
          done_writing_(std::move(done)) {}

  private:
    bool ready() override {
        const auto acknowledged = partition_->is_acknowledged(outcome_);
        if (acknowledged && !*acknowledged) {
            // Woken too early: the partition has dropped us from its list.
            partition_->park_producer(outcome_, shared_from_this());
            return false;
        }
        if (!acknowledged) status_ = std::unexpected(acknowledged.error());
        return true;
    }
    void answer(bool) override { done_writing_(std::move(status_)); }

    const std::shared_ptr<Partition> partition_;
    const AppendOutcome outcome_;
    MarkerWriter::Written done_writing_;
    Status status_;
};

}  // namespace

// An order until all its markers are written.
class MarkerWriter::Running : public std::enable_shared_from_this<Running> {
  public:
    Running(MarkerWriter& writer, Order order, net::Executor& executor)
        : writer_(writer),
          executor_(executor),
          end_(order.end),
          still_wanted_(std::move(order.still_wanted)),
          done_(std::move(order.done)) {
        for (const auto& [topic, indexes] : order.partitions) {
            for (const auto index : indexes) left_.emplace_back(topic, index);
        }
    }

    void run() {
        std::vector<Place> places;
        {
            const std::lock_guard lock(mutex_);
            places.swap(left_);
            // One more for ourselves, so that nobody is the last before all have been begun.
            under_way_ = places.size() + 1;
        }
        std::map<BrokerId, Partitions> elsewhere;
        for (const auto& place : places) {
            const BrokerId leader = writer_.leader_elsewhere(place.first, place.second);
            if (leader != kNoBroker) {
                elsewhere[leader][place.first].push_back(place.second);
                continue;
            }
            writer_.write(place.first, place.second, end_, executor_,
                          [self = shared_from_this(), place](Status status) {
                              self->on_written(place, std::move(status));
                          });
        }
        for (auto& [leader, partitions] : elsewhere) ask(leader, std::move(partitions));
        finish_one();
    }

  private:
    using Place = std::pair<std::string, PartitionIndex>;

    void ask(BrokerId leader, Partitions partitions) {
        auto& others = *writer_.environment_.others;
        auto asked = std::make_shared<const Partitions>(std::move(partitions));
        others.write_markers(
            leader, *asked, end_, [self = shared_from_this(), leader, asked](auto answer) {
                for (const auto& [topic, indexes] : *asked) {
                    for (const auto index : indexes) {
                        self->on_written({topic, index}, said(answer, leader, topic, index));
                    }
                }
            });
    }

    static Status said(const Result<MarkerAnswer>& answer, BrokerId leader,
                       const std::string& topic, PartitionIndex index) {
        if (!answer) return std::unexpected(answer.error());
        const auto code = answer->of(topic, index);
        if (code == ErrorCode::NONE) return {};
        return fail(code, "broker " + std::to_string(leader.value()) + " says " +
                              std::string(error_name(code)));
    }

    void on_written(const Place& place, Status status) {
        if (!status) on_failure(place, status.error());
        finish_one();
    }

    void on_failure(const Place& place, const Error& error) {
        switch (error.code) {
            case ErrorCode::UNKNOWN_TOPIC_OR_PARTITION:
                return;  // deleted, and its records with it
            case ErrorCode::INVALID_PRODUCER_EPOCH:
                // The transaction that is open there is not this one.
                log_warn("marker_not_needed",
                         {{"partition", place.first + "-" + std::to_string(place.second.value())},
                          {"reason", error.detail}});
                return;
            default:
                break;
        }
        const std::lock_guard lock(mutex_);
        if (error.code == ErrorCode::TRANSACTION_COORDINATOR_FENCED) fenced_ = error;
        left_.push_back(place);
    }

    void finish_one() {
        std::optional<Error> fenced;
        bool all = false;
        {
            const std::lock_guard lock(mutex_);
            if (--under_way_ > 0) return;
            fenced = fenced_;
            all = left_.empty();
        }
        if (all) return done_({});
        if (fenced) return done_(std::unexpected(std::move(*fenced)));
        executor_.post([self = shared_from_this()] { self->try_again_later(); });
    }

    void try_again_later() {
        executor_.call_at(writer_.environment_.clock.now() + kRetry, [self = shared_from_this()] {
            if (self->still_wanted_()) {
                self->run();
            } else {
                self->done_(fail(ErrorCode::NOT_COORDINATOR,
                                 "the coordinator moved before all markers of "
                                 "a transaction were written"));
            }
        });
    }

    MarkerWriter& writer_;
    net::Executor& executor_;
    const log::TransactionEnd end_;
    const std::function<bool()> still_wanted_;
    Written done_;

    std::mutex mutex_;
    std::vector<Place> left_;
    std::size_t under_way_ = 0;
    std::optional<Error> fenced_;
};

BrokerId MarkerWriter::leader_elsewhere(std::string_view name, PartitionIndex index) const {
    if (environment_.others == nullptr) return kNoBroker;
    const auto image = environment_.image();
    const auto* topic = image->topic(name);
    const auto* partition = topic == nullptr ? nullptr : topic->partition(index);
    if (partition == nullptr || partition->leader == environment_.self) return kNoBroker;
    return partition->leader;
}

void MarkerWriter::write(std::string_view topic, PartitionIndex index,
                         const log::TransactionEnd& end, net::Executor& executor, Written done) {
    const auto image = environment_.image();
    const auto* known = image->topic(topic);
    if (known == nullptr || known->partition(index) == nullptr) {
        return done(fail(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, "there is no partition " +
                                                                    std::to_string(index.value()) +
                                                                    " of " + std::string(topic)));
    }
    if (environment_.end_offsets && topic == environment_.offsets_topic) {
        return environment_.end_offsets(index, end, std::move(done));
    }
    auto partition = environment_.partitions.find(known->id, index);
    if (!partition) {
        return done(fail(ErrorCode::NOT_LEADER_OR_FOLLOWER, "this broker does not hold partition " +
                                                                std::to_string(index.value()) +
                                                                " of " + std::string(topic)));
    }
    const log::LogTime now{environment_.clock.wall_now(), environment_.clock.now()};
    const auto outcome = partition->append_marker(end, now);
    if (!outcome) return done(std::unexpected(outcome.error()));
    if (outcome->wait_for == kNoOffset) return done({});
    auto waiter = std::make_shared<MarkerWaiter>(executor, partition, *outcome, std::move(done));
    partition->park_producer(*outcome, std::move(waiter));
}

void MarkerWriter::carry_out(Order order, net::Executor& executor) {
    std::make_shared<Running>(*this, std::move(order), executor)->run();
}

}  // namespace milena::replica
