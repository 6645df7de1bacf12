// kafka-topics: what TopicCommand of Kafka 4.2 does, with its output and exit codes.
#include "tools/client/admin.h"
#include "tools/kafka/client_properties.h"
#include "tools/kafka/java_text.h"
#include "tools/kafka/properties_file.h"
#include "tools/kafka/tools.h"
#include "tools/kafka/topic_filter.h"
#include "tools/kafka/topics_describe.h"
#include "tools/kafka/topics_options.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace milena::kafka_tools {
namespace {

auto refuse(std::string message) {
    return fail(ErrorCode::INVALID_REQUEST, std::move(message));
}

// Names of all topics that --topic (a pattern) and --exclude-internal leave, sorted.
Result<std::vector<std::string>> find_topics(client::Cluster& cluster, const Options& options) {
    MILENA_ASSIGN(const auto pattern, options.value("topic"));
    std::optional<TopicFilter> filter;
    if (pattern) {
        MILENA_ASSIGN(filter, TopicFilter::from_list(*pattern));
    }
    MILENA_ASSIGN(const auto all, cluster.topics(client::Cluster::AllTopics{}));
    std::vector<std::string> names;
    for (const auto& topic : all) {
        if (options.has("exclude-internal") && is_internal_topic(topic.name)) continue;
        if (!filter || filter->matches(topic.name)) names.push_back(topic.name);
    }
    std::ranges::sort(names);
    return names;
}

// The same, but finding none is an error unless --if-exists is given.
Result<std::vector<std::string>> find_existing_topics(client::Cluster& cluster,
                                                      const Options& options) {
    MILENA_ASSIGN(auto names, find_topics(cluster, options));
    const auto& wanted = options.values("topic");
    if (names.empty() && !wanted.empty() && !wanted[0].empty() && !options.has("if-exists")) {
        return refuse(fmt::format("Topic '{}' does not exist as expected", wanted[0]));
    }
    return names;
}

Status create(client::Cluster& cluster, const Options& options, const cli::Io& io) {
    client::NewTopic topic;
    MILENA_ASSIGN(const auto name, options.value("topic"));
    topic.name = *name;
    MILENA_ASSIGN(topic.partitions, options.int32("partitions"));
    MILENA_ASSIGN(const auto replication_factor, options.int32("replication-factor"));
    MILENA_ASSIGN(const auto assignment, options.value("replica-assignment"));
    if (assignment && !assignment->empty()) {
        MILENA_ASSIGN(topic.assignment, parse_replica_assignment(*assignment));
    }
    MILENA_ASSIGN(topic.configs, parse_topic_configs(options.values("config")));
    if (topic.name.find_first_of("._") != std::string::npos) {
        fmt::print(io.out,
                   "WARNING: Due to limitations in metric names, topics with a period ('.') or "
                   "underscore ('_') could collide. To avoid issues it is best to use either, but "
                   "not both.\n");
    }
    constexpr auto kMost = std::numeric_limits<std::int16_t>::max();
    if (replication_factor) {
        if (*replication_factor < 1 || *replication_factor > kMost) {
            return refuse(
                fmt::format("The replication factor must be between 1 and {} inclusive", kMost));
        }
        topic.replication_factor = static_cast<std::int16_t>(*replication_factor);
    }
    if (topic.partitions && *topic.partitions < 1) {
        return refuse("The partitions must be greater than 0");
    }
    const auto created = client::create_topic(cluster, topic);
    if (created) {
        fmt::print(io.out, "Created topic {}.\n", topic.name);
    } else if (created.error().code != ErrorCode::TOPIC_ALREADY_EXISTS ||
               !options.has("if-not-exists")) {
        return std::unexpected(created.error());
    }
    return {};
}

Status list(client::Cluster& cluster, const Options& options, const cli::Io& io) {
    MILENA_ASSIGN(const auto names, find_topics(cluster, options));
    std::string out;
    for (const auto& name : names) out += (out.empty() ? "" : "\n") + name;
    fmt::print(io.out, "{}\n", out);
    return {};
}

Status alter(client::Cluster& cluster, const Options& options, const cli::Io&) {
    MILENA_ASSIGN(const auto partitions, options.int32("partitions"));
    MILENA_ASSIGN(const auto text, options.value("replica-assignment"));
    client::Assignment assignment;
    if (text && !text->empty()) {
        MILENA_ASSIGN(assignment, parse_replica_assignment(*text));
    }
    MILENA_ASSIGN(const auto names, find_existing_topics(cluster, options));
    for (const auto& name : names) {
        client::Assignment added;
        if (!assignment.empty()) {
            // The list names the partitions that are there too.
            MILENA_ASSIGN(const auto topics, client::describe_topics(cluster, std::span(&name, 1)));
            const auto present = std::min(topics.at(0).partitions.size(), assignment.size());
            added.assign(assignment.begin() + static_cast<std::ptrdiff_t>(present),
                         assignment.end());
        }
        MILENA_TRY(client::grow_topic(cluster, name, *partitions, added));
    }
    return {};
}

Status remove(client::Cluster& cluster, const Options& options, const cli::Io&) {
    MILENA_ASSIGN(const auto names, find_existing_topics(cluster, options));
    if (names.empty()) return {};
    return client::delete_topics(cluster, names);
}

// The topic that has the id; nothing when there is none and --if-exists is given.
Result<std::vector<std::string>> find_by_id(client::Cluster& cluster, const Options& options,
                                            const std::string& text) {
    const auto id = Uuid::parse(text);
    if (!id) return refuse(fmt::format("Input string `{}` is no topic id (22 characters)", text));
    MILENA_ASSIGN(const auto all, cluster.topics(client::Cluster::AllTopics{}));
    for (const auto& topic : all) {
        if (topic.id == TopicId(*id)) return std::vector{topic.name};
    }
    if (options.has("if-exists")) return std::vector<std::string>{};
    return refuse(fmt::format("TopicId '{}' does not exist as expected", text));
}

Status describe(client::Cluster& cluster, const Options& options, const cli::Io& io) {
    MILENA_ASSIGN(const auto id, options.value("topic-id"));
    MILENA_ASSIGN(const auto page, options.int32("partition-size-limit-per-response"));
    MILENA_ASSIGN(const auto names,
                  id ? find_by_id(cluster, options, *id) : find_existing_topics(cluster, options));
    TopicsReport report;
    MILENA_ASSIGN(auto topics, client::describe_topics(cluster, names, page.value_or(2000)));
    for (const auto index : java_map_order(names, names.size())) {
        report.topics.push_back(std::move(topics.at(index)));
    }
    if (!names.empty()) {
        MILENA_ASSIGN(report.configs, client::topic_configs(cluster, names));
    }
    MILENA_ASSIGN(report.reassignments, client::reassignments(cluster));
    MILENA_ASSIGN(report.live_brokers, client::live_brokers(cluster));
    DescribeFilter filter;
    filter.under_replicated = options.has("under-replicated-partitions");
    filter.unavailable = options.has("unavailable-partitions");
    filter.under_min_isr = options.has("under-min-isr-partitions");
    filter.at_min_isr = options.has("at-min-isr-partitions");
    filter.only_overrides = options.has("topics-with-overrides");
    fmt::print(io.out, "{}", describe_text(report, filter));
    return {};
}

Status run_action(const Options& options, const cli::Io& io) {
    Properties properties;
    MILENA_ASSIGN(const auto file, options.value("command-config"));
    if (file) {
        MILENA_ASSIGN(properties, load_properties(*file));
    }
    MILENA_ASSIGN(const auto servers, options.value("bootstrap-server"));
    properties["bootstrap.servers"] = *servers;
    MILENA_ASSIGN(client::ClusterSettings settings, cluster_settings(properties, io));
    client::Cluster cluster(std::move(settings), io.clock);
    if (options.has("create")) return create(cluster, options, io);
    if (options.has("alter")) return alter(cluster, options, io);
    if (options.has("list")) return list(cluster, options, io);
    if (options.has("describe")) return describe(cluster, options, io);
    return remove(cluster, options, io);
}

}  // namespace

