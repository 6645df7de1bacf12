// The shell around the machine and the fetcher of one simulated replica: what broker/replica does
// with a real log and real connections.
#include "protocol/base/assert.h"
#include "replication/partition/access.h"
#include "replication/partition/truncation.h"
#include "tests/unit/replication/partition/simulated_world.h"

#include <algorithm>

namespace milena::partition {
namespace {

constexpr Millis kAnswerWithin{1000};
constexpr Millis kLongestDelay{1600};

const fetcher::PartitionKey kKey{TopicId(Uuid{1, 2}), PartitionIndex(0)};

fetcher::Settings fetcher_settings() {
    fetcher::Settings settings;
    settings.max_wait = Millis(100);
    settings.backoff = Millis(500);
    return settings;
}

}  // namespace

// --- The cluster metadata ---

void SimulatedWorld::take_metadata(Node& self, const MetadataSnapshot& metadata) {
    if (metadata.version <= self.metadata.version) return;
    self.metadata = metadata;
    const auto& partition = metadata.partition;
    if (!partition.has(self.id)) {
        self.machine.reset();
        self.fetcher.reset();
        self.fetches_from = kNoBroker;
        self.log.restart_at(Offset(0));
        self.checkpointed = Offset(0);
        self.intact = false;
        dirty_ = true;
        return;
    }
    if (!self.machine) {
        self.machine = std::make_unique<Partition>(self.id);
        step(self, LeaseUntil{self.lease});
    }
    step(self, BrokersChanged{metadata.brokers});
    const auto log = self.log.ends(self.checkpointed);
    if (partition.leader == self.id) {
        const auto before = self.machine->state().leader_epoch;
        step(self, BecomeLeader{partition.leader_epoch, partition.partition_epoch,
                                partition.replicas, partition.isr, settings_, log});
        if (self.machine->state().leader_epoch != before) {
            self.log.begin_epoch(partition.leader_epoch);
            if (self.suspect && partition.leader_epoch > *self.suspect) self.suspect.reset();
        }
    } else {
        step(self, BecomeFollower{partition.leader_epoch, partition.partition_epoch,
                                  partition.leader, settings_, log});
    }
    follow(self);
}

void SimulatedWorld::follow(Node& self) {
    const auto& state = self.machine->state();
    if (state.role != Role::follower || state.leader == kNoBroker) {
        self.fetcher.reset();
        self.fetches_from = kNoBroker;
        self.followed = kNoLeaderEpoch;
        return;
    }
    if (self.fetches_from != state.leader) {
        self.fetcher = std::make_unique<fetcher::Fetcher>(fetcher_settings());
        ++self.fetcher_life;
        self.fetches_from = state.leader;
        self.followed = kNoLeaderEpoch;
    }
    if (self.followed == state.leader_epoch) return;
    self.followed = state.leader_epoch;
    self.told = self.machine->fetch_position();
    self.owes_position = false;
    step_fetcher(self, fetcher::Follow{kKey, state.leader_epoch, self.told});
}

// --- The machine ---

void SimulatedWorld::step(Node& self, const Input& input) {
    perform(self, self.machine->step(input, now_));
    tell_position(self);
    dirty_ = true;
}

void SimulatedWorld::perform(Node& self, const Ready& ready) {
    const auto cut = [&] {
        ++report_.cuts;
        self.checkpointed = std::min(self.checkpointed, self.log.end());
        perform(self,
                self.machine->step(
                    Truncated{self.log.start(), self.log.end(), self.log.latest_epoch()}, now_));
    };
    if (ready.truncate_to) {
        self.log.truncate_to(*ready.truncate_to);
        cut();
    }
    if (ready.start_at) {
        self.log.restart_at(*ready.start_at);
        cut();
    }
    if (ready.append_limit) {
        MILENA_ASSERT(incoming_ != nullptr);
        for (const auto& record : *incoming_) {
            if (record.epoch > *ready.append_limit) break;
            self.log.append(record);
        }
        perform(self,
                self.machine->step(Replicated{self.log.end(), self.log.latest_epoch()}, now_));
    }
    if (ready.log_start) self.log.advance_start(*ready.log_start);
    if (ready.sync) begin_sync(self);
    if (ready.acknowledged) note_acknowledged(self, *ready.acknowledged);
    if (ready.alter_isr) send_alter_isr(self, *ready.alter_isr);
}

void SimulatedWorld::begin_sync(Node& self) {
    if (self.syncing) {
        self.sync_again = true;
        return;
    }
    self.syncing = true;
    const bool slow = !healing_ && faults_.slow_disks && chance(50);
    const Nanos delay = slow ? Nanos(Millis(random_.below(400))) : Nanos(random_.below(4'000'000));
    on_node(index_of(self), delay,
            [this, end = self.log.end(), generation = self.log.generation()](Node& node) {
                node.syncing = false;
                node.log.synced(end, generation);
                if (node.machine) step(node, Synced{node.log.synced_end()});
                if (std::exchange(node.sync_again, false)) begin_sync(node);
            });
}

void SimulatedWorld::send_alter_isr(Node& self, const AlterIsr& request) {
    if (request.id != self.asked_alter) {
        self.alter_unsettled_until = MonoTime{};
    } else if (!self.alter_answered) {
        self.alter_unsettled_until = self.asked_alter_at + kLongestDelay;
    }
    self.alter_answered = false;
    self.asked_alter = request.id;
    self.asked_alter_at = now_;
    const auto serial = ++self.alter_serial;
    const auto i = index_of(self);
    const auto answer = [this, serial](Node& node, AlterIsrAnswered answered) {
        if (node.alter_serial != serial || !node.machine) return;
        ++node.alter_serial;
        node.alter_answered = answered.error != ErrorCode::REQUEST_TIMED_OUT;
        answered.final = now_ >= node.alter_unsettled_until;
        step(node, answered);
    };
    send(self.id, BrokerId(0), [this, i, epoch = self.epoch, request, answer] {
        const auto answered = controller_->alter_isr(nodes_[i]->id, epoch, request);
        publish();
        send_to_node(BrokerId(0), *nodes_[i], [epoch, answered, answer](Node& node) {
            if (node.epoch == epoch) answer(node, answered);
        });
    });
    on_node(i, kAnswerWithin, [id = request.id, answer](Node& node) {
        answer(node, {.id = id, .error = ErrorCode::REQUEST_TIMED_OUT, .isr = {}});
    });
}

// --- The fetcher ---

void SimulatedWorld::tell_position(Node& self) {
    if (!self.fetcher || self.followed != self.machine->state().leader_epoch) return;
    const auto position = self.machine->fetch_position();
    if (!self.owes_position && position == self.told) return;
    self.owes_position = false;
    self.told = position;
    step_fetcher(self, fetcher::Positioned{kKey, position});
}

void SimulatedWorld::step_fetcher(Node& self, const fetcher::Input& input, const Fetch* fetch) {
    const auto ready = self.fetcher->step(input, now_);
    if (const auto broken = self.fetcher->check_invariants()) fail(std::string(*broken), "fetcher");
    for (const auto& delivery : ready.deliver) deliver(self, *fetch, delivery);
    for (const auto& located : ready.locate) {
        self.owes_position = true;
        step(self, OutOfRange{located.leader_epoch, located.leader_start, located.leader_end});
    }
    if (ready.fetch) send_fetch(self, *ready.fetch);
    if (ready.ends) send_ends(self, *ready.ends);
}

void SimulatedWorld::deliver(Node& self, const Fetch& fetch, const fetcher::Delivery& delivery) {
    FetchReply reply{.leader_epoch = delivery.asked.leader_epoch,
                     .offset = delivery.asked.offset,
                     .has_records = !fetch.records.empty(),
                     .high_watermark = fetch.high_watermark,
                     .log_start = fetch.log_start,
                     .diverging = fetch.diverging,
                     .ours = {}};
    if (fetch.diverging) {
        reply.ours = self.log.end_of(fetch.diverging->epoch);
    } else if (self.suspect && reply.leader_epoch > *self.suspect) {
        self.suspect.reset();
    }
    self.owes_position = true;
    incoming_ = &fetch.records;
    step(self, reply);
    incoming_ = nullptr;
}

void SimulatedWorld::send_fetch(Node& self, const fetcher::FetchRequest& request) {
    const Asker asker{index_of(self), self.epoch, self.fetcher_life};
    send_to_node(self.id, node(self.fetches_from),
                 [this, asker, request](Node& leader) { serve_fetch(leader, asker, request); });
    on_node(asker.index, kLongestDelay, [this, asker, id = request.id](Node& node) {
        if (!node.fetcher || node.fetcher_life != asker.fetcher_life) return;
        step_fetcher(node, fetcher::RequestLost{id});
    });
}

// (KIP-227; for the one partition that there is.)
Result<SimulatedWorld::Served> SimulatedWorld::open_session(Node& leader,
                                                            const fetcher::FetchRequest& request) {
    Served served{.request = request.id, .max_wait = request.max_wait, .partition = {}};
    if (request.session_epoch.value() == 0) {
        leader.sessions.erase(request.session.value());
        if (!request.partitions.empty()) served.partition = request.partitions.front();
        if (faults_.no_sessions) return served;
        served.session = FetchSessionId(next_session_++);
        leader.sessions[served.session.value()].partition = served.partition;
        return served;
    }
    const auto found = leader.sessions.find(request.session.value());
    if (found == leader.sessions.end() || (!healing_ && chance(5))) {
        return milena::fail(ErrorCode::FETCH_SESSION_ID_NOT_FOUND, "");
    }
    auto& session = found->second;
    if (session.next_epoch != request.session_epoch.value()) {
        return milena::fail(ErrorCode::INVALID_FETCH_SESSION_EPOCH, "");
    }
    ++session.next_epoch;
    if (!request.forgotten.empty()) session.partition.reset();
    if (!request.partitions.empty()) session.partition = request.partitions.front();
    served.session = request.session;
    served.full = false;
    served.partition = session.partition;
    return served;
}

void SimulatedWorld::serve_fetch(Node& leader, Asker from, const fetcher::FetchRequest& request) {
    const auto served = open_session(leader, request);
    if (served) {
        serve(leader, from, *served, true);
        return;
    }
    Fetch refusal;
    refusal.answer = {.request = request.id, .error = served.error().code, .partitions = {}};
    answer_fetch(leader, from, std::move(refusal));
}

void SimulatedWorld::serve(Node& leader, Asker from, const Served& served, bool first) {
    Fetch fetch;
    fetch.answer.request = served.request;
    fetch.answer.session = served.session;
    if (served.partition) {
        const auto& [key, position] = *served.partition;
        fetch.from = position.offset;
        const auto error = read_fetch(leader, from, position, first, fetch);
        const bool empty = error == ErrorCode::NONE && fetch.records.empty() && !fetch.diverging;
        if (empty && first) {
            on_node(index_of(leader), served.max_wait,
                    [this, from, served](Node& node) { serve(node, from, served, false); });
            return;
        }
        // Nothing new is not told again.
        ServerSession unknown;
        const auto found = leader.sessions.find(served.session.value());
        auto& session = found == leader.sessions.end() ? unknown : found->second;
        const bool known =
            session.high_watermark == fetch.high_watermark && session.log_start == fetch.log_start;
        if (served.full || !empty || !known) {
            fetch.answer.partitions.push_back(
                {key, error, fetch.records.size(), fetch.high_watermark});
        }
        session.high_watermark = fetch.high_watermark;
        session.log_start = fetch.log_start;
    }
    fetch.read_late = faults_.late_reads && !fetch.records.empty() && chance(200);
    answer_fetch(leader, from, std::move(fetch));
}

ErrorCode SimulatedWorld::read_fetch(Node& leader, Asker from, const FetchPosition& position,
                                     bool first, Fetch& fetch) {
    if (!leader.machine) return ErrorCode::UNKNOWN_TOPIC_ID;
    const auto& state = leader.machine->state();
    const BrokerId follower = nodes_[from.index]->id;
    if (auto status = check_leader(state, position.leader_epoch, "t-0"); !status) {
        return status.error().code;
    }
    if (auto status = check_follower(state, follower, "t-0"); !status) return status.error().code;
    if (position.offset < leader.log.start()) return ErrorCode::OFFSET_OUT_OF_RANGE;
    const auto ours = leader.log.end_of(position.last_fetched_epoch);
    if (position.last_fetched_epoch != kNoLeaderEpoch && ours.epoch == kNoLeaderEpoch) {
        return ErrorCode::OFFSET_OUT_OF_RANGE;
    }
    fetch.high_watermark = state.high_watermark;
    fetch.log_start = leader.log.start();
    fetch.diverging = find_divergence(position.offset, position.last_fetched_epoch, ours);
    if (fetch.diverging) return ErrorCode::NONE;
    if (position.offset > leader.log.end()) return ErrorCode::OFFSET_OUT_OF_RANGE;
    if (first) {
        step(leader, Fetched{follower, from.epoch, position.leader_epoch, position.offset,
                             position.last_fetched_epoch, ours, position.log_start});
    }
    fetch.records = leader.log.read(position.offset, 1 + random_.below(30));
    fetch.high_watermark = state.high_watermark;
    return ErrorCode::NONE;
}

void SimulatedWorld::answer_fetch(Node& leader, Asker to, Fetch fetch) {
    // A reader that is slow to take the bytes gets what the file holds by then.
    const Nanos slow = fetch.read_late ? Nanos(Millis(random_.below(800))) : Nanos(0);
    on_node(index_of(leader), slow, [this, to, fetch = std::move(fetch)](Node& sender) mutable {
        if (fetch.read_late) {
            if (!sender.log.holds(fetch.from)) return;
            fetch.records = sender.log.read(fetch.from, fetch.records.size());
        }
        send_to_node(sender.id, *nodes_[to.index], [this, to, fetch](Node& node) {
            if (!node.fetcher || node.fetcher_life != to.fetcher_life) return;
            step_fetcher(node, fetch.answer, &fetch);
        });
    });
}

void SimulatedWorld::send_ends(Node& self, const fetcher::LogEndsRequest& request) {
    const auto life = self.fetcher_life;
    const auto i = index_of(self);
    const auto back = [this, life](Node& node, const fetcher::Input& input) {
        if (node.fetcher && node.fetcher_life == life) step_fetcher(node, input);
    };
    send_to_node(self.id, node(self.fetches_from), [this, i, request, back](Node& leader) {
        fetcher::LogEndsAnswered answered{.request = request.id, .partitions = {}};
        for (const auto& asked : request.partitions) {
            fetcher::LogEnds ends{.key = asked.key};
            const bool leads =
                leader.machine &&
                check_leader(leader.machine->state(), asked.leader_epoch, "t-0").has_value();
            if (leads) {
                ends.start = leader.log.start();
                ends.end = leader.log.end();
            } else {
                ends.error = ErrorCode::NOT_LEADER_OR_FOLLOWER;
            }
            answered.partitions.push_back(ends);
        }
        send_to_node(leader.id, *nodes_[i], [answered, back](Node& node) { back(node, answered); });
    });
    on_node(i, kLongestDelay,
            [id = request.id, back](Node& node) { back(node, fetcher::RequestLost{id}); });
}

}  // namespace milena::partition
