#include "log/meta_properties.h"

#include "log/layout.h"

#include <charconv>
#include <map>
#include <string_view>

namespace milena::log {
namespace {

constexpr std::uint64_t kMaxBytes = 64 << 10;

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r";
    const auto begin = text.find_first_not_of(kBlank);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

using Properties = std::map<std::string, std::string, std::less<>>;

Properties parse_properties(std::string_view text) {
    Properties properties;
    while (!text.empty()) {
        const auto end = text.find('\n');
        const auto line = trimmed(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        const auto equals = line.find('=');
        if (line.empty() || line.front() == '#' || equals == std::string_view::npos) continue;
        std::string value;
        // Java writes a colon or equals sign in a value with a backslash before it.
        for (const char c : trimmed(line.substr(equals + 1))) {
            if (c != '\\') value += c;
        }
        properties.insert_or_assign(std::string(trimmed(line.substr(0, equals))), value);
    }
    return properties;
}

std::string_view get(const Properties& properties, std::string_view name) {
    const auto found = properties.find(name);
    return found == properties.end() ? std::string_view{} : std::string_view(found->second);
}

}  // namespace

Result<std::optional<MetaProperties>> read_meta_properties(Disk& disk,
                                                           const std::string& directory) {
    const std::string path = join_path(directory, kMetaProperties);
    MILENA_ASSIGN(const bool there, disk.exists(path));
    if (!there) return std::nullopt;
    MILENA_ASSIGN(const auto content, read_file(disk, path, kMaxBytes));
    const Properties properties = parse_properties(as_text(content));

    const auto bad = [&](std::string_view name, std::string_view value) {
        return fail(ErrorCode::INVALID_CONFIG,
                    path + ": " + std::string(name) + "=\"" + std::string(value) +
                        "\" makes no sense; restore the file, or point log.dirs elsewhere");
    };
    const auto version = get(properties, "version");
    if (version != "0" && version != "1") return bad("version", version);
    MetaProperties meta;
    meta.cluster_id = get(properties, "cluster.id");
    const auto node_key = version == "0" ? "broker.id" : "node.id";
    const auto node = get(properties, node_key);
    std::int32_t node_id = -1;
    const auto [end, error] = std::from_chars(node.data(), node.data() + node.size(), node_id);
    const bool node_fine = error == std::errc{} && end == node.data() + node.size() && node_id >= 0;
    if (!node_fine && (version == "1" || !node.empty())) return bad(node_key, node);
    if (node_fine) meta.node_id = BrokerId{node_id};
    if (version == "1" && meta.cluster_id.empty()) return bad("cluster.id", "");
    if (const auto id = get(properties, "directory.id"); !id.empty()) {
        const auto parsed = Uuid::parse(id);
        if (!parsed || parsed->is_reserved()) return bad("directory.id", id);
        meta.directory_id = DirectoryId{*parsed};
    }
    return meta;
}

Status write_meta_properties(Disk& disk, const std::string& directory,
                             const MetaProperties& properties) {
    std::string text = "# Whose data directory this is. Do not edit.\n";
    text += "node.id=" + std::to_string(properties.node_id.value()) + "\n";
    if (properties.directory_id) {
        text += "directory.id=" + properties.directory_id->value().to_string() + "\n";
    }
    text += "version=1\n";
    text += "cluster.id=" + properties.cluster_id + "\n";
    return replace_file(disk, join_path(directory, kMetaProperties), as_bytes(text));
}

}  // namespace milena::log
