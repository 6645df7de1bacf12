// The state of the cluster as of one offset of the metadata log: immutable, shared, cheap to copy.
// It is a fold of the log: delta.h turns an image and records into the next image. A reader loads
// the pointer once per request and sees one consistent state.
//
// Invariants (check_invariants names the first that is broken):
//   NamesMatchIds        topics_by_name and topics_by_id hold the same topics, name_groups those
//                        of them that may collide
//   IsrWithinReplicas    isr, elr and the leader of a partition are among its replicas
//   LeaderInIsr          who leads a partition is in sync
//   LeaderNotFenced      who leads a partition is registered, and fenced only while it starts again
//                        as the only replica there is
//   ElrDisjointFromIsr   nobody is both in sync and merely eligible
//   ReassignmentConsistent  adding and removing replicas are replicas, and different ones
//   DirectoriesMatch     a partition has one directory per replica, or none at all
//   PartitionsAreDense   partition ids of a topic run from 0 without holes
//   ConfigsAreNotEmpty   no resource is listed without a setting
#pragma once

#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "replication/metadata/persistent_map.h"
#include "replication/metadata/security_state.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milena::metadata {

// Was the leader elected out of an ISR (recovered), or uncleanly and still has to catch up?
enum class LeaderRecoveryState : std::int8_t { recovered = 0, recovering = 1 };

struct PartitionImage {
    std::vector<BrokerId> replicas;  // in order of preference
    std::vector<BrokerId> isr;
    std::vector<BrokerId> removing_replicas;
    std::vector<BrokerId> adding_replicas;
    std::vector<BrokerId> elr;  // eligible leader replicas (KIP-966)
    std::vector<BrokerId> last_known_elr;
    std::vector<DirectoryId> directories;  // in the order of replicas
    BrokerId leader = kNoBroker;
    LeaderEpoch leader_epoch{0};
    PartitionEpoch partition_epoch{0};
    LeaderRecoveryState leader_recovery_state = LeaderRecoveryState::recovered;

    friend bool operator==(const PartitionImage&, const PartitionImage&) = default;
};

struct TopicImage {
    std::string name;
    TopicId id;
    // Position is the partition index. A hole (nullptr) exists only while replay is in the middle
    // of a transaction, never in a published image.
    std::vector<std::shared_ptr<const PartitionImage>> partitions;

    const PartitionImage* partition(PartitionIndex index) const {
        const auto i = static_cast<std::size_t>(index.value());
        return i < partitions.size() ? partitions[i].get() : nullptr;
    }
};

// Numbers of Kafka's SecurityProtocol.
enum class SecurityProtocol : std::int16_t {
    plaintext = 0,
    ssl = 1,
    sasl_plaintext = 2,
    sasl_ssl = 3
};

struct Endpoint {
    std::string listener;  // "PLAINTEXT"
    std::string host;
    std::uint16_t port = 0;
    SecurityProtocol security_protocol = SecurityProtocol::plaintext;

    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// Levels of a feature that a node can work with.
struct FeatureRange {
    std::string name;
    std::int16_t min = 0;
    std::int16_t max = 0;

    friend bool operator==(const FeatureRange&, const FeatureRange&) = default;
};

struct BrokerImage {
    BrokerId id;
    BrokerEpoch epoch{-1};  // offset of the record that registered it
    Uuid incarnation;       // one per start of the process
    std::vector<Endpoint> endpoints;
    std::vector<FeatureRange> features;
    std::optional<std::string> rack;
    bool is_fenced = true;
    bool in_controlled_shutdown = false;
    bool is_migrating_zk_broker = false;  // kept because Kafka's log may hold it
    std::vector<DirectoryId> log_dirs;

    // May lead, and be in an ISR.
    bool is_active() const { return !is_fenced && !in_controlled_shutdown; }
    const Endpoint* endpoint(std::string_view listener) const;

    friend bool operator==(const BrokerImage&, const BrokerImage&) = default;
};

struct ControllerImage {
    BrokerId id;
    Uuid incarnation;
    bool zk_migration_ready = false;
    std::vector<Endpoint> endpoints;
    std::vector<FeatureRange> features;

    friend bool operator==(const ControllerImage&, const ControllerImage&) = default;
};

// Numbers of Kafka's ConfigResource.Type; others may stand in a log and are kept.
enum class ResourceType : std::int8_t {
    topic = 2,
    broker = 4,
    broker_logger = 8,
    client_metrics = 16,
    group = 32,
};

// The empty name of ResourceType::broker stands for the default of all brokers.
struct ConfigResource {
    ResourceType type = ResourceType::topic;
    std::string name;

