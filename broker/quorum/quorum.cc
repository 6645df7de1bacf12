#include "broker/quorum/quorum.h"

#include "broker/quorum/rounds.h"
#include "protocol/base/assert.h"

#include <condition_variable>
#include <mutex>

namespace milena::quorum {
namespace {

// More requests than this do not wait; admin requests come by the dozen.
constexpr std::size_t kMaxWaiting = 10'000;

// An answer from the executor that a thread outside waits for.
template <class T>
class Answer {
  public:
    void set(T value) {
        const std::lock_guard lock(mutex_);
        value_ = std::move(value);
        set_.notify_one();
    }
    T wait() {
        std::unique_lock lock(mutex_);
        set_.wait(lock, [this] { return value_.has_value(); });
        return std::move(*value_);
    }

  private:
    std::mutex mutex_;
    std::condition_variable set_;
    std::optional<T> value_;
};

}  // namespace

struct Quorum::State {
    State(QuorumOptions options, const Clock& clock, std::uint64_t seed,
          const metadata::ConfigRules& rules, std::unique_ptr<MetadataLog> log, Post to_post)
        : node(options.node),
          cluster_id(options.controller.cluster_id),
          rounds(std::move(options), clock, seed, rules, std::move(log)),
          post(std::move(to_post)) {}

    // All of them in one round, if it has room.
    void enqueue(std::vector<Waiting> several);
    // False: it takes nothing any more.
    bool add(Happening happening);
    void run();

    const BrokerId node;
    const std::string cluster_id;
    Rounds rounds;  // only in run(), and before and after all rounds
    const Post post;

