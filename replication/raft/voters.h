// Who votes in the metadata quorum.
#pragma once

#include "protocol/base/ids.h"

#include <cstdint>
#include <vector>

namespace milena::raft {

struct Voter {
    BrokerId id;
    DirectoryId directory;  // zero where voters are known by id alone (kraft.version 0)

    friend bool operator==(const Voter&, const Voter&) = default;
};

struct VoterSet {
    std::vector<Voter> voters;
    // 0: voters are a setting (controller.quorum.voters). 1: they stand in the log (KIP-853).
    std::int16_t kraft_version = 0;

    bool contains(BrokerId id) const;

    friend bool operator==(const VoterSet&, const VoterSet&) = default;
};

}  // namespace milena::raft