int run_topics(std::span<const std::string_view> arguments, const cli::Io& io) {
    const auto options = Options::parse(topics_option_specs(), arguments);
    if (!options) return report({options.error().detail, false}, topics_option_specs(), io.err);
    if (arguments.empty()) {
        return report({"Create, delete, describe, or change a topic."}, topics_option_specs(),
                      io.err);
    }
    if (options->has("help")) {
        return report({"This tool helps to create, delete, describe, or change a topic."},
                      topics_option_specs(), io.err);
    }
    if (options->has("version")) {
        fmt::print(io.out, "{}\n", kKafkaVersion);
        return 0;
    }
    if (const auto refusal = check_topics_options(*options)) {
        return report(*refusal, topics_option_specs(), io.err);
    }
    if (options->has("delete-config")) {
        fmt::print(io.err, "--delete-config does nothing since Kafka 4.0.\n");
    }
    if (options->has("describe") && options->has("if-exists") && options->has("topic") &&
        options->has("topic-id")) {
        fmt::print(io.out,
                   "Only topic id will be used when both --topic and --topic-id are specified and "
                   "topicId is not Uuid.ZERO_UUID\n");
    }
    if (const auto status = run_action(*options, io); !status) {
        fmt::print(io.out, "Error while executing topic command : {}\n", status.error().detail);
        return 1;
    }
    return 0;
}

}  // namespace milena::kafka_tools
