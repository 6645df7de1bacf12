#include "broker/session/fetch_session.h"

#include <algorithm>
#include <limits>

namespace milena::session {
namespace {

constexpr FetchSessionEpoch kInitialEpoch{0};
constexpr FetchSessionEpoch kFinalEpoch{-1};

// After the largest epoch comes 1: 0 and -1 have meanings of their own.
FetchSessionEpoch next(FetchSessionEpoch epoch) {
    if (epoch.value() == std::numeric_limits<std::int32_t>::max()) return FetchSessionEpoch(1);
    return FetchSessionEpoch(epoch.value() + 1);
}

// A partition that stands twice counts once: where it came first, with what was said last.
void drop_repeated(std::vector<FetchTarget>& targets) {
    if (targets.size() < 2) return;
    boost::unordered_flat_map<PartitionName, std::size_t> places;
    places.reserve(targets.size());
    std::size_t kept = 0;
    for (auto& target : targets) {
        const auto [place, is_new] = places.try_emplace(target.name, kept);
        auto& to = targets[place->second];
        if (&to != &target) to = std::move(target);
        if (is_new) ++kept;
    }
    targets.resize(kept);
}

}  // namespace

std::size_t hash_value(const PartitionName& name) {
    const auto topic = std::hash<std::string>{}(name.topic);
    const auto id = std::hash<TopicId>{}(name.topic_id);
    return topic ^ (id * 31) ^ (static_cast<std::size_t>(name.index.value()) * 0x9e3779b97f4a7c15U);
}

Result<FetchPlan> SessionCache::begin(SessionRequest request, MonoTime now) {
    const std::lock_guard lock(mutex_);
    if (request.epoch == kInitialEpoch || request.epoch == kFinalEpoch) {
        // A full fetch; a session that it names is given up either way.
        if (request.id.value() != 0) sessions_.erase(request.id.value());
        FetchPlan plan;
        plan.uses_topic_ids = request.uses_topic_ids;
        drop_repeated(request.partitions);
        if (request.epoch == kInitialEpoch) {
            plan.kind = FetchPlan::Kind::full;
            plan.session = create(request, now);
        }
        plan.targets = std::move(request.partitions);
        return plan;
    }
    return begin_incremental(std::move(request), now);
}

Result<FetchPlan> SessionCache::begin_incremental(SessionRequest request, MonoTime now) {
    const auto found = sessions_.find(request.id.value());
    if (found == sessions_.end()) {
        return fail(ErrorCode::FETCH_SESSION_ID_NOT_FOUND, "no such fetch session");
    }
    Session& session = *found->second;
    if (session.next_epoch != request.epoch) {
        return fail(ErrorCode::INVALID_FETCH_SESSION_EPOCH, "fetch session epoch out of turn");
    }
    if (session.uses_topic_ids != request.uses_topic_ids) {
        return fail(ErrorCode::FETCH_SESSION_TOPIC_ID_ERROR,
                    "the session was made with another way of naming topics");
    }
    for (auto& target : request.partitions) put(session, std::move(target));
    for (const auto& name : request.forgotten) {
        const auto entry = session.index.find(name);
        if (entry == session.index.end()) continue;
        session.entries.erase(entry->second);
        session.index.erase(entry);
    }

    FetchPlan plan;
    plan.uses_topic_ids = request.uses_topic_ids;
    if (session.entries.empty()) {
        sessions_.erase(found);
        return plan;
    }
    session.last_used = now;
    session.next_epoch = next(session.next_epoch);
    plan.kind = FetchPlan::Kind::incremental;
    plan.session = session.id;
    plan.targets.reserve(session.entries.size());
    for (const auto& entry : session.entries) plan.targets.push_back(entry.target);
    return plan;
}

void SessionCache::put(Session& session, FetchTarget target) {
    const auto found = session.index.find(target.name);
    if (found != session.index.end()) {
        found->second->target = std::move(target);
        return;
    }
    session.entries.push_back(Entry{std::move(target), {}});
    const auto at = std::prev(session.entries.end());
    session.index.emplace(at->target.name, at);
}

FetchSessionId SessionCache::create(const SessionRequest& request, MonoTime now) {
    if (!make_room(request, now)) return FetchSessionId(0);
    auto session = std::make_unique<Session>();
    do {
        session->id = FetchSessionId(
            static_cast<std::int32_t>(1 + random_.below(std::numeric_limits<std::int32_t>::max())));
    } while (sessions_.contains(session->id.value()));
    session->uses_topic_ids = request.uses_topic_ids;
    session->privileged = request.privileged;
    session->last_used = now;
    for (const auto& target : request.partitions) put(*session, target);
    const auto id = session->id;
    sessions_.emplace(id.value(), std::move(session));
    return id;
}

// A session that nobody used for evict_after goes first, the oldest of them; else one that is worth
// less than the new one: unprivileged before privileged, then the one with fewer partitions.
bool SessionCache::make_room(const SessionRequest& request, MonoTime now) {
    if (sessions_.size() < slots_) return true;
    auto victim = sessions_.end();
    const auto oldest = std::min_element(
        sessions_.begin(), sessions_.end(),
        [](const auto& a, const auto& b) { return a.second->last_used < b.second->last_used; });
    if (oldest != sessions_.end() && now - oldest->second->last_used > evict_after_) {
        victim = oldest;
    } else {
        const auto worth = [](const auto& a) {
            return std::pair(a.second->privileged, a.second->entries.size());
        };
        const auto least =
            std::min_element(sessions_.begin(), sessions_.end(),
                             [&](const auto& a, const auto& b) { return worth(a) < worth(b); });
        if (least != sessions_.end() &&
            worth(*least) < std::pair(request.privileged, request.partitions.size())) {
            victim = least;
        }
    }
    if (victim == sessions_.end()) return false;
    sessions_.erase(victim);
    ++evictions_;
    return true;
}

std::vector<bool> SessionCache::finish(const FetchPlan& plan,
                                       const std::vector<FetchMarks>& marks) {
    std::vector<bool> tell(plan.targets.size(), true);
    if (plan.kind == FetchPlan::Kind::sessionless || plan.session.value() == 0) return tell;
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(plan.session.value());
    if (found == sessions_.end())
        return tell;  // evicted meanwhile: the peer will be told next time
    Session& session = *found->second;
    for (std::size_t i = 0; i < plan.targets.size(); ++i) {
        const auto entry = session.index.find(plan.targets[i].name);
        if (entry == session.index.end()) continue;
        auto& told = *entry->second;
        const bool changed = told.told.high_watermark != marks[i].high_watermark ||
                             told.told.log_start_offset != marks[i].log_start_offset;
        if (plan.kind == FetchPlan::Kind::incremental) {
            tell[i] = marks[i].has_records || marks[i].must_tell || changed;
        }
        told.told = marks[i];
        // After an error the marks are told again, whatever they are.
        if (marks[i].must_tell) told.told.high_watermark = kNoOffset;
        if (marks[i].has_records) {
            session.entries.splice(session.entries.end(), session.entries, entry->second);
        }
    }
    return tell;
}

std::size_t SessionCache::size() const {
    const std::lock_guard lock(mutex_);
    return sessions_.size();
}

std::uint64_t SessionCache::evictions() const {
    const std::lock_guard lock(mutex_);
    return evictions_;
}

}  // namespace milena::session
