#include "tests/sim/raft/world.h"

#include "protocol/base/assert.h"

#include <algorithm>

namespace milena::raft::sim {
namespace {

constexpr std::size_t kTraceLines = 400;

// Responses show bytes that must outlive the message.
struct OwnedResponse {
    Response response;
    std::vector<std::uint8_t> bytes;
};

}  // namespace

World::World(const Scenario& scenario) : scenario_(scenario), random_(scenario.seed) {
    draw_faults();
    configured_.kraft_version = scenario.dynamic ? 1 : 0;
    nodes_.resize(static_cast<std::size_t>(scenario.voters + scenario.observers));
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        Node& node = nodes_[i];
        const auto id = static_cast<std::int32_t>(i + 1);
        node.self = {.id = BrokerId(id), .directory = DirectoryId(Uuid{7, random_.next()})};
        if (scenario.dynamic) node.self.endpoints = {{"C", "host", next_port_++}};
        node.rate = 1 + faults_.drift * (static_cast<double>(random_.below(2001)) / 1000 - 1);
        node.skew = Nanos(static_cast<std::int64_t>(random_.below(1'000'000'000)));
        if (id > scenario.voters) continue;
        Voter voter = node.self;
        if (!scenario.dynamic) voter.directory = {};
        configured_.voters.push_back(voter);
    }
}

std::optional<std::string> World::run() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        after(Nanos(static_cast<std::int64_t>(random_.below(300'000'000))),
              [this, i] { start(i); });
    }
    plan_faults();
    run_until(MonoTime(scenario_.duration));
    if (!broken_) converge();
    return broken_;
}

std::string World::trace() const {
    std::string text;
    for (const auto& line : trace_) text += line + "\n";
    return text;
}

void World::broken(std::string what) {
    if (broken_) return;
    const auto ms = std::chrono::duration_cast<Millis>(now_.time_since_epoch()).count();
    broken_ = std::move(what) + " at " + std::to_string(ms) + " ms";
}

void World::note(std::string line) {
    if (!tracing_) return;
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(now_.time_since_epoch());
    trace_.push_back(std::to_string(us.count()) + " " + std::move(line));
    if (trace_.size() > 2 * kTraceLines) {
        trace_.erase(trace_.begin(), trace_.end() - kTraceLines);
    }
}

bool World::chance(double p) {
    return static_cast<double>(random_.below(1'000'000)) < p * 1e6;
}

Nanos World::draw(Millis around) {
    const Nanos span = around;
    return Nanos(
        static_cast<std::int64_t>(random_.below(2 * static_cast<std::uint64_t>(span.count()) + 1)));
}

void World::after(Nanos delay, std::function<void()> action) {
    queue_.push({now_ + std::max(delay, Nanos(1)), ++events_, std::move(action)});
}

void World::run_until(MonoTime end) {
    while (!queue_.empty() && queue_.top().at <= end && !broken_) {
        Event event = queue_.top();
        queue_.pop();
        now_ = event.at;
        event.action();
    }
    now_ = std::max(now_, end);
}

std::optional<std::size_t> World::index_of(BrokerId id) const {
    const auto index = static_cast<std::size_t>(id.value() - 1);
    return id.value() > 0 && index < nodes_.size() ? std::optional(index) : std::nullopt;
}

MonoTime World::local(const Node& node) const {
    const auto passed = static_cast<double>(now_.time_since_epoch().count()) * node.rate;
    return MonoTime(node.skew + Nanos(static_cast<std::int64_t>(passed)));
}

void World::start(std::size_t index) {
    Node& node = nodes_[index];
    if (node.raft) return;
    Options options;
    options.self = node.self;
    for (const Node& other : nodes_) options.bootstrap.push_back(other.self.id);
    options.fetch_max_bytes = 1 << (7 + random_.below(6));
    auto raft = Raft::create(options, configured_, node.disk.found(), random_.next());
    if (!raft) return broken("node " + std::to_string(index + 1) + ": " + raft.error().detail);
    node.raft.emplace(std::move(*raft));
    ++node.incarnation;
    node.paused_until = now_;
    node.asked.clear();
    node.deferred.clear();
    node.part.clear();
    node.applied = node.raft->state().high_watermark;
    note("node " + std::to_string(index + 1) + " starts");
    step(index, Start{});
}

// The kernel closes the connections of a process that ended; who can be reached learns it.
void World::crash(std::size_t index) {
    Node& node = nodes_[index];
    if (!node.raft) return;
    note("node " + std::to_string(index + 1) + " crashes");
    ++figures_.crashes;
    node.raft.reset();
    node.disk.crash(random_);
    const BrokerId id = node.self.id;
    for (std::size_t other = 0; other < nodes_.size(); ++other) {
        if (other == index || !reaches(index, other) || chance(0.1)) continue;
        const int incarnation = nodes_[other].incarnation;
        after(network_delay(), [this, other, incarnation, id] {
            if (nodes_[other].incarnation == incarnation) step(other, Disconnected{id});
        });
    }
}

// A paused node does everything later, in the order in which it came.
bool World::defer(std::size_t index, std::function<void()> action) {
    Node& node = nodes_[index];
    if (node.paused_until <= now_ && node.deferred.empty()) return false;
    if (node.deferred.empty()) {
        after(node.paused_until - now_, [this, index] { resume(index); });
    }
    node.deferred.push_back([this, index, incarnation = node.incarnation, action] {
        if (nodes_[index].incarnation == incarnation) action();
    });
    return true;
}

void World::resume(std::size_t index) {
    Node& node = nodes_[index];
    if (node.paused_until > now_) {
        after(node.paused_until - now_, [this, index] { resume(index); });
        return;
    }
    for (const auto& action : std::exchange(node.deferred, {})) action();
}

void World::step(std::size_t index, const Input& input) {
    Node& node = nodes_[index];
    if (!node.raft || broken_) return;
    if (defer(index, [this, index, input] { step(index, input); })) return;
    ++figures_.steps;
    Ready ready = node.raft->step(input, local(node));
    check(index, ready);
    perform(index, std::move(ready));
    while (!refusals_.empty()) std::exchange(refusals_, {}).front()();
}

void World::perform(std::size_t index, Ready ready) {
    Node& node = nodes_[index];
    if (ready.fatal) return broken("NoFatal: " + ready.fatal->detail);
    if (ready.election) {
        node.disk.write_election(*ready.election);
        note("node " + std::to_string(index + 1) + " epoch " +
             std::to_string(ready.election->epoch.value()) + " leader " +
             std::to_string(ready.election->leader.value()) + " voted " +
             std::to_string(ready.election->voted.value()));
    }
    if (node.disk.election() != node.raft->state().election) {
        broken("ElectionIsPersisted: node " + std::to_string(index + 1));
    }
    // Between any two of these steps the process may end.
    if (faulty_ && faults_.between_crashes.count() > 0 && chance(0.0005)) return crash(index);
    const bool wrote = write_log(index, ready);
    if (wrote) sync_later(index);
    for (const Send& one : ready.requests) send(index, one);
    for (const Reply& one : ready.replies) answer(index, one);
    if (ready.trim_to) node.disk.trim(*ready.trim_to);
    check_commits(index);

    const std::uint64_t wake = ++node.wake;
    const int incarnation = node.incarnation;
    if (ready.deadline != MonoTime::max()) {
        const auto wait = static_cast<double>((ready.deadline - local(node)).count()) / node.rate;
        after(Nanos(static_cast<std::int64_t>(wait) + 1000), [this, index, incarnation, wake] {
            Node& woken = nodes_[index];
            if (woken.incarnation == incarnation && woken.wake == wake) step(index, Tick{});
        });
    }
    if (ready.snapshot_chunk) take_chunk(index, *ready.snapshot_chunk);
}

// True when something was appended that is to be synced.
bool World::write_log(std::size_t index, const Ready& ready) {
    Node& node = nodes_[index];
    if (ready.truncate_to) {
        ++figures_.truncations;
        note("node " + std::to_string(index + 1) + " truncates to " +
             std::to_string(ready.truncate_to->value()));
        node.disk.truncate(*ready.truncate_to);
    }
    const Offset before = node.disk.end();
    std::optional<Offset> refused;
    for (const Append& batch : ready.append) {
        if (batch.control.empty() && faulty_ && chance(faults_.refused)) {
            refused = batch.base_offset;
            break;
        }
        node.disk.append(batch);
    }
    if (ready.append_fetched) {
        if (faulty_ && chance(faults_.refused)) {
            refused = ready.append_fetched->base_offset;
        } else if (!node.disk.append_raw(ready.append_fetched->batches) ||
                   node.disk.end() != ready.append_fetched->end) {
            broken("AppendsContinueTheLog");
        }
    }
    if (refused) {
        const int incarnation = node.incarnation;
        const Offset from = *refused;
        // Right behind this Ready, before anything else happens to this node.
        refusals_.push_back([this, index, incarnation, from] {
            if (nodes_[index].incarnation == incarnation) step(index, Refused{from});
        });
    }
    check_appends(index, before);
    return !ready.append.empty() || ready.append_fetched || ready.truncate_to;
}

void World::sync_later(std::size_t index) {
    Node& node = nodes_[index];
    if (node.disk.is_syncing()) return;
    node.disk.begin_sync();
    const int incarnation = node.incarnation;
    const std::uint64_t started = node.disk.syncs();
    after(draw(Millis(chance(0.02) ? 100 : 2)),
          [this, index, incarnation, started] { synced(index, incarnation, started); });
}

void World::synced(std::size_t index, int incarnation, std::uint64_t started) {
    Node& node = nodes_[index];
    if (node.incarnation != incarnation || !node.raft) return;
    // A truncation or a snapshot threw away what was being synced; what came after waits.
    if (!node.disk.is_syncing() || node.disk.syncs() != started) return;
    const auto later = [this, index, incarnation, started] { synced(index, incarnation, started); };
    if (defer(index, later)) return;
    const Offset end = node.disk.finish_sync();
    if (end < node.disk.end()) sync_later(index);
    if (end > node.raft->state().synced_end) step(index, Synced{end});
}

void World::take_chunk(std::size_t index, const SnapshotChunk& chunk) {
    Node& node = nodes_[index];
    if (chunk.position == 0) node.part.clear();
    if (chunk.position != node.part.size()) return broken("ChunksAreInOrder");
    node.part.insert(node.part.end(), chunk.bytes.begin(), chunk.bytes.end());
    if (!chunk.is_last) return;
    if (faulty_ && chance(0.05)) return step(index, SnapshotRefused{chunk.id});
    if (!node.disk.load_snapshot(chunk.id, node.part)) return broken("SnapshotsArriveWhole");
    ++figures_.snapshots_loaded;
    note("node " + std::to_string(index + 1) + " loads the snapshot of " +
         std::to_string(chunk.id.end.value()));
    const auto& file = node.disk.snapshots().at(chunk.id);
    step(index, SnapshotLoaded{chunk.id, file.bytes.size(), file.voters});
}

Nanos World::network_delay() {
    if (faulty_ && faults_.long_delay.count() > 0 && chance(0.01)) return draw(faults_.long_delay);
    return draw(faulty_ ? faults_.delay : Millis(2));
}

bool World::reaches(std::size_t from, std::size_t to) const {
    return !cut_.contains({from, to});
}

void World::lost(std::size_t from, int incarnation, RequestId id) {
    if (nodes_[from].incarnation == incarnation) step(from, Failed{id});
}

void World::send(std::size_t from, const Send& send) {
    ++figures_.messages;
    const auto to = index_of(send.to);
    const int incarnation = nodes_[from].incarnation;
    const RequestId id = send.id;
    if (!to) {
        after(network_delay(), [this, from, incarnation, id] { lost(from, incarnation, id); });
        return;
    }
    const int copies = faulty_ && chance(faults_.doubling) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
        if (faulty_ && chance(faults_.loss)) continue;
        after(network_delay(), [this, from, to = *to, incarnation, id, request = send.request] {
            if (!reaches(from, to)) return;
            Node& node = nodes_[to];
            if (!node.raft) {
                // Nobody listens: refused.
                after(network_delay(), [this, from, to, incarnation, id] {
                    if (!reaches(to, from)) return;
                    lost(from, incarnation, id);
                    if (nodes_[from].incarnation == incarnation && !nodes_[to].raft) {
                        step(from, Disconnected{nodes_[to].self.id});
                    }
                });
                return;
            }
            node.asked.push_back(Asked{from, incarnation, id});
            const RequestToken token(static_cast<std::int64_t>(node.asked.size() - 1));
            step(to, Received{token, request});
        });
    }
}

