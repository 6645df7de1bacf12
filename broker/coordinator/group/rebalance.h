// The phases of a classic group's rebalance, worked out on a copy of the group that becomes the
// decision's change.
//
// empty, stable, completing_rebalance --prepare--> preparing_rebalance --complete_join-->
// completing_rebalance (or empty) --the leader's SyncGroup (sync.cc)--> stable
#pragma once

#include "broker/coordinator/group/deciding.h"

#include <string>
#include <string_view>

namespace milena::coordinator::group {

class Rebalance {
  public:
    // Of the group as it is now, or of a new one.
    Rebalance(Deciding& deciding, std::string_view group_id);

    const ClassicGroup& group() const { return group_; }
    ClassicGroup& group() { return group_; }

    // Changes one member, which must be there.
    template <class F>
    void edit(std::string_view member_id, F&& change) {
        auto& slot = group_.members.find(member_id)->second;
        auto changed = std::make_shared<ClassicMember>(*slot);
        change(*changed);
        slot = std::move(changed);
    }

    // Writes the record of a group that has none, before anything else, so that everybody who
    // replays the log knows it.
    void ensure_record();

    void add(ClassicMember member);
    // Answers what it waits for with UNKNOWN_MEMBER_ID.
    void remove(const std::string& member_id);
    // Takes over instance, leadership and assignment; who still speaks for the old id is fenced.
    void replace(const std::string& old_id, const std::string& new_id);
    void forget_pending(const std::string& member_id);

    // The member has been heard of.
    void extend_session(const ClassicMember& member);
    void enter(ClassicState state);

    // The members must join anew (or the first ones join).
    void prepare();
    // After a member has joined or changed: a new round, or the end of the one under way.
    void prepare_or_complete_join();
    // Ends the join phase if nobody is missing; the first rebalance of a group waits for its timer.
    void complete_join_if_all_joined();
    // Ends the join phase without those who are missing.
    void complete_join();
    // The timer of the join phase.
    void join_timer_fired();
    // After members have left.
    void after_departure();
    // Stops the sync timer when nobody is missing.
    void note_sync(std::string_view member_id);

    JoinGroup::Reply join_reply(const ClassicMember& member) const;

    // Puts the group into the decision. Last.
    void finish();

  private:
    void answer_joins();
    void cancel_syncs();
    void set_phase_timer(TimerKind kind, Millis delay);

    Deciding& deciding_;
    std::string group_id_;
    ClassicGroup group_;
};

// The answer to a JoinGroup that fails.
inline JoinGroup::Reply join_failed(ErrorCode error, std::string_view member_id,
                                    std::string detail = {}) {
    JoinGroup::Reply reply;
    reply.error = {error, std::move(detail)};
    reply.member_id = member_id;
    return reply;
}

inline SyncGroup::Reply sync_failed(ErrorCode error) {
    SyncGroup::Reply reply;
    reply.error = {error, {}};
    return reply;
}

}  // namespace milena::coordinator::group
