#include "broker/replica/flusher.h"

#include "broker/replica/partition.h"

namespace milena::replica {

void Flusher::sync(std::shared_ptr<Partition> partition) {
    submit_([this, partition = std::move(partition)] { partition->sync_now(disk_, clock_.now()); });
}

void Flusher::write_back(std::shared_ptr<Partition> partition) {
    submit_([partition = std::move(partition)] { partition->write_back_now(); });
}

}  // namespace milena::replica
