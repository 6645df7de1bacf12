#include "tools/kafka/properties_file.h"

#include "protocol/base/properties.h"
#include "tools/client/socket.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

namespace milena::kafka_tools {
Result<Properties> load_properties(const std::string& path) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                               &std::fclose);
    if (!file) {
        return fail(ErrorCode::INVALID_CONFIG,
                    fmt::format("cannot read {}: {}", path, client::system_message(errno)));
    }
    std::string text;
    std::array<char, 4096> block{};
    while (const auto got = std::fread(block.data(), 1, block.size(), file.get())) {
        text.append(block.data(), got);
    }
    MILENA_ASSIGN(auto assignments, parse_properties(text, path));
    Properties properties;
    for (Assignment& one : assignments) {
        properties.insert_or_assign(std::move(one.name), std::move(one.value));
    }
    return properties;
}

}  // namespace milena::kafka_tools
