#include "protocol/wire/version_ranges.h"

#include <algorithm>

#include <fmt/format.h>

namespace milena {

VersionRanges::VersionRanges(const msg::ApiVersionsResponse& response) {
    for (const auto& api : response.api_keys) {
        if (find_api(api.api_key) == nullptr) continue;
        ranges_.emplace(static_cast<ApiKey>(api.api_key),
                        std::pair(api.min_version, api.max_version));
    }
}

Result<ApiVersion> VersionRanges::choose(ApiKey api, int our_newest) const {
    const auto& row = api_row(api);
    const auto range = ranges_.find(api);
    if (range == ranges_.end()) {
        return fail(ErrorCode::UNSUPPORTED_VERSION, "the broker does not offer this request");
    }
    const auto [oldest, theirs] = range->second;
    const int newest = std::min<int>(our_newest, theirs);
    if (newest < std::max<int>(oldest, row.min_version)) {
        return fail(ErrorCode::UNSUPPORTED_VERSION,
                    fmt::format("the broker offers versions {} to {}, this program speaks {} to {}",
                                oldest, theirs, row.min_version, our_newest));
    }
    return ApiVersion(static_cast<std::int16_t>(newest));
}

}  // namespace milena
