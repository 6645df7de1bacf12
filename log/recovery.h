// Opening a log: from the files of a directory to segments, epochs and producers that agree.
//
// In this order:
//   1  leftovers of a crash go                                           (leftovers.h)
//   2  segments are listed; below the recovery point their indexes are looked at and rebuilt when
//      they make no sense
//   3  after an unclean shutdown, from the recovery point on (or from the beginning of its segment
//      when its indexes cannot be trusted): every batch is read and checked, indexes, epochs and
//      producers are built anew, the first invalid byte ends the log and everything behind it goes
//   4  epochs and producer snapshots beyond the log end go; producers are replayed from the newest
//      sound snapshot
//
// A batch below the recovery point was on the device once, so an invalid one there is damage, not a
// torn tail: as long as the batches behind it can be found they are kept and the damage is
// reported, for a reader checks every batch it gets. Otherwise what is cut off is set aside
// (.damaged).
#pragma once

#include "log/log_state.h"

namespace milena::log {

// Fills `state`, which holds place and settings only.
Status recover_log(PartitionLog::State& state, const OpenOptions& options);

}  // namespace milena::log
