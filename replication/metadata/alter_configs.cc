// IncrementalAlterConfigs and AlterConfigs. Each resource succeeds or fails alone (metadata/.../
// ConfigurationControlManager.java). Loggers, and what only the broker concerned can judge (static
// settings), are sorted out by the API before. Difference from Kafka: an unknown operation is
// INVALID_REQUEST, where Kafka says UNKNOWN_SERVER_ERROR.
#include "protocol/msg/records/clear_elr_record.h"
#include "protocol/msg/records/config_record.h"
#include "replication/metadata/features.h"
#include "replication/metadata/new_partitions.h"
#include "replication/metadata/record_codec.h"
#include "replication/metadata/topic_names.h"
#include "replication/metadata/topic_rules.h"

#include <algorithm>
#include <charconv>
#include <set>

namespace milena::metadata {
namespace {

constexpr std::string_view kMinIsr = "min.insync.replicas";

std::unexpected<Error> invalid_request(std::string why) {
    return fail(ErrorCode::INVALID_REQUEST, std::move(why));
}

Status check_broker(const Image& image, const std::string& name) {
    if (name.empty()) return {};
    std::int32_t id = -1;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (error != std::errc{} || end != name.data() + name.size()) {
        return invalid_request("broker '" + name + "' is not a number");
    }
    if (!image.broker(BrokerId(id)) && !image.controller(BrokerId(id))) {
        return fail(ErrorCode::BROKER_ID_NOT_REGISTERED, "there is no node with id " + name);
    }
    return {};
}

Status check_topic(const Image& image, const std::string& name) {
    if (name.empty()) return invalid_request("settings for all topics at once do not exist");
    MILENA_TRY(check_topic_name(name));
    if (!image.topic(name)) {
        return fail(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, "there is no topic '" + name + "'");
    }
    return {};
}

Status check_resource(const Image& image, const ConfigResource& resource) {
    switch (resource.type) {
        case ResourceType::topic:
            return check_topic(image, resource.name);
        case ResourceType::broker:
            return check_broker(image, resource.name);
        case ResourceType::client_metrics:
        case ResourceType::group:
            if (resource.name.empty()) {
                return invalid_request(
                    "settings for all groups or metrics subscriptions at once "
                    "do not exist; name one");
            }
            return {};
        case ResourceType::broker_logger:
            break;
    }
    return invalid_request("resource type " + std::to_string(static_cast<int>(resource.type)) +
                           " has no settings that could be altered here");
}

// With eligible leader replicas the minimum ISR must be the same wherever it is looked up, so it
// stands at the level of the cluster or of a topic.
Status check_min_isr(const Image& image, const ConfigResource& resource, const ConfigMap& before,
                     const ConfigMap& after) {
    if (resource.type != ResourceType::broker || image.feature_level(kElrFeature) < 1) return {};
    const auto old_value = before.find(kMinIsr);
    const auto new_value = after.find(kMinIsr);
    if (!resource.name.empty() && new_value != after.end() &&
        (old_value == before.end() || old_value->second != new_value->second)) {
        return fail(ErrorCode::INVALID_CONFIG,
                    "min.insync.replicas cannot be set for one broker while eligible leader "
                    "replicas are enabled; set it for all brokers or per topic");
    }
    if (resource.name.empty() && new_value == after.end() && old_value != before.end()) {
        return fail(ErrorCode::INVALID_CONFIG,
                    "min.insync.replicas cannot be removed for all brokers while eligible leader "
                    "replicas are enabled; set it to another value instead");
    }
    return {};
}

std::vector<std::string> split(std::string_view list) {
    std::vector<std::string> parts;
    while (!list.empty()) {
        const auto comma = list.find(',');
        auto part = list.substr(0, comma);
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        if (!part.empty()) parts.emplace_back(part);
        if (comma == std::string_view::npos) break;
        list.remove_prefix(comma + 1);
    }
    return parts;
}

std::string join(const std::vector<std::string>& parts) {
    std::string list;
    for (const auto& part : parts) {
        if (!list.empty()) list += ',';
        list += part;
    }
    return list;
}

std::string edited_list(const DecideContext& context, const ConfigResource& resource,
                        const ConfigMap& values, const IncrementalAlterConfigs::Change& change) {
    const auto at = values.find(change.name);
    auto parts = split(at != values.end()
                           ? at->second
                           : context.rules.default_value(resource.type, change.name).value_or(""));
    for (auto& part : split(*change.value)) {
        const auto found = std::find(parts.begin(), parts.end(), part);
        if (change.op == ConfigOp::subtract) {
            std::erase(parts, part);
        } else if (found == parts.end()) {
            parts.push_back(std::move(part));
        }
    }
    return join(parts);
}

Status change_value(const DecideContext& context, const ConfigResource& resource,
                    const IncrementalAlterConfigs::Change& change, ConfigMap& values) {
    if (change.op != ConfigOp::remove && !change.value) {
        return invalid_request("setting '" + change.name + "' is given no value");
    }
    switch (change.op) {
        case ConfigOp::set:
            values.insert_or_assign(change.name, *change.value);
            return {};
        case ConfigOp::remove:
            values.erase(change.name);
            return {};
        case ConfigOp::append:
        case ConfigOp::subtract:
            if (!context.rules.is_list(resource.type, change.name)) {
                return fail(ErrorCode::INVALID_CONFIG,
                            "'" + change.name +
                                "' is not a list, so nothing can be appended to it or taken out "
                                "of it; set it instead");
            }
            values.insert_or_assign(change.name, edited_list(context, resource, values, change));
            return {};
    }
    return invalid_request("operation " + std::to_string(static_cast<int>(change.op)) + " on '" +
                           change.name + "' is unknown; known are 0 (set) to 3 (subtract)");
}

Status check_values(const DecideContext& context, const ConfigResource& resource,
                    const ConfigMap& before, const ConfigMap& after) {
    for (const auto& [name, value] : after) {
        if (value.size() > kMaxConfigValueLength) {
            return fail(ErrorCode::INVALID_CONFIG,
                        "the value of '" + name + "' has " + std::to_string(value.size()) +
                            " bytes; at most " + std::to_string(kMaxConfigValueLength) +
                            " are allowed");
        }
    }
    MILENA_TRY(check_min_isr(context.image, resource, before, after));
    return context.rules.validate(resource, after);
}

void add_config(RecordList& records, const ConfigResource& resource, std::string_view name,
                NullableString value) {
    msg::ConfigRecord record;
    record.resource_type = static_cast<std::int8_t>(resource.type);
    record.resource_name = resource.name;
    record.name = name;
    record.value = value;
    add_record(records, record, ApiVersion(0));
}

// With another minimum ISR, who was eligible to lead may not be so any more: all are forgotten.
void add_clear_elr(RecordList& records, const ConfigResource& resource) {
    msg::ClearElrRecord record;
    if (resource.type == ResourceType::topic) record.topic_name = resource.name;
    add_record(records, record, ApiVersion(0));
}

// Only what changes; but what was asked for a broker is always written, so that it looks again at
// what a value names (a file of certificates, say).
void add_changes(RecordList& records, const Image& image, const ConfigResource& resource,
                 const ConfigMap& before, const ConfigMap& after,
                 const std::set<std::string_view>& asked_for) {
    const bool always = resource.type == ResourceType::broker;
    bool changes_min_isr = false;
    for (const std::string_view name : asked_for) {
        const auto old_value = before.find(name);
        const auto new_value = after.find(name);
        const std::size_t count = records.size();
        if (new_value == after.end()) {
            if (always || old_value != before.end()) add_config(records, resource, name, {});
        } else if (always || old_value == before.end() || old_value->second != new_value->second) {
            add_config(records, resource, name, new_value->second);
        }
        changes_min_isr = changes_min_isr || (name == kMinIsr && records.size() > count);
    }
    if (changes_min_isr && has_elr(image)) add_clear_elr(records, resource);
}

std::unexpected<Error> duplicate_names() {
    return invalid_request("a setting stands more than once in the request for one resource");
}

Status alter(const DecideContext& context, const IncrementalAlterConfigs::Resource& request,
             RecordList& records) {
    MILENA_TRY(check_resource(context.image, request.resource));
    const ConfigMap& before = context.image.config(request.resource.type, request.resource.name);
    ConfigMap after = before;
    std::set<std::string_view> names;
    for (const auto& change : request.changes) {
        if (!names.insert(change.name).second) return duplicate_names();
        MILENA_TRY(change_value(context, request.resource, change, after));
    }
    MILENA_TRY(check_values(context, request.resource, before, after));
    add_changes(records, context.image, request.resource, before, after, names);
    return {};
}

Status alter(const DecideContext& context, const AlterConfigs::Resource& request,
             RecordList& records) {
    MILENA_TRY(check_resource(context.image, request.resource));
    const ConfigMap& before = context.image.config(request.resource.type, request.resource.name);
    ConfigMap after;
    std::set<std::string_view> names;
    for (const auto& [name, value] : request.settings) {
        if (!names.insert(name).second) return duplicate_names();
        if (!value) return invalid_request("setting '" + name + "' is given no value");
        after.emplace(name, *value);
    }
    for (const auto& [name, value] : before) names.insert(name);
    MILENA_TRY(check_values(context, request.resource, before, after));
    add_changes(records, context.image, request.resource, before, after, names);
    return {};
}

template <class Request>
Decision decide_resources(const Request& request, const DecideContext& context) {
    std::map<ConfigResource, int> mentions;
    for (const auto& entry : request.resources) ++mentions[entry.resource];
    RecordList records;
    ConfigReply reply;
    for (const auto& entry : request.resources) {
        Status status;
        const std::size_t before = records.size();
        if (mentions[entry.resource] > 1) {
            status = invalid_request("this resource stands more than once in the request");
        } else if (status = alter(context, entry, records); status) {
            status = check_size(records);
        }
        if (!status) records.truncate(before);
        reply.resources.push_back({entry.resource, status ? success() : status.error()});
    }
    if (request.validate_only) records = {};
    return {std::move(records), std::move(reply)};
}

}  // namespace

Decision decide(const IncrementalAlterConfigs& request, const DecideContext& context) {
    return decide_resources(request, context);
}

Decision decide(const AlterConfigs& request, const DecideContext& context) {
    return decide_resources(request, context);
}

}  // namespace milena::metadata
