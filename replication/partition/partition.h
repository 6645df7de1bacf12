// The machine of one replica of one partition: who leads, and how far it is committed. It sees the
// log only as offsets; the shell (broker/replica) appends, syncs and reads, under one lock with
// this machine. A replica that does not lead keeps its epochs, so that access.h can answer.
#pragma once

#include "protocol/base/time.h"
#include "replication/partition/io.h"
#include "replication/partition/state.h"

namespace milena::partition {

class Partition {
  public:
    explicit Partition(BrokerId self) { state_.self = self; }

    // `now` is part of the shape of every machine; leading alone needs no time.
    Ready step(const Input& input, MonoTime now);

    const State& state() const { return state_; }

  private:
    void apply(const BecomeLeader& input, Ready& ready);
    void apply(const StopLeading& input, Ready& ready);
    void apply(const SettingsChanged& input, Ready& ready);
    void apply(const Appended& input, Ready& ready);
    void apply(const Synced& input, Ready& ready);
    void advance(Ready& ready);

    State state_;
};

}  // namespace milena::partition
