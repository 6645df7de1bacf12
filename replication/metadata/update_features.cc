// UpdateFeatures: which levels of features the cluster uses (KIP-584, 1022; facts: metadata/.../
// FeatureControlManager.java, ConfigurationControlManager.java). All updates of a request or none.
// kraft.version belongs to the quorum and is no business of this verb.
#include "protocol/msg/records/config_record.h"
#include "protocol/msg/records/feature_level_record.h"
#include "replication/metadata/controller.h"
#include "replication/metadata/features.h"
#include "replication/metadata/record_codec.h"
#include "replication/metadata/record_versions.h"

#include <algorithm>
#include <array>

namespace milena::metadata {
namespace {

using Feature = UpdateFeatures::Feature;

constexpr std::string_view kMinIsr = "min.insync.replicas";

// Levels of metadata.version that brought records which earlier ones cannot read (server-common/
// .../MetadataVersion.java).
constexpr std::array<std::int16_t, 8> kLevelsWithNewRecords = {7, 8, 11, 13, 14, 15, 17, 23};

std::unexpected<Error> invalid(const Feature& feature, std::string_view why) {
    return fail(ErrorCode::INVALID_UPDATE_VERSION, feature.name + " cannot be set to level " +
                                                       std::to_string(feature.level) + ": " +
                                                       std::string(why));
}

Status check_range(const Feature& feature, const std::string& node,
                   const std::vector<FeatureRange>& ranges) {
    const auto at = std::find_if(ranges.begin(), ranges.end(),
                                 [&](const auto& range) { return range.name == feature.name; });
    const std::int16_t min = at == ranges.end() ? std::int16_t{0} : at->min;
    const std::int16_t max = at == ranges.end() ? std::int16_t{0} : at->max;
    if (feature.level >= min && feature.level <= max) return {};
    return invalid(feature, node + " supports levels " + std::to_string(min) + " to " +
                                std::to_string(max) + " only");
}

// Every node must be able to work at the new level.
Status check_support(const Image& image, const Feature& feature) {
    const auto known = std::find_if(kFeatures.begin(), kFeatures.end(),
                                    [&](const auto& f) { return f.name == feature.name; });
    if (known == kFeatures.end() || known->name == kKraftVersionFeature) {
        return invalid(feature, "the controller has no such feature to be set here");
    }
    MILENA_TRY(check_range(feature, "the controller", {{feature.name, known->min, known->max}}));
    for (const auto& broker : image.brokers) {
        MILENA_TRY(
            check_range(feature, "broker " + std::to_string(broker->id.value()), broker->features));
    }
    for (const auto& controller : image.controllers) {
        MILENA_TRY(check_range(feature, "controller " + std::to_string(controller->id.value()),
                               controller->features));
    }
    return {};
}

Status check_direction(const Feature& feature, std::int16_t current) {
    if (feature.type != UpgradeType::upgrade && feature.type != UpgradeType::safe_downgrade &&
        feature.type != UpgradeType::unsafe_downgrade) {
        return invalid(feature,
                       "the upgrade type is unknown; known are 1 (upgrade), 2 (safe "
                       "downgrade) and 3 (unsafe downgrade)");
    }
    if (feature.level < 0) return invalid(feature, "levels begin with 0");
    if (feature.level < current && feature.type == UpgradeType::upgrade) {
        return invalid(feature, "it is at level " + std::to_string(current) +
                                    ", and the request does not allow a downgrade");
    }
    if (feature.level > current && feature.type != UpgradeType::upgrade) {
        return invalid(feature, "it is at level " + std::to_string(current) +
                                    ", and the request asks for a downgrade");
    }
    return {};
}

Status check_metadata_version(const Feature& feature, std::int16_t current) {
    const bool loses_records =
        std::any_of(kLevelsWithNewRecords.begin(), kLevelsWithNewRecords.end(),
                    [&](std::int16_t level) { return level > feature.level && level <= current; });
    if (!loses_records) return {};
    return invalid(feature, feature.type == UpgradeType::unsafe_downgrade
                                ? "a downgrade that loses metadata is not supported"
                                : "the downgrade might lose metadata");
}

// The level that a feature will have once the request is done.
std::int16_t level_after(const DecideContext& context, const UpdateFeatures& request,
                         std::string_view name) {
    for (const auto& feature : request.features) {
        if (feature.name == name) return feature.level;
    }
    return context.image.feature_level(name);
}

Status check(const DecideContext& context, const UpdateFeatures& request, const Feature& feature) {
    const auto current = context.image.feature_level(feature.name);
    MILENA_TRY(check_direction(feature, current));
    MILENA_TRY(check_support(context.image, feature));
    if (feature.name == kMetadataVersionFeature) return check_metadata_version(feature, current);
    if (feature.name == kElrFeature && feature.level > 0 &&
        level_after(context, request, kMetadataVersionFeature) < kMetadataVersion40Iv1) {
        return invalid(
            feature, "it needs metadata.version at level " + std::to_string(kMetadataVersion40Iv1));
    }
    return {};
}

void add_min_isr(RecordList& records, std::string_view broker, NullableString value) {
    msg::ConfigRecord record;
    record.resource_type = static_cast<std::int8_t>(ResourceType::broker);
    record.resource_name = broker;
    record.name = kMinIsr;
    record.value = value;
    add_record(records, record, ApiVersion(0));
}

// Eligible leader replicas want one minimum ISR for the whole cluster (alter_configs.cc keeps it
// that way afterwards).
void add_one_min_isr(RecordList& records, const DecideContext& context) {
    if (!context.image.config(ResourceType::broker, "").contains(kMinIsr)) {
        add_min_isr(records, "", std::to_string(context.options.min_insync_replicas));
    }
    context.image.configs.for_each([&](const auto& config) {
        const auto& [type, name] = config->resource;
        if (type == ResourceType::broker && !name.empty() && config->values.contains(kMinIsr)) {
            add_min_isr(records, name, {});
        }
    });
}

}  // namespace

Decision decide(const UpdateFeatures& request, const DecideContext& context) {
    RecordList records;
    for (const auto& feature : request.features) {
        if (Status status = check(context, request, feature); !status) {
            return {{}, UpdateFeatures::Reply{std::move(status).error()}};
        }
        if (feature.name == kElrFeature && feature.level > 0 &&
            context.image.feature_level(kElrFeature) == 0) {
            add_one_min_isr(records, context);
        }
        msg::FeatureLevelRecord record;
        record.name = feature.name;
        record.feature_level = feature.level;
        add_record(records, record, ApiVersion(0));
    }
    if (request.validate_only) records = {};
    return {std::move(records), UpdateFeatures::Reply{success()}};
}

}  // namespace milena::metadata