    std::mutex mutex;
    std::deque<Waiting> waiting;
    std::deque<Happening> happened;
    bool is_open = false;       // requests are taken
    bool takes_events = false;  // of raft
    bool is_running = false;    // run() is posted or under way
};

Quorum::Quorum(std::unique_ptr<State> state) : state_(std::move(state)) {}
Quorum::~Quorum() = default;

Result<std::unique_ptr<Quorum>> Quorum::open(QuorumOptions options, log::Disk& disk,
                                             const Clock& clock, Random& random,
                                             const metadata::ConfigRules& rules, Post post) {
    MILENA_ASSIGN(auto log, MetadataLog::open(disk, options.data_directory, options.log,
                                              {clock.wall_now(), clock.now()}));
    auto state = std::make_unique<State>(std::move(options), clock, random.next(), rules,
                                         std::move(log), std::move(post));
    MILENA_TRY(state->rounds.replay());
    return std::unique_ptr<Quorum>(new Quorum(std::move(state)));
}

metadata::ImagePtr Quorum::image() const {
    return state_->rounds.image();
}

void Quorum::subscribe(Publisher publisher) {
    state_->rounds.subscribe(std::move(publisher));
}

Status Quorum::start(RaftNetwork* network) {
    State& state = *state_;
    {
        // What comes meanwhile waits.
        const std::lock_guard lock(state.mutex);
        state.takes_events = true;
        state.is_running = true;
    }
    const Status started = state.rounds.start(network);
    bool must_post = false;
    {
        const std::lock_guard lock(state.mutex);
        state.is_open = started.has_value();
        must_post = state.is_running = !state.happened.empty();
    }
    if (must_post) state.post([&state] { state.run(); });
    return started;
}

bool Quorum::State::add(Happening happening) {
    {
        const std::lock_guard lock(mutex);
        if (!takes_events) return false;
        happened.push_back(std::move(happening));
        if (std::exchange(is_running, true)) return true;
    }
    post([this] { run(); });
    return true;
}

void Quorum::deliver(RaftEvent event) {
    (void)state_->add(std::move(event));
}

void Quorum::receive(raft::Request request, Done done) {
    // The call is lost with a quorum that stops; its connection is closed then.
    (void)state_->add(RaftCall{std::move(request), std::move(done)});
}

bool Quorum::look(Look look) {
    return state_->add(std::move(look));
}

BrokerId Quorum::leader() const {
    return state_->rounds.leader();
}

bool Quorum::is_active() const {
    return state_->rounds.is_active();
}

void Quorum::enqueue(metadata::Request request, AnyCompletion done) {
    std::vector<Waiting> one;
    one.push_back({std::move(request), std::move(done)});
    state_->enqueue(std::move(one));
}

void Quorum::State::enqueue(std::vector<Waiting> several) {
    std::optional<Error> refused;
    bool must_post = false;
    {
        const std::lock_guard lock(mutex);
        if (!is_open) {
            refused = Error{ErrorCode::NOT_CONTROLLER, "this node takes no requests now; retry"};
        } else if (waiting.size() + several.size() > kMaxWaiting) {
            refused = Error{ErrorCode::REQUEST_TIMED_OUT,
                            "too many requests wait for the controller; retry later"};
        } else {
            for (auto& one : several) waiting.push_back(std::move(one));
            must_post = !std::exchange(is_running, true);
        }
    }
    if (refused) {
        for (auto& one : several) one.done(std::unexpected(*refused));
    }
    if (must_post) post([this] { run(); });
}

void Quorum::State::run() {
    std::deque<Waiting> taken;
    std::deque<Happening> events;
    for (;;) {
        {
            const std::lock_guard lock(mutex);
            for (auto& one : waiting) taken.push_back(std::move(one));
            waiting.clear();
            std::swap(events, happened);
            if (taken.empty() && events.empty()) {
                is_running = false;
                return;
            }
        }
        rounds.run(events, taken);
    }
}

Result<BrokerEpoch> Quorum::register_broker(LocalBroker broker) {
    metadata::RegisterBroker registration;
    registration.id = state_->node;
    registration.cluster_id = state_->cluster_id;
    registration.incarnation = broker.incarnation;
    registration.endpoints = std::move(broker.endpoints);
    registration.features = supported_features();
    registration.rack = std::move(broker.rack);
    registration.log_dirs = std::move(broker.log_dirs);
    registration.previous_epoch = broker.previous_epoch;
    registration.is_local = true;
    // The broker and the controller are one process: what is published to it has been applied.
    MakeRequest heartbeat = [id = state_->node, incarnation = broker.incarnation](
                                const metadata::Image& image) -> metadata::Request {
        const metadata::BrokerImage* registered = image.broker(id);
        metadata::BrokerHeartbeat request;
        request.id = id;
        if (registered && registered->incarnation == incarnation) request.epoch = registered->epoch;
        request.metadata_end = image.provenance.end;
        return request;
    };

    Answer<Result<metadata::Reply>> registered;
    Answer<Result<metadata::Reply>> unfenced;
    std::vector<Waiting> both;
    both.push_back({metadata::Request(std::move(registration)),
                    [&](auto reply) { registered.set(std::move(reply)); }});
    both.push_back({std::move(heartbeat), [&](auto reply) { unfenced.set(std::move(reply)); }});
    state_->enqueue(std::move(both));

    auto registered_reply = registered.wait();
    auto unfenced_reply = unfenced.wait();
    MILENA_ASSIGN(const metadata::Reply first, std::move(registered_reply));
    MILENA_ASSIGN(const metadata::Reply second, std::move(unfenced_reply));
    const auto& epoch = std::get<metadata::RegisterBroker::Reply>(first);
    if (epoch.error.code != ErrorCode::NONE) return std::unexpected(epoch.error);
    const auto& beat = std::get<metadata::BrokerHeartbeat::Reply>(second);
    if (beat.error.code != ErrorCode::NONE) return std::unexpected(beat.error);
    MILENA_ASSERT(!beat.is_fenced);
    return epoch.epoch;
}

Status Quorum::stop() {
    std::deque<Waiting> dropped;
    {
        const std::lock_guard lock(state_->mutex);
        state_->is_open = false;
        state_->takes_events = false;
        std::swap(dropped, state_->waiting);
    }
    for (auto& one : dropped) {
        one.done(std::unexpected(
            Error{ErrorCode::NOT_CONTROLLER, "this node is stopping; ask another controller"}));
    }
    Answer<Status> stopped;
    state_->post([&] { stopped.set(state_->rounds.stop()); });
    return stopped.wait();
}

}  // namespace milena::quorum
