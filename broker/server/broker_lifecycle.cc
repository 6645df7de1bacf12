#include "broker/server/broker_lifecycle.h"

#include "protocol/base/logger.h"
#include "replication/metadata/leadership.h"

#include <algorithm>
#include <future>

namespace milena::broker {
namespace {

// While something is waited for: to register, to be unfenced, to be let go, for a new controller.
constexpr Millis kSoon{50};
constexpr Millis kWhileLeaving{5};
constexpr Millis kPatience{5'000};
// Who stops does not wait longer for a controller: the others may be stopping, too.
constexpr Millis kLonely{1'000};

bool is_worth_retrying(ErrorCode code) {
    return code == ErrorCode::NOT_CONTROLLER || code == ErrorCode::REQUEST_TIMED_OUT ||
           // Its predecessor counts as alive until its session has run out.
           code == ErrorCode::DUPLICATE_BROKER_REGISTRATION;
}

// REQUEST_TIMED_OUT when there is no answer in time; it may come later all the same.
template <class Verb>
Result<typename Verb::Reply> ask(quorum::ControllerHost& controller, Verb request,
                                 Millis patience) {
    auto answer = std::make_shared<std::promise<Result<typename Verb::Reply>>>();
    auto answered = answer->get_future();
    controller.submit<Verb>(std::move(request),
                            [answer](auto reply) { answer->set_value(std::move(reply)); });
    if (answered.wait_for(patience) == std::future_status::ready) return answered.get();
    return fail(ErrorCode::REQUEST_TIMED_OUT, "the controller did not answer");
}

}  // namespace

BrokerLifecycle::BrokerLifecycle(net::Executor& executor, quorum::ControllerHost& controller,
                                 Options options)
    : executor_(executor), controller_(controller), options_(std::move(options)) {}

void BrokerLifecycle::pause(Millis duration) {
    std::unique_lock lock(mutex_);
    never_.wait_for(lock, duration);
}

Result<BrokerEpoch> BrokerLifecycle::join(quorum::LocalBroker broker) {
    metadata::RegisterBroker request;
    request.id = options_.id;
    request.cluster_id = options_.cluster_id;
    request.incarnation = broker.incarnation;
    request.endpoints = std::move(broker.endpoints);
    request.features = quorum::supported_features();
    request.rack = std::move(broker.rack);
    request.log_dirs = std::move(broker.log_dirs);
    request.previous_epoch = broker.previous_epoch;
    while (epoch_.value() < 0) {
        const auto reply = ask(controller_, request, kPatience);
        const Error error = reply ? reply->error : reply.error();
        if (error.code == ErrorCode::NONE) {
            epoch_ = reply->epoch;
        } else if (!is_worth_retrying(error.code)) {
            return std::unexpected(error);
        } else if (options_.is_stopping()) {
            return fail(ErrorCode::REQUEST_TIMED_OUT,
                        "stopped before the broker was registered: " + error.detail);
        } else {
            pause(kSoon);
        }
    }
    // The epoch is the offset of the registration.
    while (controller_.image()->provenance.end.value() <= epoch_.value()) {
        if (options_.is_stopping()) {
            return fail(ErrorCode::REQUEST_TIMED_OUT,
                        "stopped before the metadata was followed to this broker's registration");
        }
        pause(Millis(5));
    }
    log_info("broker_registered", {{"broker", options_.id.value()}, {"epoch", epoch_.value()}});
    return epoch_;
}

metadata::BrokerHeartbeat BrokerLifecycle::heartbeat(bool want_shut_down) const {
    metadata::BrokerHeartbeat request;
    request.id = options_.id;
    request.epoch = epoch_;
    request.metadata_end = controller_.image()->provenance.end;
    request.want_shut_down = want_shut_down;
    request.offline_dirs = options_.offline_dirs();
    return request;
}

BrokerLifecycle::Beat BrokerLifecycle::beat_and_wait(bool want_shut_down, Millis patience) {
    return ask(controller_, heartbeat(want_shut_down), patience);
}

Status BrokerLifecycle::unfence() {
    for (;;) {
        const MonoTime sent = executor_.now();
        const auto reply = beat_and_wait(false, kPatience);
        const Error error = reply ? reply->error : reply.error();
        if (error.code == ErrorCode::NONE && !reply->is_fenced) {
            options_.on_lease(sent + options_.lease);
            break;
        }
        if (error.code != ErrorCode::NONE && !is_worth_retrying(error.code)) {
            return std::unexpected(error);
        }
        if (options_.is_stopping()) {
            return fail(ErrorCode::REQUEST_TIMED_OUT, "stopped before the broker was unfenced");
        }
        pause(kSoon);
    }
    beats_ = true;
    executor_.post([this] { beat_at(executor_.now() + options_.heartbeat_interval); });
    return {};
}

void BrokerLifecycle::publish(const metadata::Image& after) {
    if (!beats_) return;
    const auto* self = after.broker(options_.id);
    const bool is_fenced = self != nullptr && self->epoch == epoch_ && self->is_fenced;
    const bool is_news = is_fenced && !was_fenced_;
    was_fenced_ = is_fenced;
    const bool is_waited_for =
        std::any_of(after.brokers.begin(), after.brokers.end(), [&](const auto& broker) {
            return broker->id != options_.id && broker->in_controlled_shutdown &&
                   !broker->is_fenced;
        });
    if (is_news || is_waited_for) executor_.post([this] { beat_now(); });
}

bool BrokerLifecycle::has_left(const metadata::Image& after) const {
    return leaves_ && !metadata::has_leaderships(after, options_.id);
}

void BrokerLifecycle::beat_now() {
    if (!beats_) return;
    // One that is on its way tells less than there is to tell by now.
    if (timer_ == net::Executor::kNoTimer) {
        beats_again_ = true;
        return;
    }
    executor_.cancel(timer_);
    beat();
}

void BrokerLifecycle::beat_at(MonoTime when) {
    if (!beats_) return;
    timer_ = executor_.call_at(when, [this] { beat(); });
}

void BrokerLifecycle::beat() {
    timer_ = net::Executor::kNoTimer;
    if (!beats_) return;
    const MonoTime sent = executor_.now();
    const auto answered = [this, sent](const Beat& reply) {
        const bool is_well = reply && reply->error.code == ErrorCode::NONE && !reply->is_fenced;
        if (is_well) options_.on_lease(sent + options_.lease);
        if (reply && reply->error.code == ErrorCode::STALE_BROKER_EPOCH) {
            log_error("broker_replaced", {{"reason", reply->error.detail}});
        }
        const Millis pause = is_well ? options_.heartbeat_interval : kSoon;
        beat_at(executor_.now() + (std::exchange(beats_again_, false) ? Millis(0) : pause));
    };
    controller_.submit<metadata::BrokerHeartbeat>(heartbeat(false), executor_, answered);
}

bool BrokerLifecycle::leave(Millis patience) {
    if (!beats_.exchange(false)) return false;
    leaves_ = true;
    const MonoTime until = executor_.now() + patience;
    MonoTime heard = executor_.now();
    while (executor_.now() < std::min(until, heard + kLonely)) {
        const auto reply = beat_and_wait(true, kLonely);
        if (reply && reply->error.code == ErrorCode::NONE) heard = executor_.now();
        if (reply && reply->error.code == ErrorCode::NONE && reply->should_shut_down) return true;
        if (reply && reply->error.code == ErrorCode::STALE_BROKER_EPOCH) return false;
        pause(kWhileLeaving);
    }
    log_warn("controlled_shutdown_cut_short",
             {{"reason", "the controller did not let this broker go in time"}});
    return false;
}

void BrokerLifecycle::stop() {
    beats_ = false;
    auto done = std::make_shared<std::promise<void>>();
    auto stopped = done->get_future();
    executor_.post([this, done] {
        if (timer_ != net::Executor::kNoTimer) executor_.cancel(timer_);
        timer_ = net::Executor::kNoTimer;
        done->set_value();
    });
    stopped.get();
}

}  // namespace milena::broker
