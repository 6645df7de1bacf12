// Which APIs the other side of a connection offers, and in which version to ask it.
#pragma once

#include "protocol/base/error.h"
#include "protocol/msg/api_versions.h"
#include "protocol/wire/api_table.h"

#include <cstdint>
#include <map>
#include <utility>

namespace milena {

class VersionRanges {
  public:
    VersionRanges() = default;
    explicit VersionRanges(const msg::ApiVersionsResponse& response);

    bool offers(ApiKey api) const { return ranges_.contains(api); }
    // The newest version that both sides speak, of ours none above `our_newest`;
    // UNSUPPORTED_VERSION when there is none.
    Result<ApiVersion> choose(ApiKey api, int our_newest) const;
    // Of ours, the newest stable one at most.
    Result<ApiVersion> choose(ApiKey api) const { return choose(api, api_row(api).max_version); }

  private:
    std::map<ApiKey, std::pair<std::int16_t, std::int16_t>> ranges_;
};

}  // namespace milena
