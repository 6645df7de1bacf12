// What the active controller does on its own from time to time, as requests to be decided like any
// other. Pure: time is an argument.
//
//   Upkeep upkeep(timing, now);                        // with each new active controller
//   for (auto& request : upkeep.due(sessions, image, now)) decide, append ...
//   upkeep.wrote(now);                                 // after each append to the metadata log
//   wake up at upkeep.next(...)
//
// A reply that says has_more wants its request decided again at once.
#pragma once

#include "protocol/base/time.h"
#include "replication/metadata/requests.h"
#include "replication/metadata/sessions.h"

#include <optional>
#include <vector>

namespace milena::metadata {

struct UpkeepTiming {
    Millis session_timeout{9000};             // broker.session.timeout.ms
    bool balances_leaders = true;             // auto.leader.rebalance.enable
    Millis balance_interval{300'000};         // leader.imbalance.check.interval.seconds
    Millis missing_leader_interval{300'000};  // unclean.leader.election.interval.ms
    Millis max_idle{500};                     // metadata.max.idle.interval.ms; 0: never
};

class Upkeep {
  public:
    Upkeep(const UpkeepTiming& timing, MonoTime now)
        : timing_(timing),
          balance_at_(now + timing.balance_interval),
          missing_at_(now + timing.missing_leader_interval),
          written_at_(now) {}

    // Everything whose time has come; it comes again an interval from now.
    std::vector<Request> due(const Sessions& sessions, const Image& image, MonoTime now);

    // When the next thing is due.
    MonoTime next(const Sessions& sessions, const Image& image) const;

    // Something was appended to the metadata log, so that it is not idle.
    void wrote(MonoTime now) { written_at_ = now; }

  private:
    UpkeepTiming timing_;
    MonoTime balance_at_;
    MonoTime missing_at_;
    MonoTime written_at_;
};

}  // namespace milena::metadata
