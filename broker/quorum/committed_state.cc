#include "broker/quorum/committed_state.h"

#include "replication/raft/voters_record.h"

#include <algorithm>

namespace milena::quorum {
namespace {

class StateVisitor final : public metadata::BatchVisitor {
  public:
    StateVisitor(metadata::Loader& loader, metadata::Provenance& provenance)
        : loader_(loader), provenance_(provenance) {}

    Status on_record(ByteView value) override { return loader_.apply(value); }
    Status on_control(ControlType type, ByteView value) override {
        return voters.on_control(type, value);
    }
    void on_batch_end(const BatchView& batch) override {
        provenance_.end = batch.last_offset() + 1;
        provenance_.epoch = batch.leader_epoch();
        provenance_.last_timestamp = batch.max_timestamp();
    }

    raft::VotersReader voters{{}};

  private:
    metadata::Loader& loader_;
    metadata::Provenance& provenance_;
};

// Only who votes; the records are read when they are committed.
class VotersVisitor final : public metadata::BatchVisitor {
  public:
    Status on_record(ByteView) override { return {}; }
    Status on_control(ControlType type, ByteView value) override {
        return reader_.on_control(type, value);
    }
    void on_batch_end(const BatchView& batch) override { take(batch.base_offset()); }
    void take(Offset at) {
        if (auto voters = reader_.take(); voters && voters->kraft_version >= 1) {
            found.push_back({at, std::move(*voters)});
        }
    }

    std::vector<raft::LoggedVoters> found;

  private:
    raft::VotersReader reader_{{}};
};

std::vector<PartitionIndex> all_partitions(const metadata::TopicImage& topic) {
    std::vector<PartitionIndex> indexes;
    for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
        indexes.emplace_back(static_cast<std::int32_t>(i));
    }
    return indexes;
}

// Everything counts as changed; what is gone was deleted.
metadata::Delta difference(const metadata::Image& before, const metadata::Image& after) {
    metadata::Delta delta;
    before.topics_by_id.for_each([&](const auto& topic) {
        if (!after.topic(topic->id)) delta.topics.push_back({topic, nullptr, {}});
    });
    after.topics_by_id.for_each([&](const auto& topic) {
        delta.topics.push_back(
            {before.topics_by_id.share(topic->id), topic, all_partitions(*topic)});
    });
    before.configs.for_each([&](const auto& config) { delta.configs.push_back(config->resource); });
    after.configs.for_each([&](const auto& config) {
        if (std::find(delta.configs.begin(), delta.configs.end(), config->resource) ==
            delta.configs.end()) {
            delta.configs.push_back(config->resource);
        }
    });
    for (const auto& broker : before.brokers) delta.brokers.push_back(broker->id);
    for (const auto& broker : after.brokers) {
        if (before.broker(broker->id) == nullptr) delta.brokers.push_back(broker->id);
    }
    delta.features_changed = delta.controllers_changed = delta.producer_ids_changed = true;
    delta.client_quotas_changed = delta.scram_changed = delta.acls_changed = true;
    delta.kept_changed = true;
    return delta;
}

}  // namespace

Result<std::vector<raft::LoggedVoters>> logged_voters(const MetadataLog& log) {
    VotersVisitor visitor;
    MILENA_ASSIGN(const Offset from, log.replay_snapshot(visitor));
    // The batches of a snapshot count from 0 on and say nothing about the log's offsets.
    visitor.found.clear();
    visitor.take(from);
    MILENA_TRY(log.replay_log(from, log.end(), visitor));
    return std::move(visitor.found);
}

Result<metadata::ImageChange> CommittedState::load(const MetadataLog& log, Offset end) {
    StateVisitor visitor(*loader_, provenance_);
    MILENA_ASSIGN(end_, log.replay_snapshot(visitor));
    const auto snapshots = log.found().snapshots;
    if (!snapshots.empty()) {
        provenance_.end = snapshots.back().id.end;
        provenance_.epoch = snapshots.back().id.epoch;
    }
    if (end_ < end) return follow(log, end);
    return loader_->take(provenance_);
}

Result<metadata::ImageChange> CommittedState::follow(const MetadataLog& log, Offset end) {
    StateVisitor visitor(*loader_, provenance_);
    MILENA_TRY(log.replay_log(end_, end, visitor));
    end_ = end;
    return loader_->take(provenance_);
}

Result<metadata::ImageChange> CommittedState::take_over(MetadataLog& log, const SnapshotId& id,
                                                        const metadata::Image& before,
                                                        log::LogTime now, std::uint64_t& size,
                                                        std::optional<raft::VoterSet>& voters) {
    auto loader = std::make_unique<metadata::Loader>(std::make_shared<const metadata::Image>());
    metadata::Provenance provenance;
    StateVisitor visitor(*loader, provenance);
    MILENA_ASSIGN(size, log.load_snapshot(id, visitor, now));
    voters = visitor.voters.take();
    provenance.end = id.end;
    provenance.epoch = id.epoch;
    auto change = loader->take(provenance);
    change.delta = difference(before, *change.image);
    loader_ = std::move(loader);
    provenance_ = provenance;
    end_ = id.end;
    return change;
}

void CommittedState::replace(metadata::ImagePtr image) {
    provenance_ = image->provenance;
    end_ = provenance_.end;
    loader_ = std::make_unique<metadata::Loader>(std::move(image));
}

}  // namespace milena::quorum
