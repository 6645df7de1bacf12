// kafka-console-consumer: what ConsoleConsumer of Kafka 4.2 does, with its output and exit codes.
// Differences: without a group all partitions are read directly, no group is made up.
#include "tools/client/consumer.h"
#include "tools/client/group_consumer.h"
#include "tools/client/interrupt.h"
#include "tools/kafka/client_properties.h"
#include "tools/kafka/console_consumer_options.h"
#include "tools/kafka/java_text.h"
#include "tools/kafka/message_formatter.h"
#include "tools/kafka/tools.h"
#include "tools/kafka/topic_filter.h"

#include <algorithm>
#include <csignal>
#include <functional>

#include <fmt/format.h>

namespace milena::kafka_tools {
namespace {

class Session {
  public:
    Session(const ConsoleConsumerSettings& settings, MessageFormatter formatter,
            std::optional<TopicFilter> filter, client::Cluster& cluster,
            const client::GroupConsumerSettings& consumer, const cli::Io& io)
        : settings_(settings),
          formatter_(std::move(formatter)),
          filter_(std::move(filter)),
          cluster_(cluster),
          consumer_settings_(consumer),
          consumer_(cluster, consumer.consumer),
          io_(io) {}

    // The failure of a formatter; all other ends are good ones, told on the error output.
    Status run();

  private:
    bool wants_more() const {
        return settings_.max_messages < 0 || count_ < settings_.max_messages;
    }
    // Assigns partitions that are new, until there is at least one.
    Status assign_new_partitions();
    Result<std::vector<client::TopicInfo>> topics();
    Status assign(const std::string& topic, const std::vector<PartitionIndex>& partitions);
    bool print(const client::ConsumedRecord& record);
    bool write_out();
    Status read();
    Status read_partitions();
    Status read_in_group();
    // Until there is enough, or nothing comes. `poll` hands out what arrives before a time.
    using Poll = std::function<Result<std::size_t>(MonoTime)>;
    Status read_by(const Poll& poll);

