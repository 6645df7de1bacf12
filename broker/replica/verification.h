// What a partition's leader knows of transactional batches whose coordinator is being asked
// (KIP-890). Without it a batch that was held up here could be written after the end of its
// transaction, and would begin one that nobody ends.
//
// V1 one per producer: all its batches that wait for the coordinator share one token.
// V2 ended by the end: the marker of a transaction makes the token void, unless what waits belongs
//    to the next one already: with transaction.version 2 a producer goes on, with the epoch that
//    the marker has, while markers are still being written.
// V3 bounded: an entry lives while some request waits.
//
// Part of the partition's monitor. Source: storage/.../VerificationStateEntry.java.
#pragma once

#include "protocol/base/ids.h"

#include <cstdint>

#include <boost/unordered/unordered_flat_map.hpp>

namespace milena::replica {

// A transactional batch that the coordinator is asked about.
struct Verification {
    // How the partition gets into the transaction.
    enum class Kind : std::uint8_t {
        none,      // nobody has been asked
        disabled,  // transaction.partition.verification.enable=false: nobody need be asked
        added,     // the producer added it before, which is checked now
        implicit,  // added by producing (transaction.version 2)
    };
    Kind kind = Kind::none;
    ProducerId producer = kNoProducerId;
    std::uint64_t token = 0;
};

class VerificationTable {
  public:
    struct Entry {
        std::uint64_t token = 0;
        std::uint32_t users = 0;
        ProducerEpoch epoch = kNoProducerEpoch;
        Sequence lowest_sequence = kNoSequence;  // of those that wait
    };

    Verification begin(ProducerId id, ProducerEpoch epoch, Sequence sequence,
                       Verification::Kind kind) {
        auto& entry = entries_[id];
        if (entry.users == 0) entry.token = ++last_token_;
        ++entry.users;
        if (entry.epoch < epoch || entry.lowest_sequence == kNoSequence) {
            entry.epoch = epoch;
            entry.lowest_sequence = sequence;
        } else if (entry.epoch == epoch && sequence < entry.lowest_sequence) {
            entry.lowest_sequence = sequence;
        }
        return {kind, id, entry.token};
    }
    void end(const Verification& verification) {
        const auto found = entries_.find(verification.producer);
        if (found == entries_.end() || found->second.token != verification.token) return;
        if (--found->second.users == 0) entries_.erase(found);
    }
    // The producer's transaction is over.
    void void_ended(ProducerId id, ProducerEpoch marker, bool raises_epoch) {
        const auto found = entries_.find(id);
        if (found == entries_.end()) return;
        const bool next = raises_epoch && found->second.epoch >= marker;
        if (!next) entries_.erase(found);
    }
    // nullptr: void.
    const Entry* find(const Verification& verification) const {
        const auto found = entries_.find(verification.producer);
        const bool good = found != entries_.end() && found->second.token == verification.token;
        return good ? &found->second : nullptr;
    }
    std::size_t size() const { return entries_.size(); }

  private:
    boost::unordered_flat_map<ProducerId, Entry, std::hash<ProducerId>> entries_;
    std::uint64_t last_token_ = 0;
};

}  // namespace milena::replica
