// Appends that requests of one reactor have in common: what comes in while the reactor works
// through what is readable goes into each partition together, with one lock and few writes.
//
// Q1 order: the batches of a connection reach a partition in the order of its requests. Who appends
// past the queue calls flush() before, if it holds something for that partition.
// Q2 bound: at most kMaxBytes wait, and only until the reactor has done what it is doing now.
// Touched only on the reactor's thread.
#pragma once

#include "broker/net/executor.h"
#include "broker/replica/append.h"
#include "protocol/base/bytes.h"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace milena::replica {
class Partition;
}

namespace milena::api {

struct Services;

// Who is told what became of its batches. On the executor that it asked on.
class AppendOwner {
  public:
    virtual ~AppendOwner() = default;
    virtual net::Executor& executor() = 0;
    // `tag` as it was given.
    virtual void on_appended(std::size_t tag, Result<replica::AppendOutcome> outcome) = 0;
};

class AppendQueue {
  public:
    static constexpr std::size_t kMaxBytes = 1 << 20;
    // Larger batches gain nothing that would pay for copying them.
    static constexpr std::size_t kMaxBatch = 32 << 10;

    // Copies `batch`, which belongs to no transaction; acks are not none.
    void add(Services& services, std::shared_ptr<replica::Partition> partition, ByteView batch,
             replica::Acks acks, std::shared_ptr<AppendOwner> owner, std::size_t tag);
    bool holds(const replica::Partition& partition) const;
    // Appends everything, and tells the owners.
    void flush(Services& services);

  private:
    struct Line {
        std::shared_ptr<replica::Partition> partition;
        replica::AppendGroup group;
        std::vector<std::pair<std::shared_ptr<AppendOwner>, std::size_t>> owners;
    };

    Line& line_of(std::shared_ptr<replica::Partition> partition);

    std::vector<Line> lines_;
    std::size_t used_ = 0;   // of lines_: the others keep their memory for the next time
    std::size_t bytes_ = 0;  // in those in use
    bool posted_ = false;
};

}  // namespace milena::api