    const ConsoleConsumerSettings& settings_;
    MessageFormatter formatter_;
    std::optional<TopicFilter> filter_;
    client::Cluster& cluster_;
    const client::GroupConsumerSettings& consumer_settings_;
    client::Consumer consumer_;  // without a group
    const cli::Io& io_;
    std::int64_t count_ = 0;
    std::string text_;
    bool output_gone_ = false;
    Status format_failure_;
};

Result<std::vector<client::TopicInfo>> Session::topics() {
    if (!filter_) return cluster_.topics(std::span(&settings_.topic, 1), true);
    MILENA_ASSIGN(auto all, cluster_.topics(client::Cluster::AllTopics{}));
    std::erase_if(all, [&](const client::TopicInfo& topic) {
        // Kafka's consumer leaves internal topics out of patterns (exclude.internal.topics).
        return !filter_->matches(topic.name) || is_internal_topic(topic.name);
    });
    return all;
}

Status Session::assign(const std::string& topic, const std::vector<PartitionIndex>& partitions) {
    if (settings_.start == StartAt::offset) {
        for (const auto index : partitions) consumer_.assign({topic, index}, settings_.offset);
        return {};
    }
    const auto time = settings_.start == StartAt::earliest ? client::kEarliest : client::kLatest;
    std::map<PartitionIndex, TimestampMs> wanted;
    for (const auto index : partitions) wanted.emplace(index, time);
    MILENA_ASSIGN(const auto offsets, client::list_offsets(cluster_, topic, std::move(wanted),
                                                           consumer_settings_.consumer.isolation,
                                                           cluster_.operation_deadline()));
    for (const auto& [index, offset] : offsets) consumer_.assign({topic, index}, offset);
    return {};
}

Status Session::assign_new_partitions() {
    const auto give_up_at = io_.clock.now() + settings_.idle_timeout.value_or(Millis(1LL << 40));
    while (client::interrupted_by() == 0) {
        MILENA_ASSIGN(const auto found, topics());
        std::string problem = "no topic matches";
        for (const auto& topic : found) {
            if (topic.error != ErrorCode::NONE) {
                problem = fmt::format("topic '{}': {}", topic.name, error_name(topic.error));
                if (!is_retriable(topic.error)) return fail(topic.error, problem);
                continue;
            }
            std::vector<PartitionIndex> partitions;
            for (const auto& partition : topic.partitions) {
                if (settings_.partition && *settings_.partition != partition.index) continue;
                if (consumer_.is_assigned({topic.name, partition.index})) continue;
                partitions.push_back(partition.index);
            }
            if (!partitions.empty()) MILENA_TRY(assign(topic.name, partitions));
            problem = fmt::format("topic '{}' has no partition {}", topic.name,
                                  settings_.partition.value_or(PartitionIndex(0)).value());
        }
        if (!consumer_.positions().empty() || io_.clock.now() >= give_up_at) return {};
        cluster_.pause_after({ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, problem});
    }
    return {};
}

bool Session::print(const client::ConsumedRecord& record) {
    ++count_;
    if (auto status = formatter_.format(record, text_); !status) {
        if (settings_.skip_on_error) {
            fmt::print(io_.err, "ERROR Error processing message, skipping this message: {}\n",
                       status.error().detail);
        } else {
            format_failure_ = std::move(status);
            return false;
        }
    }
    constexpr std::size_t kEnough = 64 * 1024;
    if (text_.size() >= kEnough && !write_out()) return false;
    return wants_more();
}

bool Session::write_out() {
    if (output_gone_) return false;
    output_gone_ = std::fwrite(text_.data(), 1, text_.size(), io_.out) != text_.size() ||
                   std::fflush(io_.out) != 0;
    text_.clear();
    if (output_gone_) fmt::print(io_.err, "Unable to write to standard out, closing consumer.\n");
    return !output_gone_;
}

Status Session::read_by(const Poll& poll) {
    auto last_arrival = io_.clock.now();
    while (wants_more() && client::interrupted_by() == 0) {
        auto until = io_.clock.now() + std::chrono::hours(1);
        if (settings_.idle_timeout) until = std::min(until, last_arrival + *settings_.idle_timeout);
        MILENA_ASSIGN(const auto taken, poll(until));
        if (!write_out() || !format_failure_) return {};
        const auto now = io_.clock.now();
        if (taken > 0) {
            last_arrival = now;
        } else if (settings_.idle_timeout && now >= last_arrival + *settings_.idle_timeout) {
            fmt::print(io_.err,
                       "ERROR Error processing message, terminating consumer process: no message "
                       "for {} ms (TimeoutException)\n",
                       settings_.idle_timeout->count());
            return {};
        }
    }
    return {};
}

Status Session::read_partitions() {
    MILENA_TRY(assign_new_partitions());
    auto refresh_at = io_.clock.now() + consumer_settings_.metadata_age;
    return read_by([&](MonoTime until) -> Result<std::size_t> {
        MILENA_ASSIGN(const auto taken,
                      consumer_.poll(std::min(until, refresh_at),
                                     [this](const auto& record) { return print(record); }));
        if (io_.clock.now() >= refresh_at) {
            MILENA_TRY(assign_new_partitions());
            refresh_at = io_.clock.now() + consumer_settings_.metadata_age;
        }
        return taken;
    });
}

Status Session::read_in_group() {
    client::GroupConsumer group(
        cluster_, consumer_settings_, [this] { return topics(); }, io_.random);
    const auto status = read_by([&](MonoTime until) {
        return group.poll(until, [this](const auto& record) { return print(record); });
    });
    const auto closed = group.close();
    return status ? closed : status;
}

Status Session::read() {
    return settings_.group ? read_in_group() : read_partitions();
}

Status Session::run() {
    if (const auto status = read(); !status) {
        fmt::print(io_.err, "ERROR Error processing message, terminating consumer process: {}\n",
                   status.error().detail);
    }
    fmt::print(io_.err, "Processed a total of {} messages\n", count_);
    if (settings_.systest_events) fmt::print(io_.out, "shutdown_complete\n");
    return format_failure_;
}

Result<client::ConsumerSettings> consumer_settings(const ConsoleConsumerSettings& settings) {
    client::ConsumerSettings out;
    const auto isolation = text(settings.consumer, "isolation.level", "read_uncommitted");
    if (isolation == "read_committed") {
        out.isolation = client::Isolation::read_committed;
    } else if (isolation != "read_uncommitted") {
        return fail(ErrorCode::INVALID_CONFIG,
                    fmt::format("Invalid value {} for configuration isolation.level: String must "
                                "be one of: read_committed, read_uncommitted",
                                isolation));
    }
    const auto reset = text(settings.consumer, "auto.offset.reset",
                            settings.start == StartAt::earliest ? "earliest" : "latest");
    if (reset == "earliest") {
        out.reset = client::kEarliest;
    } else if (reset == "none") {
        out.reset.reset();
    } else if (reset != "latest") {
        return fail(ErrorCode::INVALID_CONFIG,
                    fmt::format("Invalid value {} for configuration auto.offset.reset: use "
                                "earliest, latest or none",
                                reset));
    }
    return out;
}

// What the group needs to know, besides how to read.
Result<client::GroupConsumerSettings> group_settings(const ConsoleConsumerSettings& settings) {
    client::GroupConsumerSettings out;
    MILENA_ASSIGN(out.consumer, consumer_settings(settings));
    const auto& from = settings.consumer;
    MILENA_ASSIGN(const auto age, number(from, "metadata.max.age.ms", 300'000));
    MILENA_ASSIGN(const auto session, number(from, "session.timeout.ms", 45'000));
    MILENA_ASSIGN(const auto heartbeat, number(from, "heartbeat.interval.ms", 3'000));
    MILENA_ASSIGN(const auto rebalance, number(from, "max.poll.interval.ms", 300'000));
    MILENA_ASSIGN(const auto commit, number(from, "auto.commit.interval.ms", 5'000));
    out.metadata_age = Millis(age);
    out.member.group = settings.group.value_or("");
    out.member.session_timeout = Millis(session);
    out.member.heartbeat_interval = Millis(heartbeat);
    out.member.rebalance_timeout = Millis(rebalance);
    out.auto_commit = Millis(commit);
    if (text(from, "enable.auto.commit", "true") == "false") out.auto_commit.reset();
    const auto instance = text(from, "group.instance.id", "");
    if (!instance.empty()) out.member.instance_id = instance;
    const auto protocol = lower(text(from, "group.protocol", "classic"));
    if (protocol == "consumer") {
        out.member.protocol = client::GroupProtocol::consumer;
    } else if (protocol != "classic") {
        return fail(ErrorCode::INVALID_CONFIG,
                    fmt::format("Invalid value {} for configuration group.protocol: String must be "
                                "one of (case insensitive): CLASSIC, CONSUMER",
                                protocol));
    }
    return out;
}

Status consume(const ConsoleConsumerSettings& settings, const cli::Io& io) {
    MILENA_ASSIGN(auto formatter,
                  MessageFormatter::make(settings.formatter, settings.formatter_properties));
    for (const auto& warning : deserializer_warnings(settings.formatter_properties)) {
        fmt::print(io.err, "ERROR {}\n", warning);
    }
    std::optional<TopicFilter> filter;
    if (!settings.include.empty()) {
        MILENA_ASSIGN(filter, TopicFilter::from_pattern(settings.include));
    }
    const auto wanted = group_settings(settings);
    if (!wanted) {
        return fail(wanted.error().code,
                    "Unknown error when running consumer: \n" + wanted.error().detail);
    }
    const auto& consumer = *wanted;
    MILENA_ASSIGN(auto cluster_config, cluster_settings(settings.consumer, io));
    client::watch_for_interrupts();
    client::Cluster cluster(std::move(cluster_config), io.clock);
    Session session(settings, std::move(formatter), std::move(filter), cluster, consumer, io);
    return session.run();
}

}  // namespace

int run_console_consumer(std::span<const std::string_view> arguments, const cli::Io& io) {
    const auto specs = console_consumer_option_specs();
    const auto options = Options::parse(specs, arguments);
    if (!options) return report({options.error().detail}, specs, io.err);
    if (arguments.empty() || options->has("help")) {
        return report({"This tool helps to read data from Kafka topics and outputs it to standard "
                       "output."},
                      specs, io.err);
    }
    if (options->has("version")) {
        fmt::print(io.out, "{}\n", kKafkaVersion);
        return 0;
    }
    const auto settings = console_consumer_settings(*options);
    if (!settings) return report(settings.error(), specs, io.err);
    for (const auto& warning : settings->warnings) fmt::print(io.out, "{}\n", warning);
    if (const auto status = consume(*settings, io); !status) {
        fmt::print(io.err, "{}\n", status.error().detail);
        return 1;
    }
    // As a shell reports a process that a signal ended.
    constexpr int kSignalBase = 128;
    return client::interrupted_by() == 0 ? 0 : kSignalBase + client::interrupted_by();
}

}  // namespace milena::kafka_tools