void World::answer(std::size_t from, const Reply& reply) {
    Node& node = nodes_[from];
    if (reply.token.value() < 0) {
        const auto& response = std::get<ChangeVotersResponse>(reply.response);
        if (response.error == ErrorCode::NONE) ++figures_.voter_changes;
        return;
    }
    const Asked asked = node.asked.at(static_cast<std::size_t>(reply.token.value()));
    auto owned = std::make_shared<OwnedResponse>();
    owned->response = reply.response;
    if (const auto* read = std::get_if<ReadLog>(&reply.read)) {
        for (const BatchPtr& batch : node.disk.log()) {
            if (batch->base < read->from || batch->end > read->limit) continue;
            if (!owned->bytes.empty() && owned->bytes.size() + batch->bytes.size() >
                                             static_cast<std::size_t>(read->max_bytes)) {
                break;
            }
            owned->bytes.insert(owned->bytes.end(), batch->bytes.begin(), batch->bytes.end());
        }
        if (owned->bytes.empty()) broken("FetchedRecordsExist");
        std::get<FetchResponse>(owned->response).records = owned->bytes;
    } else if (const auto* part = std::get_if<ReadSnapshot>(&reply.read)) {
        const auto file = node.disk.snapshots().find(part->id);
        if (file == node.disk.snapshots().end()) return broken("FetchedSnapshotsExist");
        const auto begin = file->second.bytes.begin() + static_cast<std::ptrdiff_t>(part->position);
        owned->bytes.assign(begin, begin + static_cast<std::ptrdiff_t>(part->length));
        std::get<FetchSnapshotResponse>(owned->response).bytes = owned->bytes;
    }
    if (faulty_ && chance(faults_.loss)) return;
    const int copies = faulty_ && chance(faults_.doubling) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
        after(network_delay(), [this, from, asked, owned] {
            if (!reaches(from, asked.node)) return;
            if (nodes_[asked.node].incarnation != asked.incarnation) return;
            deliver(asked, owned->response, owned);
        });
    }
}

// `keep` holds the bytes that the response shows.
void World::deliver(const Asked& asked, const Response& response, std::shared_ptr<void> keep) {
    const auto later = [this, asked, response, keep] { deliver(asked, response, keep); };
    if (defer(asked.node, later)) return;
    step(asked.node, Answered{asked.id, response});
}

}  // namespace milena::raft::sim
