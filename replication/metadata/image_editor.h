// Records -> the next image. An editor starts from one image, takes records one by one, and gives
// the image they lead to together with what changed. This is the only code that changes cluster
// state; the controller and every replay go through it.
//
// Cost: a topic is copied once however many of its partitions change.
// Verbs: apply_topics.cc, apply_cluster.cc (brokers, controllers, features, producer ids),
// apply_security.cc (quotas, credentials, access rules), apply_kept.cc (what has no state of its
// own yet), image_editor.cc (dispatch, settings).
#pragma once

#include "protocol/base/error.h"
#include "protocol/msg/metadata_record.h"
#include "replication/metadata/image.h"

#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

namespace milena::metadata {

// Partition indexes above it are refused on replay: they would cost memory, and no cluster has
// them.
inline constexpr std::int32_t kMaxPartitionIndex = 1'000'000;

struct ImageChange {
    ImagePtr image;
    Delta delta;
};

// A shared value of an image that is copied when it is first changed.
template <class T>
class Draft {
  public:
    T& of(const std::shared_ptr<const T>& current) {
        if (!own_) own_ = std::make_shared<T>(*current);
        return *own_;
    }
    // Moves what was changed into the image; was there anything?
    bool finish(std::shared_ptr<const T>& current) {
        if (!own_) return false;
        current = std::move(own_);
        return true;
    }

  private:
    std::shared_ptr<T> own_;  // ours alone until finish(); nullptr: unchanged
};

class ImageEditor {
  public:
    explicit ImageEditor(const Image& base);
    ImageEditor(const ImageEditor&) = delete;
    ImageEditor& operator=(const ImageEditor&) = delete;
    ~ImageEditor();

    // One record; `value` is it with its frame, as it stands in the log. INVALID_RECORD when it
    // contradicts the state (a partition of a topic that does not exist). Records of metadata
    // transactions are the business of loader.h and do nothing here.
    Status apply(const msg::MetadataRecord& record, ByteView value);

    // Ends the editing.
    ImageChange finish(const Provenance& provenance);

  private:
    struct TouchedTopic {
        std::shared_ptr<const TopicImage> before;
        std::shared_ptr<TopicImage> now;  // ours alone until finish(); nullptr: deleted
        std::set<PartitionIndex> partitions;
    };

    // apply_topics.cc
    Status apply(const msg::TopicRecord& record);
    Status apply(const msg::RemoveTopicRecord& record);
    Status apply(const msg::PartitionRecord& record);
    Status apply(const msg::PartitionChangeRecord& record);
    Status apply(const msg::ClearElrRecord& record);
    TouchedTopic* touch(TopicId id);
    void add_to_group(const std::string& name);
    void remove_from_group(const std::string& name);
    void set_partition(TouchedTopic& topic, PartitionIndex index, PartitionImage partition);

    // apply_cluster.cc
    Status apply(const msg::RegisterBrokerRecord& record);
    Status apply(const msg::UnregisterBrokerRecord& record);
    Status apply(const msg::FenceBrokerRecord& record);
    Status apply(const msg::UnfenceBrokerRecord& record);
    Status apply(const msg::BrokerRegistrationChangeRecord& record);
    Status apply(const msg::RegisterControllerRecord& record);
    Status apply(const msg::FeatureLevelRecord& record);
    Status apply(const msg::ProducerIdsRecord& record);
    Result<BrokerImage> registered(BrokerId id, BrokerEpoch epoch, std::string_view record) const;
    void set_broker(BrokerImage broker);

    // image_editor.cc
    Status apply(const msg::ConfigRecord& record);
    // What leaves no trace in an image.
    Status apply(const msg::NoOpRecord&) { return {}; }
    Status apply(const msg::ZkMigrationStateRecord&) { return {}; }
    Status apply(const msg::BeginTransactionRecord&) { return {}; }
    Status apply(const msg::EndTransactionRecord&) { return {}; }
    Status apply(const msg::AbortTransactionRecord&) { return {}; }
    void set_config(const ConfigResource& resource, ConfigMap values);

    // apply_security.cc
    Status apply(const msg::AccessControlEntryRecord& record);
    Status apply(const msg::RemoveAccessControlEntryRecord& record);
    Status apply(const msg::UserScramCredentialRecord& record);
    Status apply(const msg::RemoveUserScramCredentialRecord& record);
    Status apply(const msg::ClientQuotaRecord& record);

    // apply_kept.cc
    Status apply(const msg::DelegationTokenRecord& record);
    Status apply(const msg::RemoveDelegationTokenRecord& record);

    std::shared_ptr<Image> next_;
    PersistentMap<TopicImage, TopicNameTraits>::Editor by_name_;
    PersistentMap<TopicImage, TopicIdTraits>::Editor by_id_;
    PersistentMap<NameGroup, NameGroupTraits>::Editor groups_;
    PersistentMap<ConfigImage, ConfigTraits>::Editor configs_;
    std::unordered_map<TopicId, TouchedTopic> touched_;
    std::vector<TopicId> touched_order_;
    std::set<ConfigResource> changed_configs_;
    std::set<BrokerId> changed_brokers_;
    Draft<ClientQuotas> client_quotas_;
    Draft<ScramCredentials> scram_;
    Draft<Acls> acls_;
    Draft<KeptRecords> kept_;
    Delta delta_;
    ByteView current_;  // the framed record that is being applied
};

}  // namespace milena::metadata
