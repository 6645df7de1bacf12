// ApiVersions (18), v0-4. KIP-35, KIP-511, KIP-584.
// Errors: UNSUPPORTED_VERSION (answered in v0 form, by dispatch's grace), INVALID_REQUEST (client
// software name or version is not what KIP-511 allows). Differences from Kafka: none known; only
// handled APIs are listed, so the list is shorter.
#include "protocol/msg/api_versions.h"

#include "broker/api/dispatch.h"
#include "broker/api/handler.h"
#include "broker/api/services.h"
#include "replication/metadata/features.h"

#include <algorithm>

namespace milena::api {
namespace {

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// [a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?
bool is_software_word(std::string_view word) {
    return !word.empty() && is_alphanumeric(word.front()) && is_alphanumeric(word.back()) &&
           std::all_of(word.begin(), word.end(),
                       [](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; });
}

// The librdkafka of today refuses brokers whose Produce range does not begin at 0 (KAFKA-18659), so
// Kafka says 0 although it refuses what lies below its real minimum. So do we.
std::int16_t advertised_min(const ApiRow& row) {
    return row.key == ApiKey::Produce ? std::int16_t{0} : row.min_version;
}

msg::ApiVersionsResponse::ApiVersion range_of(ApiKey key) {
    const auto& row = api_row(key);
    msg::ApiVersionsResponse::ApiVersion range;
    range.api_key = static_cast<std::int16_t>(key);
    range.min_version = advertised_min(row);
    range.max_version = row.max_version;
    return range;
}

void add_features(const Services& services, const Request<msg::ApiVersionsRequest>& request,
                  msg::ApiVersionsResponse& response) {
    using Supported = msg::ApiVersionsResponse::SupportedFeatureKey;
    using Finalized = msg::ApiVersionsResponse::FinalizedFeatureKey;
    const auto& supported = metadata::kFeatures;
    auto names = Array<Supported>::make(request.arena, supported.size());
    std::size_t count = 0;
    for (const auto& feature : supported) {
        // Old clients mistake a minimum of 0 for an error (KAFKA-17011).
        if (request.version < ApiVersion(4) && feature.min == 0) continue;
        names[count].name = feature.name;
        names[count].min_version = feature.min;
        names[count].max_version = feature.max;
        ++count;
    }
    response.supported_features = Array<Supported>(names.data(), count);

    const auto image = services.controller.image();
    auto levels = Array<Finalized>::make(request.arena, image->features.size());
    count = 0;
    for (const auto& [name, level] : image->features) {
        if (level == 0) continue;
        levels[count].name = request.arena.copy(name);
        levels[count].min_version_level = level;
        levels[count].max_version_level = level;
        ++count;
    }
    response.finalized_features = Array<Finalized>(levels.data(), count);
    response.finalized_features_epoch = image->provenance.end.value() - 1;
}

void api_versions(Services& services, const Request<msg::ApiVersionsRequest>& request,
                  Reply<msg::ApiVersionsResponse> reply) {
    msg::ApiVersionsResponse response;
    if (request.version >= ApiVersion(3)) {
        const auto& name = request.body.client_software_name;
        const auto& version = request.body.client_software_version;
        if (!is_software_word(name) || !is_software_word(version)) {
            response.error_code = ErrorCode::INVALID_REQUEST;
            reply.send(response);
            return;
        }
        request.connection.software_name = name;
        request.connection.software_version = version;
    }
    const auto& handled = handled_apis(request.connection.plane());
    auto keys = Array<msg::ApiVersionsResponse::ApiVersion>::make(request.arena, handled.size());
    for (std::size_t i = 0; i < handled.size(); ++i) keys[i] = range_of(handled[i]);
    response.api_keys = keys;
    add_features(services, request, response);
    reply.send(response);
}

}  // namespace

MILENA_HANDLER(ApiVersions, api_versions)

// Semantics A3: the body was not parsed, the answer is that of v0 and names this API's range alone.
void answer_unsupported_api_versions(Call call) {
    msg::ApiVersionsResponse response;
    response.error_code = ErrorCode::UNSUPPORTED_VERSION;
    auto range = range_of(ApiKey::ApiVersions);
    response.api_keys = Array<msg::ApiVersionsResponse::ApiVersion>(&range, 1);
    Reply<msg::ApiVersionsResponse>(std::move(call.ticket), call.correlation, ApiVersion(0))
        .send(response);
}

}  // namespace milena::api
