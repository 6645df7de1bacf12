// Which quotas fit a filter: what DescribeClientQuotas asks an image (KIP-546).
#pragma once

#include "protocol/base/error.h"
#include "replication/metadata/image.h"

#include <optional>
#include <string>
#include <vector>

namespace milena::metadata {

// Numbers of the wire; a client may send others, which are refused.
enum class QuotaMatch : std::int8_t { exact = 0, default_name = 1, any = 2 };

struct QuotaFilter {
    struct Part {
        std::string type;
        QuotaMatch match = QuotaMatch::exact;
        std::optional<std::string> name;  // with exact only
    };
    std::vector<Part> parts;
    bool is_strict = false;  // entities have no other parts than these
};

// Views into the image. INVALID_REQUEST, UNSUPPORTED_VERSION for types that do not exist.
Result<std::vector<const ClientQuotas::value_type*>> find_client_quotas(const Image& image,
                                                                        const QuotaFilter& filter);

}  // namespace milena::metadata
