#include "tools/kafka/client_properties.h"

#include "tools/kafka/java_text.h"

#include <charconv>

#include <fmt/format.h>

namespace milena::kafka_tools {

Result<std::int64_t> number(const Properties& properties, std::string_view key,
                            std::int64_t fallback) {
    const auto at = properties.find(key);
    if (at == properties.end()) return fallback;
    const auto word = trim(at->second);
    std::int64_t value = 0;
    const auto [rest, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || rest != word.data() + word.size()) {
        return fail(ErrorCode::INVALID_CONFIG,
                    fmt::format("Invalid value {} for configuration {}: Not a number of type LONG",
                                at->second, key));
    }
    return value;
}

std::string text(const Properties& properties, std::string_view key, std::string_view fallback) {
    const auto at = properties.find(key);
    return at == properties.end() ? std::string(fallback) : at->second;
}

Result<client::ClusterSettings> cluster_settings(const Properties& properties, const cli::Io& io) {
    const auto protocol = text(properties, "security.protocol", "PLAINTEXT");
    if (protocol != "PLAINTEXT") {
        return fail(ErrorCode::INVALID_CONFIG,
                    fmt::format("security.protocol={} is not available in this tool, only "
                                "PLAINTEXT is; use a PLAINTEXT listener of the broker",
                                protocol));
    }
    client::ClusterSettings settings;
    MILENA_ASSIGN(settings.bootstrap,
                  client::parse_endpoints(text(properties, "bootstrap.servers", ""),
                                          client::MissingPort::is_an_error));
    settings.client_id = text(properties, "client.id", "");
    MILENA_ASSIGN(const auto request, number(properties, "request.timeout.ms", 30'000));
    MILENA_ASSIGN(const auto operation, number(properties, "default.api.timeout.ms", 60'000));
    MILENA_ASSIGN(const auto backoff, number(properties, "retry.backoff.ms", 100));
    settings.request_timeout = Millis(request);
    settings.operation_timeout = Millis(operation);
    settings.retry_backoff = Millis(backoff);
    settings.connect_patience = Millis(operation);
    settings.warn = [err = io.err, last = std::string()](std::string_view message) mutable {
        if (message == last) return;
        last = message;
        fmt::print(err, "WARN {} (trying again)\n", message);
    };
    return settings;
}

}  // namespace milena::kafka_tools
