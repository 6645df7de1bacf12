#include "broker/coordinator/group/offsets.h"

namespace milena::coordinator::group {
namespace {

using ByGroup = std::map<std::string, TopicOffsets, std::less<>>;

// As operator[], without a string where the key is there already.
template <class Map>
typename Map::mapped_type& at(Map& map, std::string_view key) {
    const auto found = map.find(key);
    if (found != map.end()) return found->second;
    return map.emplace(std::string(key), typename Map::mapped_type{}).first->second;
}

const CommittedOffset* find_in(const ByGroup& groups, const OffsetKey& key) {
    const auto group = groups.find(key.group);
    if (group == groups.end()) return nullptr;
    const auto topic = group->second.find(key.topic);
    if (topic == group->second.end()) return nullptr;
    const auto partition = topic->second.find(key.partition);
    return partition == topic->second.end() ? nullptr : &partition->second;
}

// Also takes away what is left empty.
void erase_in(ByGroup& groups, const OffsetKey& key) {
    const auto group = groups.find(key.group);
    if (group == groups.end()) return;
    const auto topic = group->second.find(key.topic);
    if (topic == group->second.end()) return;
    topic->second.erase(key.partition);
    if (topic->second.empty()) group->second.erase(topic);
    if (group->second.empty()) groups.erase(group);
}

bool has_hole(const ByGroup& groups) {
    for (const auto& [group, topics] : groups) {
        if (topics.empty()) return true;
        for (const auto& [topic, partitions] : topics) {
            if (partitions.empty()) return true;
        }
    }
    return groups.empty();
}

}  // namespace

const TopicOffsets* Offsets::of_group(std::string_view group) const {
    const auto found = committed_.find(group);
    return found == committed_.end() ? nullptr : &found->second;
}

const CommittedOffset* Offsets::find(const OffsetKey& key) const {
    return find_in(committed_, key);
}

bool Offsets::is_pending(const OffsetKey& key) const {
    const auto producers = producers_.find(key.group);
    if (producers == producers_.end()) return false;
    for (const auto producer : producers->second) {
        if (find_in(pending_.at(producer), key) != nullptr) return true;
    }
    return false;
}

std::set<std::pair<std::string_view, PartitionIndex>> Offsets::pending_of(
    std::string_view group) const {
    std::set<std::pair<std::string_view, PartitionIndex>> all;
    const auto producers = producers_.find(group);
    if (producers == producers_.end()) return all;
    for (const auto producer : producers->second) {
        for (const auto& [topic, partitions] : pending_.at(producer).find(group)->second) {
            for (const auto& [partition, offset] : partitions) all.emplace(topic, partition);
        }
    }
    return all;
}

void Offsets::put(const OffsetKey& key, CommittedOffset value) {
    at(at(committed_, key.group), key.topic).insert_or_assign(key.partition, std::move(value));
}

void Offsets::put_pending(ProducerId producer, const OffsetKey& key, CommittedOffset value) {
    at(at(pending_[producer], key.group), key.topic)
        .insert_or_assign(key.partition, std::move(value));
    at(producers_, key.group).insert(producer);
}

void Offsets::erase(const OffsetKey& key) {
    erase_in(committed_, key);
    const auto producers = producers_.find(key.group);
    if (producers == producers_.end()) return;
    std::erase_if(producers->second, [&](ProducerId producer) {
        const auto found = pending_.find(producer);
        erase_in(found->second, key);
        const bool has_left = !found->second.contains(key.group);
        if (found->second.empty()) pending_.erase(found);
        return has_left;
    });
    if (producers->second.empty()) producers_.erase(producers);
}

std::vector<std::string> Offsets::end_transaction(ProducerId producer, bool commit) {
    std::vector<std::string> groups;
    const auto transaction = pending_.find(producer);
    if (transaction == pending_.end()) return groups;
    for (auto& [group, topics] : transaction->second) {
        groups.push_back(group);
        const auto producers = producers_.find(group);
        producers->second.erase(producer);
        if (producers->second.empty()) producers_.erase(producers);
        if (!commit) continue;
        for (auto& [topic, partitions] : topics) {
            for (auto& [partition, value] : partitions) {
                const OffsetKey key{group, topic, partition};
                const auto* now = find(key);
                if (now == nullptr || value.record_offset > now->record_offset) {
                    put(key, std::move(value));
                }
            }
        }
    }
    pending_.erase(transaction);
    return groups;
}

const char* Offsets::check_invariants() const {
    if (!committed_.empty() && has_hole(committed_)) return "NothingIsEmpty";
    std::map<std::string, std::set<ProducerId>, std::less<>> producers;
    for (const auto& [producer, groups] : pending_) {
        if (has_hole(groups)) return "NothingIsEmpty";
        for (const auto& [group, topics] : groups) producers[group].insert(producer);
    }
    return producers == producers_ ? nullptr : "ProducersMatch";
}

}  // namespace milena::coordinator::group
