// What a crash may leave of a sequence of changes.
//
// A change is durable once its file (data) or directory (names) was synced after it. Every other
// one meets a fate of its own, in any combination: file systems write back in any order, and a
// device writes a sector of 512 bytes or does not.
#pragma once

#include "protocol/base/random.h"
#include "tests/unit/log/support/crash_disk.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace milena::log::test {

inline constexpr std::uint64_t kSectorBytes = 512;

struct Fate {
    enum class Kind : std::uint8_t {
        kept,
        lost,
        torn,     // the sectors before `at` were written
        zeros,    // the file is as long as it should be, the data never came
        garbage,  // as torn, but the sector at `at` holds anything
    };
    Kind kind = Kind::kept;
    std::uint64_t at = 0;  // position in the file

    friend bool operator==(const Fate&, const Fate&) = default;
};

// Of each pending change, in the order of pending_of().
using Fates = std::vector<Fate>;

// Indexes of those of the first `count` changes that a crash after them may undo.
std::vector<std::size_t> pending_of(const std::vector<Change>& changes, std::size_t count);

// The disk after a crash right behind the first `count` changes.
DiskImage image_after(const DiskImage& start, const std::vector<Change>& changes, std::size_t count,
                      const std::vector<std::size_t>& pending, const Fates& fates);

// Combinations of fates: all lost, all kept; each one alone lost or kept; every sector of every
// write; names without data and data without names; then all subsets when they are few, else as
// many random ones as fit into `budget`.
std::vector<Fates> legal_fates(const std::vector<Change>& changes,
                               const std::vector<std::size_t>& pending, std::size_t budget,
                               Random& random);

// "3:lost 4:torn@512", to say where a check failed.
std::string describe(const std::vector<std::size_t>& pending, const Fates& fates);

}  // namespace milena::log::test
