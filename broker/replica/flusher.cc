#include "broker/replica/flusher.h"

#include "broker/replica/partition.h"

namespace milena::replica {

void Flusher::sync(std::shared_ptr<Partition> partition) {
    submit_([this, partition = std::move(partition)] {
        const auto began = clock_.now();
        partition->sync_now(disk_, began);
        syncs_.fetch_add(1, std::memory_order_relaxed);
        sync_nanoseconds_.fetch_add((clock_.now() - began).count(), std::memory_order_relaxed);
    });
}

void Flusher::write_back(std::shared_ptr<Partition> partition) {
    submit_([partition = std::move(partition)] { partition->write_back_now(); });
}

}  // namespace milena::replica
