// Who votes in the metadata quorum.
#pragma once

#include "protocol/base/ids.h"

#include <cstdint>
#include <string>
#include <vector>

namespace milena::raft {

// A replica of the metadata log: a node with the directory that holds its copy. A node that lost
// its directory is another replica (KIP-853).
struct ReplicaKey {
    BrokerId id = kNoBroker;
    DirectoryId directory{};  // zero where it is not known (kraft.version 0)

    friend bool operator==(const ReplicaKey&, const ReplicaKey&) = default;
};

struct Endpoint {
    std::string name;  // of the listener
    std::string host;
    std::uint16_t port = 0;

    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// The versions of the raft protocol that a voter can work with.
struct KRaftVersions {
    std::int16_t min = 0;
    std::int16_t max = 1;

    friend bool operator==(const KRaftVersions&, const KRaftVersions&) = default;
};

struct Voter {
    BrokerId id;
    DirectoryId directory;  // zero where voters are known by id alone (kraft.version 0)
    std::vector<Endpoint> endpoints = {};
    KRaftVersions kraft_versions = {};

    ReplicaKey key() const { return {id, directory}; }
    friend bool operator==(const Voter&, const Voter&) = default;
};

struct VoterSet {
    std::vector<Voter> voters;
    // 0: voters are a setting (controller.quorum.voters). 1: they stand in the log (KIP-853).
    std::int16_t kraft_version = 0;

    const Voter* find(BrokerId id) const;
    bool contains(BrokerId id) const { return find(id) != nullptr; }
    // The directory counts where the voter has one.
    bool contains(const ReplicaKey& key) const;
    bool is_only(const ReplicaKey& key) const { return voters.size() == 1 && contains(key); }
    std::size_t majority() const { return voters.size() / 2 + 1; }

    friend bool operator==(const VoterSet&, const VoterSet&) = default;
};

}  // namespace milena::raft
