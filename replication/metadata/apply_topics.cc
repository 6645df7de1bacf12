// Topics and partitions: what their records do to an image.
#include "replication/metadata/image_editor.h"
#include "replication/metadata/topic_names.h"

namespace milena::metadata {
namespace {

// The leader of a change record that keeps the leader (metadata/.../LeaderConstants.java).
constexpr BrokerId kNoLeaderChange{-2};

template <class T>
std::vector<T> to_vector(const Array<T>& array) {
    return {array.begin(), array.end()};
}

Status contradiction(std::string what) {
    return fail(ErrorCode::INVALID_RECORD, std::move(what));
}

std::string named(TopicId id, PartitionIndex index) {
    return "partition " + std::to_string(index.value()) + " of topic id " + id.value().to_string();
}

}  // namespace

ImageEditor::TouchedTopic* ImageEditor::touch(TopicId id) {
    if (const auto at = touched_.find(id); at != touched_.end()) {
        return at->second.now ? &at->second : nullptr;
    }
    auto before = next_->topics_by_id.share(id);
    if (!before) return nullptr;
    auto now = std::make_shared<TopicImage>(*before);
    by_id_.set(now);
    by_name_.set(now);
    touched_order_.push_back(id);
    return &(touched_[id] = {std::move(before), std::move(now), {}});
}

void ImageEditor::set_partition(TouchedTopic& topic, PartitionIndex index,
                                PartitionImage partition) {
    auto& partitions = topic.now->partitions;
    const auto i = static_cast<std::size_t>(index.value());
    if (i >= partitions.size()) {
        next_->partition_count += i + 1 - partitions.size();
        partitions.resize(i + 1);
    }
    partitions[i] = std::make_shared<PartitionImage>(std::move(partition));
    topic.partitions.insert(index);
}

void ImageEditor::add_to_group(const std::string& name) {
    if (!may_collide(name)) return;
    const std::string folded = folded_name(name);
    const NameGroup* before = next_->name_groups.find(folded);
    auto group = std::make_shared<NameGroup>(before ? *before : NameGroup{folded, {}});
    group->names.push_back(name);
    groups_.set(std::move(group));
}

void ImageEditor::remove_from_group(const std::string& name) {
    if (!may_collide(name)) return;
    const std::string folded = folded_name(name);
    auto group = std::make_shared<NameGroup>(*next_->name_groups.find(folded));
    std::erase(group->names, name);
    if (group->names.empty()) {
        groups_.erase(folded);
    } else {
        groups_.set(std::move(group));
    }
}

Status ImageEditor::apply(const msg::TopicRecord& record) {
    const std::string name(record.name);
    if (next_->topic(record.name) || next_->topic(record.topic_id)) {
        return contradiction("topic " + name + " with id " + record.topic_id.value().to_string() +
                             " is created, but its name or id is in use");
    }
    auto now = std::make_shared<TopicImage>();
    now->name = name;
    now->id = record.topic_id;
    by_id_.set(now);
    by_name_.set(now);
    add_to_group(name);
    if (!touched_.contains(record.topic_id)) touched_order_.push_back(record.topic_id);
    touched_[record.topic_id].now = std::move(now);
    return {};
}

// Its settings go with it, without records of their own.
Status ImageEditor::apply(const msg::RemoveTopicRecord& record) {
    TouchedTopic* topic = touch(record.topic_id);
    if (!topic) {
        return contradiction("topic id " + record.topic_id.value().to_string() +
                             " is deleted, but does not exist");
    }
    const auto removed = std::move(topic->now);
    topic->partitions.clear();
    next_->partition_count -= removed->partitions.size();
    by_id_.erase(removed->id);
    by_name_.erase(removed->name);
    remove_from_group(removed->name);
    if (!next_->config(ResourceType::topic, removed->name).empty()) {
        set_config({ResourceType::topic, removed->name}, {});
    }
    return {};
}

Status ImageEditor::apply(const msg::PartitionRecord& record) {
    TouchedTopic* topic = touch(record.topic_id);
    const auto index = record.partition_id;
    if (!topic || index.value() < 0 || index.value() > kMaxPartitionIndex) {
        return contradiction(named(record.topic_id, index) + " is created, but there " +
                             (topic ? "cannot be such a partition" : "is no such topic"));
    }
    PartitionImage partition;
    partition.replicas = to_vector(record.replicas);
    partition.isr = to_vector(record.isr);
    partition.removing_replicas = to_vector(record.removing_replicas);
    partition.adding_replicas = to_vector(record.adding_replicas);
    partition.elr = to_vector(record.eligible_leader_replicas);
    partition.last_known_elr = to_vector(record.last_known_elr);
    partition.directories = to_vector(record.directories);
    partition.leader = record.leader;
    partition.leader_epoch = record.leader_epoch;
    partition.partition_epoch = record.partition_epoch;
    partition.leader_recovery_state =
        static_cast<LeaderRecoveryState>(record.leader_recovery_state);
    set_partition(*topic, index, std::move(partition));
    return {};
}

// Naming a leader, be it the same one, begins a new leader epoch (metadata/.../
// PartitionRegistration.java).
Status ImageEditor::apply(const msg::PartitionChangeRecord& record) {
    TouchedTopic* topic = touch(record.topic_id);
    const PartitionImage* before = topic && record.partition_id.value() >= 0
                                       ? topic->now->partition(record.partition_id)
                                       : nullptr;
    if (!before) {
        return contradiction(named(record.topic_id, record.partition_id) +
                             " is changed, but does not exist");
    }
    PartitionImage partition = *before;
    const auto replace = [](auto& field, const auto& change) {
        if (!change.is_null()) field = to_vector(change);
    };
    replace(partition.isr, record.isr);
    replace(partition.replicas, record.replicas);
    replace(partition.removing_replicas, record.removing_replicas);
    replace(partition.adding_replicas, record.adding_replicas);
    replace(partition.elr, record.eligible_leader_replicas);
    replace(partition.last_known_elr, record.last_known_elr);
    replace(partition.directories, record.directories);
    if (partition.directories.size() != partition.replicas.size()) partition.directories.clear();
    if (record.leader != kNoLeaderChange) {
        partition.leader = record.leader;
        ++partition.leader_epoch;
    }
    if (record.leader_recovery_state >= 0) {
        partition.leader_recovery_state =
            static_cast<LeaderRecoveryState>(record.leader_recovery_state);
    }
    ++partition.partition_epoch;
    set_partition(*topic, record.partition_id, std::move(partition));
    return {};
}

// Of one topic, or of all when it names none.
Status ImageEditor::apply(const msg::ClearElrRecord& record) {
    std::vector<TopicId> topics;
    if (!record.topic_name.empty()) {
        const TopicImage* topic = next_->topic(record.topic_name);
        if (!topic) {
            return contradiction("the eligible leaders of topic " + std::string(record.topic_name) +
                                 " are cleared, but it does not exist");
        }
        topics.push_back(topic->id);
    } else {
        next_->topics_by_id.for_each([&](const auto& topic) { topics.push_back(topic->id); });
    }
    for (const TopicId id : topics) {
        const auto topic = next_->topics_by_id.share(id);
        for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
            const auto before = topic->partitions[i];
            if (!before || (before->elr.empty() && before->last_known_elr.empty())) continue;
            PartitionImage partition = *before;
            partition.elr.clear();
            partition.last_known_elr.clear();
            ++partition.partition_epoch;
            set_partition(*touch(id), PartitionIndex(static_cast<std::int32_t>(i)),
                          std::move(partition));
        }
    }
    return {};
}

}  // namespace milena::metadata
