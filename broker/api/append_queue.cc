#include "broker/api/append_queue.h"

#include "broker/api/services.h"
#include "broker/replica/partition.h"

#include <algorithm>
#include <utility>

namespace milena::api {
namespace {

// Lines beyond these are for bursts over many partitions, and given back after them.
constexpr std::size_t kKeptLines = 16;

}  // namespace

void AppendQueue::add(Services& services, std::shared_ptr<replica::Partition> partition,
                      ByteView batch, replica::Acks acks, std::shared_ptr<AppendOwner> owner,
                      std::size_t tag) {
    auto& executor = owner->executor();
    if (bytes_ + batch.size() > kMaxBytes) flush(services);
    auto& line = line_of(std::move(partition));
    line.group.add(batch, acks);
    line.owners.emplace_back(std::move(owner), tag);
    bytes_ += batch.size();
    if (std::exchange(posted_, true)) return;
    executor.post([this, &services] {
        posted_ = false;
        flush(services);
    });
}

AppendQueue::Line& AppendQueue::line_of(std::shared_ptr<replica::Partition> partition) {
    for (std::size_t i = 0; i < used_; ++i) {
        if (lines_[i].partition == partition) return lines_[i];
    }
    if (used_ == lines_.size()) lines_.emplace_back();
    auto& line = lines_[used_++];
    line.partition = std::move(partition);
    return line;
}

bool AppendQueue::holds(const replica::Partition& partition) const {
    return std::any_of(lines_.begin(), lines_.begin() + static_cast<std::ptrdiff_t>(used_),
                       [&](const Line& line) { return line.partition.get() == &partition; });
}

void AppendQueue::flush(Services& services) {
    if (used_ == 0) return;
    // An owner that is told may well ask for more: into lines of their own.
    auto lines = std::exchange(lines_, {});
    const std::size_t used = std::exchange(used_, 0);
    bytes_ = 0;
    const auto now = services.now();
    for (std::size_t i = 0; i < used; ++i) {
        auto& line = lines[i];
        line.partition->append_group(line.group, now);
        auto& members = line.group.members();
        for (std::size_t m = 0; m < members.size(); ++m) {
            auto& [owner, tag] = line.owners[m];
            owner->on_appended(tag, std::move(members[m].outcome));
        }
        line.partition.reset();
        line.group.clear();
        line.owners.clear();
    }
    if (used_ > 0) return;
    if (lines.size() > kKeptLines) lines.resize(kKeptLines);
    lines_ = std::move(lines);
}

}  // namespace milena::api