    friend bool operator==(const ConfigResource&, const ConfigResource&) = default;
    friend auto operator<=>(const ConfigResource&, const ConfigResource&) = default;
};

using ConfigMap = std::map<std::string, std::string, std::less<>>;

struct ConfigImage {
    ConfigResource resource;
    ConfigMap values;
};

// How far into the metadata log this image reaches.
struct Provenance {
    Offset end{0};  // exclusive: records below it are contained
    LeaderEpoch epoch = kNoLeaderEpoch;
    TimestampMs last_timestamp = kNoTimestamp;  // of the last record contained
};

// Records of features that have no state of their own yet (delegation tokens): kept as they were
// written, by their identity, so that nothing is lost in a snapshot.
using KeptRecords = std::map<std::string, std::vector<std::uint8_t>, std::less<>>;

// Topics whose names are the same once '.' is read as '_': normally one, see topic_names.h.
struct NameGroup {
    std::string folded;
    std::vector<std::string> names;
};

struct TopicNameTraits {
    using Key = std::string_view;
    static Key key(const TopicImage& topic) { return topic.name; }
    static std::size_t hash(Key name) { return std::hash<std::string_view>{}(name); }
};
struct TopicIdTraits {
    using Key = TopicId;
    static Key key(const TopicImage& topic) { return topic.id; }
    static std::size_t hash(Key id) { return std::hash<TopicId>{}(id); }
};
struct NameGroupTraits {
    using Key = std::string_view;
    static Key key(const NameGroup& group) { return group.folded; }
    static std::size_t hash(Key folded) { return std::hash<std::string_view>{}(folded); }
};
struct ConfigTraits {
    struct Key {
        ResourceType type;
        std::string_view name;
        friend bool operator==(const Key&, const Key&) = default;
    };
    static Key key(const ConfigImage& config) {
        return {config.resource.type, config.resource.name};
    }
    static std::size_t hash(Key key) {
        return std::hash<std::string_view>{}(key.name) ^ static_cast<std::size_t>(key.type) << 56;
    }
};

struct Image {
    PersistentMap<TopicImage, TopicNameTraits> topics_by_name;
    PersistentMap<TopicImage, TopicIdTraits> topics_by_id;
    PersistentMap<NameGroup, NameGroupTraits> name_groups;  // of names that hold '.' or '_'
    PersistentMap<ConfigImage, ConfigTraits> configs;
    // Few and read together: sorted by id, copied whole when one changes.
    std::vector<std::shared_ptr<const BrokerImage>> brokers;
    std::vector<std::shared_ptr<const ControllerImage>> controllers;
    std::map<std::string, std::int16_t, std::less<>> features;  // finalized levels
    ProducerId next_producer_id{0};                             // first id not in a block
    std::shared_ptr<const ClientQuotas> client_quotas = std::make_shared<const ClientQuotas>();
    std::shared_ptr<const ScramCredentials> scram = std::make_shared<const ScramCredentials>();
    std::shared_ptr<const Acls> acls = std::make_shared<const Acls>();
    std::shared_ptr<const KeptRecords> kept = std::make_shared<const KeptRecords>();
    std::size_t partition_count = 0;  // over all topics
    Provenance provenance;

    const TopicImage* topic(std::string_view name) const { return topics_by_name.find(name); }
    const TopicImage* topic(TopicId id) const { return topics_by_id.find(id); }
    const BrokerImage* broker(BrokerId id) const;
    const ControllerImage* controller(BrokerId id) const;
    // Empty when nothing is set for it.
    const ConfigMap& config(ResourceType type, std::string_view name) const;
    // 0 when not finalized, as Kafka counts.
    std::int16_t feature_level(std::string_view name) const;
};

using ImagePtr = std::shared_ptr<const Image>;

// What a new image changed, for those who keep state of their own per topic, broker or setting.
struct Delta {
    struct TopicChange {
        std::shared_ptr<const TopicImage> before;  // nullptr: created
        std::shared_ptr<const TopicImage> after;   // nullptr: deleted
        std::vector<PartitionIndex> partitions;    // new or changed ones, ascending
    };
    // A topic deleted and created again under its name stands here twice, deletion first.
    std::vector<TopicChange> topics;
    std::vector<ConfigResource> configs;
    std::vector<BrokerId> brokers;
    bool features_changed = false;
    bool controllers_changed = false;
    bool producer_ids_changed = false;
    bool client_quotas_changed = false;
    bool scram_changed = false;
    bool acls_changed = false;
    bool kept_changed = false;
};

// Same state, wherever it came from? Provenance is not compared. For tests and snapshots.
bool same_state(const Image& a, const Image& b);

std::optional<std::string_view> check_invariants(const Image& image);

}  // namespace milena::metadata
