#include "broker/replica/disk_room.h"

#include <algorithm>

namespace milena::replica {
namespace {

constexpr std::uint64_t kMostReserve = 256U << 20U;

}  // namespace

DiskRoom::Change DiskRoom::look(const log::DiskSpace& space, const RoomMarks& marks) {
    const auto refuse_below =
        marks.refuse_below.value_or(std::min<std::uint64_t>(space.total / 20, kMostReserve));
    const auto resume_at =
        std::max(marks.resume_at.value_or(refuse_below + refuse_below / 2), refuse_below);
    const bool before = refuses();
    const bool now = before ? space.free < resume_at : space.free < refuse_below;
    // Before the flag, so that who sees the flag gone finds room.
    left_.store(now ? 0 : static_cast<std::int64_t>(space.free - refuse_below),
                std::memory_order_relaxed);
    refuses_.store(now, std::memory_order_release);
    if (before == now) return Change::none;
    return now ? Change::refuses : Change::resumes;
}

bool DiskRoom::take(std::uint64_t bytes) {
    if (refuses_.load(std::memory_order_acquire)) return false;
    const auto wanted = static_cast<std::int64_t>(bytes);
    // What is refused here is asked for again, after the next look.
    if (left_.load(std::memory_order_relaxed) < wanted) return false;
    left_.fetch_sub(wanted, std::memory_order_relaxed);
    return true;
}

}  // namespace milena::replica
