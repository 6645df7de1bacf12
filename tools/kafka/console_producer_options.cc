#include "tools/kafka/console_producer_options.h"

#include "tools/client/endpoint.h"
#include "tools/kafka/console_options.h"

#include <fmt/format.h>

namespace milena::kafka_tools {
namespace {

constexpr auto kNothing = Takes::nothing;
constexpr auto kValue = Takes::a_value;
constexpr std::string_view kLineReader = "org.apache.kafka.tools.LineMessageReader";

constexpr OptionSpec kSpecs[] = {
    {"batch-size", kValue, "Integer: size",
     "Bytes of records collected for one partition before they are sent. (default: 16384)"},
    {"bootstrap-server", kValue, "String: server to connect to",
     "REQUIRED: the brokers to connect to, host:port,host:port."},
    {"command-config", kValue, "String: config file", "A property file for the producer."},
    {"command-property", kValue, "String: producer_prop",
     "A setting of the producer, name=value; wins over the file."},
    {"compression-codec", Takes::an_optional_value, "String: compression-codec",
     "none, gzip, snappy, lz4 or zstd; gzip when no codec is named."},
    {"help", kNothing, "", "Print this."},
    {"line-reader", kValue, "String: reader_class",
     "How a line becomes a record. (default: org.apache.kafka.tools.LineMessageReader)"},
    {"max-block-ms", kValue, "Long: max block on send",
     "How long a send may wait for the topic to be known. (default: 60000)"},
    {"max-memory-bytes", kValue, "Long: total memory in bytes",
     "Memory for records that wait. (default: 33554432)"},
    {"max-partition-memory-bytes", kValue, "Integer: memory in bytes per partition",
     "(DEPRECATED) Use --batch-size."},
    {"message-send-max-retries", kValue, "Integer",
     "How often a send is tried again after a failure that may pass. (default: 3)"},
    {"metadata-expiry-ms", kValue, "Long: metadata expiration interval",
     "After how long the metadata is asked for again. (default: 300000)"},
    {"producer-property", kValue, "String: producer_prop", "(DEPRECATED) Use --command-property."},
    {"producer.config", kValue, "String: config file", "(DEPRECATED) Use --command-config."},
    {"property", kValue, "String: prop", "(DEPRECATED) Use --reader-property."},
    {"reader-config", kValue, "String: config file", "A property file for the line reader."},
    {"reader-property", kValue, "String: prop",
     "A setting of the line reader, name=value: parse.key, key.separator, parse.headers, "
     "headers.delimiter, headers.separator, headers.key.separator, ignore.error, null.marker."},
    {"request-required-acks", kValue, "String: request required acks",
     "0, 1 or all (-1). (default: -1)"},
    {"request-timeout-ms", kValue, "Integer: request timeout ms",
     "How long a broker may take to answer. (default: 1500)"},
    {"retry-backoff-ms", kValue, "Long", "The wait before a retry. (default: 100)"},
    {"socket-buffer-size", kValue, "Integer: size",
     "Size of the socket's send buffer. (default: 102400)"},
    {"sync", kNothing, "", "Wait for each record to be acknowledged before the next."},
    {"timeout", kValue, "Long: timeout_ms",
     "How long a record may wait for others to fill a batch. (default: 1000)"},
    {"topic", kValue, "String: topic", "REQUIRED: the topic to write to."},
    {"version", kNothing, "", "Print the version of Kafka whose tool this behaves as."},
};

constexpr Renamed kConfig = {"command-config", "producer.config"};
constexpr Renamed kProperty = {"command-property", "producer-property"};
constexpr Renamed kReader = {"reader-property", "property"};

std::optional<Refusal> check(const Options& options) {
    if (auto refusal = refuse_missing(options, "topic")) return refusal;
    for (const auto& renamed : {kConfig, kProperty, kReader}) {
        if (auto refusal = refuse_both(options, renamed, renamed.now, renamed.before)) {
            return refusal;
        }
    }
    const auto server = options.value("bootstrap-server");
    if (!server) return Refusal{server.error().detail, false};
    if (!*server || (*server)->find_first_not_of(' ') == std::string::npos) {
        return Refusal{"Error while validating the bootstrap address\n"};
    }
    if (!client::parse_endpoints(**server, client::MissingPort::is_an_error)) {
        return Refusal{"Please provide valid host:port like host1:9091,host2:9092\n"};
    }
    return std::nullopt;
}

std::vector<std::string> deprecation_warnings(const Options& options) {
    std::vector<std::string> warnings;
    for (const auto& renamed : {kProperty, kConfig, kReader}) {
        if (!options.has(renamed.before)) continue;
        warnings.push_back(fmt::format(
            "Warning: --{} is deprecated and will be removed in a future version. Use --{} "
            "instead.",
            renamed.before, renamed.now));
    }
    if (options.has("max-partition-memory-bytes")) {
        warnings.emplace_back(
            "Warning: --max-partition-memory-bytes is deprecated and will be removed in Apache "
            "Kafka 5.0. Use --batch-size instead.");
    }
    return warnings;
}

Result<std::string> codec(const Options& options) {
    if (!options.has("compression-codec")) return "none";
    MILENA_ASSIGN(const auto name, options.value("compression-codec"));
    return name && !name->empty() ? *name : "gzip";
}

Status merge_producer(Properties& producer, const Options& options) {
    MILENA_ASSIGN(const auto server, options.value("bootstrap-server"));
    producer["bootstrap.servers"] = *server;
    MILENA_ASSIGN(producer["compression.type"], codec(options));
    producer.try_emplace("client.id", "console-producer");
    MILENA_TRY(merge_number(producer, "linger.ms", options, "timeout", 1000));
    MILENA_TRY(merge_option(producer, "acks", options, "request-required-acks", "-1"));
    MILENA_TRY(merge_number(producer, "request.timeout.ms", options, "request-timeout-ms", 1500));
    MILENA_TRY(merge_number(producer, "retries", options, "message-send-max-retries", 3));
    MILENA_TRY(merge_number(producer, "retry.backoff.ms", options, "retry-backoff-ms", 100));
    MILENA_TRY(merge_number(producer, "send.buffer.bytes", options, "socket-buffer-size", 102400));
    MILENA_TRY(merge_number(producer, "buffer.memory", options, "max-memory-bytes", 33554432));
    MILENA_TRY(merge_number(producer, "batch.size", options, "batch-size", 16384));
    MILENA_TRY(merge_number(producer, "batch.size", options, "max-partition-memory-bytes", 16384));
    MILENA_TRY(
        merge_number(producer, "metadata.max.age.ms", options, "metadata-expiry-ms", 300000));
    return merge_number(producer, "max.block.ms", options, "max-block-ms", 60000);
}

}  // namespace

std::span<const OptionSpec> console_producer_option_specs() {
    return kSpecs;
}

std::expected<ConsoleProducerSettings, Refusal> console_producer_settings(const Options& options) {
    if (auto refusal = check(options)) return std::unexpected(*std::move(refusal));
    ConsoleProducerSettings settings;
    settings.warnings = deprecation_warnings(options);
    settings.sync = options.has("sync");

    const auto topic = options.value("topic");
    if (!topic) return refuse_plainly(topic.error().detail);
    settings.topic = **topic;
    const auto reader = options.value("line-reader");
    if (!reader) return refuse_plainly(reader.error().detail);
    settings.line_reader = reader->value_or(std::string(kLineReader));
    if (settings.line_reader != kLineReader) {
        return refuse_plainly(fmt::format("the line reader {} is not available here; only {} is",
                                          settings.line_reader, kLineReader));
    }

    auto reader_properties = properties_of_file(options, "reader-config");
    if (!reader_properties) return std::unexpected(std::move(reader_properties).error());
    settings.reader = *std::move(reader_properties);
    add_properties(settings.reader, options.values(name_in_use(options, kReader)));

    auto producer = properties_of_file(options, name_in_use(options, kConfig));
    if (!producer) return std::unexpected(std::move(producer).error());
    settings.producer = *std::move(producer);
    add_properties(settings.producer, options.values(name_in_use(options, kProperty)));
    if (auto status = merge_producer(settings.producer, options); !status) {
        return refuse_plainly(status.error().detail);
    }
    return settings;
}

}  // namespace milena::kafka_tools
