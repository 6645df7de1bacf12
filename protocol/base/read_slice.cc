#include "protocol/base/read_slice.h"

#include <string>

namespace milena {

Status read_whole(const FileSlice& slice, std::vector<std::uint8_t>& into, std::string_view what) {
    into.resize(slice.length);
    std::size_t have = 0;
    while (have < into.size()) {
        const auto got =
            slice.source->read_some(slice.position + have, MutableBytes(into).subspan(have));
        if (got <= 0) {
            return fail(ErrorCode::KAFKA_STORAGE_ERROR,
                        std::string(what) + " cannot be read (error " + std::to_string(-got) + ")");
        }
        have += static_cast<std::size_t>(got);
    }
    return {};
}

}  // namespace milena
