#include "tests/unit/replication/partition/simulated_world.h"

#include "replication/partition/access.h"

#include <algorithm>

namespace milena::partition {
namespace {

constexpr Millis kSession{1000};
constexpr Millis kHeartbeat{150};
constexpr Millis kLagMax{1500};
constexpr Millis kHealing{20'000};
constexpr BrokerId kController{0};

}  // namespace

SimulatedWorld::SimulatedWorld(const SimulationOptions& options)
    : options_(options), random_(options.seed) {
    const std::size_t count = 3 + random_.below(3);
    std::vector<BrokerId> replicas;
    for (std::size_t i = 0; i < count; ++i) {
        auto& added = *nodes_.emplace_back(std::make_unique<Node>());
        added.id = BrokerId(static_cast<std::int32_t>(i + 1));
        if (i < 3) replicas.push_back(added.id);
    }
    controller_ = std::make_unique<SimulatedController>(replicas, options.unclean, kSession);
    settings_ = {.min_isr = static_cast<std::int32_t>(1 + random_.below(2)),
                 .durability = options.durability,
                 .replica_lag_time_max = kLagMax};
    // Each family of faults is off in some worlds: what one hides, another shows.
    const auto on = [&] { return random_.below(10) < 7; };
    faults_ = {.drop_per_mille = on() ? random_.below(50) : 0,
               .crashes = on(),
               .power_cuts = on(),
               .pauses = on(),
               .cuts = on(),
               .moves = on(),
               .reassignments = count > 3 && on(),
               .deletes = on(),
               .slow_links = on(),
               .slow_disks = on(),
               .late_reads = on(),
               .no_sessions = !on()};
}

// --- Time and network ---

void SimulatedWorld::at(Nanos delay, Action action) {
    queue_.push({now_ + delay, order_++, std::move(action)});
}

// For this life of the node only, and not while it stands still.
void SimulatedWorld::on_node(std::size_t index, Nanos delay, std::function<void(Node&)> action) {
    const auto incarnation = nodes_[index]->incarnation;
    at(delay, [this, index, incarnation, action = std::move(action)] {
        Node& self = *nodes_[index];
        if (!self.up || self.incarnation != incarnation) return;
        if (now_ < self.paused_until) {
            on_node(index, self.paused_until - now_, action);
            return;
        }
        action(self);
    });
}

Nanos SimulatedWorld::link_delay() {
    if (!healing_ && faults_.slow_links && chance(30)) return Millis(random_.below(1500));
    return Nanos(100'000 + random_.below(2'000'000));
}

void SimulatedWorld::send(BrokerId from, BrokerId to, Action arrive) {
    if (severed_.contains({from.value(), to.value()})) return;
    if (!healing_ && chance(faults_.drop_per_mille)) return;
    at(link_delay(), std::move(arrive));
}

// Also while the process is another one than the sender knew.
void SimulatedWorld::send_to_node(BrokerId from, const Node& to,
                                  std::function<void(Node&)> action) {
    send(from, to.id,
         [this, i = index_of(to), action = std::move(action)] { on_node(i, Nanos(0), action); });
}

// --- Lives ---

void SimulatedWorld::start(Node& self) {
    self.up = true;
    ++self.incarnation;
    self.epoch = BrokerEpoch(-1);
    self.lease = MonoTime{};
    self.metadata = {};
    enroll(index_of(self));
    daily(index_of(self));
}

void SimulatedWorld::crash(Node& self) {
    ++report_.crashes;
    self.up = false;
    self.machine.reset();
    self.fetcher.reset();
    self.fetches_from = kNoBroker;
    self.followed = kNoLeaderEpoch;
    self.told.reset();
    self.owes_position = self.syncing = self.sync_again = false;
    self.asked_alter = 0;
    self.sessions.clear();
    self.intact = false;
    self.log.crash(random_);
    // What was committed by others alone may be gone, though nobody was told that it was kept.
    const auto& registered = controller_->metadata().partition;
    if (registered.in_isr(self.id)) suspect_all(registered.leader_epoch);
    self.checkpointed = std::min(self.checkpointed, self.log.end());
    dirty_ = true;
    note_registration();
    // A connection that broke tells the controller at once; or nobody does.
    if (random_.below(2) == 0) {
        const auto epoch = self.epoch;
        at(Millis(random_.below(50)), [this, id = self.id, epoch] {
            controller_->fence(id, epoch);
            publish();
        });
    }
}

void SimulatedWorld::enroll(std::size_t index) {
    Node& self = *nodes_[index];
    send(self.id, kController, [this, index, incarnation = self.incarnation] {
        const auto epoch = controller_->enroll(nodes_[index]->id, incarnation, now_);
        publish();
        send_to_node(kController, *nodes_[index],
                     [this, incarnation, epoch, metadata = controller_->metadata()](Node& to) {
                         if (to.incarnation != incarnation || to.epoch == epoch) return;
                         to.epoch = epoch;
                         take_metadata(to, metadata);
                         beat(index_of(to));
                     });
    });
    on_node(index, Millis(300), [this, index](Node& to) {
        if (to.epoch.value() == -1) enroll(index);
    });
}

void SimulatedWorld::beat(std::size_t index) {
    heartbeat(*nodes_[index]);
    on_node(index, kHeartbeat, [this, index](Node&) { beat(index); });
}

void SimulatedWorld::heartbeat(Node& self) {
    send(self.id, kController,
         [this, i = index_of(self), epoch = self.epoch, seen = self.metadata.version, sent = now_] {
             const BrokerId id = nodes_[i]->id;
             if (!controller_->heartbeat(id, epoch, seen, now_)) return;
             publish();
             const bool fenced = controller_->is_fenced(id, epoch);
             send_to_node(
                 kController, *nodes_[i],
                 [this, fenced, sent, epoch, metadata = controller_->metadata()](Node& to) {
                     if (to.epoch != epoch) return;
                     if (!fenced) {
                         to.lease = std::max(to.lease, sent + kSession);
                         if (to.machine) step(to, LeaseUntil{to.lease});
                     }
                     take_metadata(to, metadata);
                 });
         });
}

// What changed goes to everybody; who misses it hears of it with the next heartbeat.
void SimulatedWorld::publish() {
    const auto& metadata = controller_->metadata();
    if (metadata.version == published_) return;
    published_ = metadata.version;
    note_registration();
    for (const auto& one : nodes_) {
        if (!one->up) continue;
        send_to_node(kController, *one, [this, metadata](Node& self) {
            if (self.epoch.value() != -1) take_metadata(self, metadata);
        });
    }
}

// --- Life goes on ---

void SimulatedWorld::daily(std::size_t index) {
    on_node(index, Millis(10), [this, index](Node& self) {
        housekeeping(self);
        daily(index);
    });
}

void SimulatedWorld::housekeeping(Node& self) {
    if (self.machine) {
        if (const auto due = self.machine->deadline(); due && *due <= now_) step(self, Tick{});
        if (chance(10)) self.checkpointed = self.machine->state().high_watermark;
        // The kernel writes back in its own time.
        if (chance(5)) begin_sync(self);
    }
    if (self.fetcher) {
        if (const auto due = self.fetcher->deadline(); due && *due <= now_) {
            step_fetcher(self, fetcher::Tick{});
        }
    }
}

void SimulatedWorld::produce() {
    Node& self = *nodes_[random_.below(nodes_.size())];
    if (!self.up || now_ < self.paused_until || !self.machine) return;
    const auto& state = self.machine->state();
    if (!serves(self) || !may_produce(state, -1, "t-0")) return;
    const auto count = 1 + random_.below(3);
    for (std::uint64_t i = 0; i < count; ++i) {
        self.log.append({state.leader_epoch, next_value_++});
    }
    step(self, Appended{self.log.end()});
    if (options_.durability == Durability::disk) begin_sync(self);
}

void SimulatedWorld::fault() {
    Node& victim = *nodes_[random_.below(nodes_.size())];
    switch (random_.below(8)) {
        case 0:
        case 1:
            if (!faults_.crashes || !victim.up) return;
            crash(victim);
            at(Millis(random_.below(3000)), [this, i = index_of(victim)] {
                if (!nodes_[i]->up) start(*nodes_[i]);
            });
            return;
        case 2:
            if (faults_.pauses) victim.paused_until = now_ + Millis(random_.below(4000));
            return;
        case 3: {
            if (!faults_.cuts) return;
            // From everybody, or only from the controller; both ways, or one.
            const auto others = random_.below(2) == 0 ? nodes_.size() : 0;
            const auto ways = 1 + random_.below(3);
            for (std::int32_t other = 0; other <= static_cast<std::int32_t>(others); ++other) {
                if (ways != 2) severed_.insert({victim.id.value(), other});
                if (ways != 1) severed_.insert({other, victim.id.value()});
            }
            at(Millis(200 + random_.below(4000)), [this] { severed_.clear(); });
            return;
        }
        case 4:
            if (faults_.moves) controller_->move_leadership(random_);
            break;
        case 5:
            if (!faults_.power_cuts || random_.below(3) != 0) return;
            for (const auto& one : nodes_) {
                if (one->up) crash(*one);
                at(Millis(random_.below(1500)), [this, i = index_of(*one)] {
                    if (!nodes_[i]->up) start(*nodes_[i]);
                });
            }
            return;
        case 6: {
            if (!faults_.reassignments || now_ < last_reassignment_ + Millis(4000)) return;
            last_reassignment_ = now_;
            std::vector<BrokerId> target;
            const auto first = random_.below(nodes_.size());
            for (std::size_t i = 0; i < 3; ++i) {
                target.push_back(nodes_[(first + i) % nodes_.size()]->id);
            }
            controller_->reassign(std::move(target));
            break;
        }
        default:
            if (!faults_.deletes || !victim.up || !victim.machine || !serves(victim)) return;
            victim.log.advance_start(victim.machine->state().high_watermark);
            step(victim, LogStartMoved{victim.log.start()});
            return;
    }
    publish();
}

void SimulatedWorld::heal() {
    healing_ = true;
    severed_.clear();
    for (const auto& one : nodes_) {
        one->paused_until = {};
        if (!one->up) start(*one);
    }
}

SimulationReport SimulatedWorld::run() {
    const MonoTime begin = now_;
    for (const auto& one : nodes_) start(*one);
    std::function<void()> traffic = [&] {
        produce();
        at(Millis(healing_ ? 50 : 1 + random_.below(20)), traffic);
    };
    std::function<void()> trouble = [&] {
        if (healing_) return;
        fault();
        at(Millis(random_.below(1200)), trouble);
    };
    std::function<void()> watch = [&] {
        controller_->fence_expired(now_);
        if (controller_->metadata().partition.leader == kNoBroker && chance(20)) {
            const auto before = controller_->metadata().partition.leader_epoch;
            if (controller_->elect_unclean()) forgive(before);
        }
        publish();
        at(Millis(20), watch);
    };
    at(Millis(500), traffic);
    at(Millis(1500), trouble);
    at(Millis(1), watch);
    at(options_.faults_for, [this] { heal(); });
    const MonoTime quiet = begin + options_.faults_for + kHealing / 2;
    const MonoTime end = begin + options_.faults_for + kHealing;
    while (report_.violation.empty() && !queue_.empty()) {
        Event next = queue_.top();
        queue_.pop();
        if (next.at > end) break;
        now_ = std::max(now_, next.at);
        ++report_.events;
        next.action();
        check();
        // The last records, then silence in which everybody catches up.
        if (now_ > quiet) traffic = [] {};
    }
    if (report_.violation.empty()) {
        if (const auto why = unhealed(); !why.empty()) fail("NoDivergenceAfterHealing", why);
    }
    return report_;
}

}  // namespace milena::partition
