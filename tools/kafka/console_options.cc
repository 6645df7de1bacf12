#include "tools/kafka/console_options.h"

#include "tools/kafka/properties_file.h"

#include <fmt/format.h>

namespace milena::kafka_tools {

std::optional<Refusal> refuse_both(const Options& options, const Renamed& renamed,
                                   std::string_view first, std::string_view second) {
    if (!options.has(renamed.now) || !options.has(renamed.before)) return std::nullopt;
    return Refusal{
        fmt::format("Options --{} and --{} cannot be specified together.", first, second)};
}

std::string_view name_in_use(const Options& options, const Renamed& renamed) {
    return options.has(renamed.before) ? renamed.before : renamed.now;
}

std::expected<Properties, Refusal> properties_of_file(const Options& options,
                                                      std::string_view file_option) {
    const auto path = options.value(file_option);
    if (!path) return refuse_plainly(path.error().detail);
    if (!*path) return Properties{};
    auto properties = load_properties(**path);
    if (!properties) return refuse_plainly(properties.error().detail);
    return *std::move(properties);
}

Status merge_option(Properties& properties, std::string_view key, const Options& options,
                    std::string_view option, std::string_view fallback) {
    MILENA_ASSIGN(const auto value, options.value(option));
    if (value) {
        properties.insert_or_assign(std::string(key), *value);
    } else {
        properties.try_emplace(std::string(key), fallback);
    }
    return {};
}

Status merge_number(Properties& properties, std::string_view key, const Options& options,
                    std::string_view option, std::int64_t fallback) {
    MILENA_TRY(options.int64(option));
    return merge_option(properties, key, options, option, std::to_string(fallback));
}

std::unexpected<Refusal> refuse_plainly(std::string message) {
    return std::unexpected(Refusal{std::move(message), false});
}

}  // namespace milena::kafka_tools
