// kafka-console-producer: what ConsoleProducer of Kafka 4.2 does, with its output and exit codes.
#include "tools/client/line_input.h"
#include "tools/client/producer.h"
#include "tools/kafka/client_properties.h"
#include "tools/kafka/console_producer_options.h"
#include "tools/kafka/line_reader.h"
#include "tools/kafka/tools.h"

#include <fmt/format.h>
#include <unistd.h>

namespace milena::kafka_tools {
namespace {

auto invalid(std::string_view value, std::string_view key, std::string_view choices) {
    return fail(ErrorCode::INVALID_CONFIG,
                fmt::format("Invalid value {} for configuration {}: String must be one of: {}",
                            value, key, choices));
}

Result<client::ProducerSettings> producer_settings(const ConsoleProducerSettings& settings) {
    const auto& properties = settings.producer;
    client::ProducerSettings out;
    out.topic = settings.topic;
    const auto acks = text(properties, "acks", "all");
    if (acks == "0") {
        out.acks = client::Acks::none;
    } else if (acks == "1") {
        out.acks = client::Acks::leader;
    } else if (acks != "all" && acks != "-1") {
        return invalid(acks, "acks", "all, -1, 0, 1");
    }
    const auto name = text(properties, "compression.type", "none");
    const auto codec = parse_codec(name);
    if (!codec || name == "uncompressed") {
        return invalid(name, "compression.type", "none, gzip, snappy, lz4, zstd");
    }
    out.compression = Compression::standard(*codec);
    out.idempotent = text(properties, "enable.idempotence", "true") == "true";
    MILENA_ASSIGN(const auto batch, number(properties, "batch.size", 16384));
    MILENA_ASSIGN(const auto buffer, number(properties, "buffer.memory", 33554432));
    MILENA_ASSIGN(const auto retries, number(properties, "retries", 3));
    MILENA_ASSIGN(const auto block, number(properties, "max.block.ms", 60'000));
    MILENA_ASSIGN(const auto delivery, number(properties, "delivery.timeout.ms", 120'000));
    out.batch_bytes = static_cast<std::size_t>(std::max<std::int64_t>(batch, 0));
    out.buffer_bytes = static_cast<std::size_t>(std::max<std::int64_t>(buffer, 0));
    out.retries = static_cast<std::int32_t>(retries);
    out.topic_timeout = Millis(block);
    out.delivery_timeout = Millis(delivery);
    return out;
}

// Sends line after line; a loss in sync mode, or a line that cannot be parsed, ends it.
class Session {
  public:
    Session(const ConsoleProducerSettings& settings, LineReader reader, client::Cluster& cluster,
            client::ProducerSettings producer, Millis linger, const cli::Io& io)
        : settings_(settings),
          reader_(std::move(reader)),
          producer_(cluster, std::move(producer), io.random,
                    [this](PartitionIndex partition, std::int32_t records, const Error& error) {
                        report_loss(partition, records, error);
                    }),
          linger_(linger),
          io_(io),
          prompts_(::isatty(io.in) == 1 && ::isatty(::fileno(io.out)) == 1) {}

    Status run();

  private:
    void report_loss(PartitionIndex partition, std::int32_t records, const Error& error);
    void prompt();
    Status send(std::string_view line);

    const ConsoleProducerSettings& settings_;
    LineReader reader_;
    client::Producer producer_;
    Millis linger_;
    const cli::Io& io_;
    bool prompts_;
    bool opened_ = false;
    std::size_t line_number_ = 0;
};

void Session::report_loss(PartitionIndex partition, std::int32_t records, const Error& error) {
    fmt::print(io_.err,
               "ERROR Error when sending {} message{} to topic {} (partition {}) with error: {}\n",
               records, records == 1 ? "" : "s", settings_.topic, partition.value(), error.detail);
}

void Session::prompt() {
    if (!prompts_) return;
    fmt::print(io_.out, ">");
    std::fflush(io_.out);
}

Status Session::send(std::string_view line) {
    MILENA_ASSIGN(const auto parsed, reader_.parse(line, ++line_number_));
    if (!opened_) MILENA_TRY(producer_.open());
    opened_ = true;
    MILENA_TRY(producer_.add({.key = parsed.key,
                              .value = parsed.value,
                              .headers = parsed.headers,
                              .partition = {},
                              .timestamp = {}}));
    if (!settings_.sync) return {};
    producer_.flush();
    if (producer_.lost() > 0) return fail(ErrorCode::UNKNOWN_SERVER_ERROR, "a message was lost");
    return {};
}

Status Session::run() {
    client::LineInput input(io_.in, io_.clock);
    std::optional<MonoTime> flush_at;
    prompt();
    while (true) {
        std::string_view line;
        MILENA_ASSIGN(const auto state, input.next(flush_at, line));
        if (state == client::LineInput::State::line) {
            if (auto status = send(line); !status) {
                producer_.flush();
                return status;
            }
            prompt();
            if (!flush_at) flush_at = io_.clock.now() + linger_;
        }
        const bool end = state == client::LineInput::State::end;
        if (end || (flush_at && io_.clock.now() >= *flush_at)) {
            producer_.flush();
            flush_at.reset();
        }
        if (end) return {};
    }
}

Status produce(const ConsoleProducerSettings& settings, const cli::Io& io) {
    MILENA_ASSIGN(auto reader, LineReader::make(settings.reader));
    MILENA_ASSIGN(auto producer, producer_settings(settings));
    MILENA_ASSIGN(auto cluster_config, cluster_settings(settings.producer, io));
    MILENA_ASSIGN(const auto linger, number(settings.producer, "linger.ms", 1000));
    cluster_config.operation_timeout = producer.topic_timeout;
    cluster_config.connect_patience = producer.topic_timeout;
    client::Cluster cluster(std::move(cluster_config), io.clock);
    Session session(settings, std::move(reader), cluster, std::move(producer), Millis(linger), io);
    return session.run();
}

}  // namespace

int run_console_producer(std::span<const std::string_view> arguments, const cli::Io& io) {
    const auto specs = console_producer_option_specs();
    const auto options = Options::parse(specs, arguments);
    if (!options) return report({options.error().detail}, specs, io.err);
    if (arguments.empty() || options->has("help")) {
        return report({"This tool helps to read data from standard input and publish it to Kafka."},
                      specs, io.err);
    }
    if (options->has("version")) {
        fmt::print(io.out, "{}\n", kKafkaVersion);
        return 0;
    }
    const auto settings = console_producer_settings(*options);
    if (!settings) return report(settings.error(), specs, io.err);
    for (const auto& warning : settings->warnings) fmt::print(io.out, "{}\n", warning);
    if (const auto status = produce(*settings, io); !status) {
        fmt::print(io.err, "{}\n", status.error().detail);
        return 1;
    }
    return 0;
}

}  // namespace milena::kafka_tools
