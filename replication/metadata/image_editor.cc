#include "replication/metadata/image_editor.h"

#include "protocol/base/assert.h"

namespace milena::metadata {

ImageEditor::ImageEditor(const Image& base)
    : next_(std::make_shared<Image>(base)),
      by_name_(next_->topics_by_name),
      by_id_(next_->topics_by_id),
      groups_(next_->name_groups),
      configs_(next_->configs) {}

ImageEditor::~ImageEditor() = default;

Status ImageEditor::apply(const msg::MetadataRecord& record, ByteView value) {
    MILENA_ASSERT(next_);
    current_ = value;
    return std::visit([this](const auto& typed) { return apply(typed); }, record);
}

Status ImageEditor::apply(const msg::ConfigRecord& record) {
    const ConfigResource resource{static_cast<ResourceType>(record.resource_type),
                                  std::string(record.resource_name)};
    ConfigMap values = next_->config(resource.type, resource.name);
    if (record.value.is_null()) {
        if (const auto at = values.find(record.name); at != values.end()) values.erase(at);
    } else {
        values.insert_or_assign(std::string(record.name), std::string(*record.value));
    }
    set_config(resource, std::move(values));
    return {};
}

void ImageEditor::set_config(const ConfigResource& resource, ConfigMap values) {
    changed_configs_.insert(resource);
    if (values.empty()) {
        configs_.erase({resource.type, resource.name});
    } else {
        configs_.set(std::make_shared<ConfigImage>(ConfigImage{resource, std::move(values)}));
    }
}

ImageChange ImageEditor::finish(const Provenance& provenance) {
    MILENA_ASSERT(next_);
    for (const TopicId id : touched_order_) {
        auto& topic = touched_[id];
        if (!topic.before && !topic.now) continue;  // created and deleted in one go
        delta_.topics.push_back({std::move(topic.before),
                                 std::move(topic.now),
                                 {topic.partitions.begin(), topic.partitions.end()}});
    }
    delta_.configs.assign(changed_configs_.begin(), changed_configs_.end());
    delta_.brokers.assign(changed_brokers_.begin(), changed_brokers_.end());
    delta_.client_quotas_changed = client_quotas_.finish(next_->client_quotas);
    delta_.scram_changed = scram_.finish(next_->scram);
    delta_.acls_changed = acls_.finish(next_->acls);
    delta_.kept_changed = kept_.finish(next_->kept);
    next_->provenance = provenance;
    return {std::move(next_), std::move(delta_)};
}

}  // namespace milena::metadata
