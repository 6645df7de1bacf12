// milena topic: create, list, describe, alter and delete topics.
#include "tools/client/admin.h"
#include "tools/command/command_list.h"
#include "tools/command/topic_json.h"
#include "tools/command/verbs.h"
#include "tools/kafka/topics_describe.h"
#include "tools/kafka/topics_options.h"

#include <algorithm>

#include <fmt/format.h>

namespace milena::cli {
namespace {

struct TopicArguments {
    ClusterOptions cluster;
    std::vector<std::string> names;
    std::optional<std::int32_t> partitions;
    std::optional<std::int16_t> replication_factor;
    std::string assignment;
    std::vector<std::string> settings;
    std::vector<std::string> unset;
    bool if_exists = false;
    bool if_not_exists = false;
    bool internal = false;
};

using Arguments = const TopicArguments&;

bool is_missing(const Error& error) {
    return error.code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
}

Status create(client::Cluster& cluster, Arguments arguments, const Io& io) {
    client::NewTopic topic;
    topic.name = arguments.names.at(0);
    topic.partitions = arguments.partitions;
    topic.replication_factor = arguments.replication_factor;
    if (!arguments.assignment.empty()) {
        MILENA_ASSIGN(topic.assignment,
                      kafka_tools::parse_replica_assignment(arguments.assignment));
    }
    for (const auto& text : arguments.settings) {
        MILENA_ASSIGN(auto setting, parse_setting(text));
        topic.configs.push_back(std::move(setting));
    }
    const auto created = client::create_topic(cluster, topic);
    const bool existed = !created && created.error().code == ErrorCode::TOPIC_ALREADY_EXISTS &&
                         arguments.if_not_exists;
    if (!created && !existed) return std::unexpected(created.error());
    if (arguments.cluster.json) {
        fmt::print(io.out, "{}\n",
                   created_json(topic.name, created ? *created : client::CreatedTopic(), existed));
    } else if (existed) {
        fmt::print(io.out, "Topic {} is there already.\n", topic.name);
    } else if (created->partitions > 0) {
        fmt::print(io.out, "Created topic {}: {} partition{}, replication factor {}.\n", topic.name,
                   created->partitions, created->partitions == 1 ? "" : "s",
                   created->replication_factor);
    } else {
        fmt::print(io.out, "Created topic {}.\n", topic.name);
    }
    return {};
}

Status list(client::Cluster& cluster, Arguments arguments, const Io& io) {
    MILENA_ASSIGN(auto topics, cluster.topics(client::Cluster::AllTopics{}));
    if (!arguments.internal)
        std::erase_if(topics, [](const auto& topic) { return topic.internal; });
    std::ranges::sort(topics, {}, &client::TopicInfo::name);
    if (arguments.cluster.json) {
        fmt::print(io.out, "{}\n", topics_json(topics));
        return {};
    }
    for (const auto& topic : topics) fmt::print(io.out, "{}\n", topic.name);
    return {};
}

// The named topics; all that are not internal when none is named.
Result<std::vector<std::string>> names_to_describe(client::Cluster& cluster, Arguments arguments) {
    MILENA_ASSIGN(const auto topics, cluster.topics(client::Cluster::AllTopics{}));
    std::vector<std::string> names;
    if (arguments.names.empty()) {
        for (const auto& topic : topics) {
            if (!topic.internal || arguments.internal) names.push_back(topic.name);
        }
        std::ranges::sort(names);
        return names;
    }
    for (const auto& name : arguments.names) {
        if (std::ranges::find(topics, name, &client::TopicInfo::name) != topics.end()) {
            names.push_back(name);
        } else if (!arguments.if_exists) {
            return fail(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                        fmt::format("topic '{}' does not exist", name));
        }
    }
    return names;
}

Status describe(client::Cluster& cluster, Arguments arguments, const Io& io) {
    MILENA_ASSIGN(const auto names, names_to_describe(cluster, arguments));
    kafka_tools::TopicsReport report;
    if (!names.empty()) {
        MILENA_ASSIGN(report.topics, client::describe_topics(cluster, names));
        MILENA_ASSIGN(report.configs, client::topic_configs(cluster, names));
        MILENA_ASSIGN(report.reassignments, client::reassignments(cluster));
    }
    if (arguments.cluster.json) {
        fmt::print(io.out, "{}\n", descriptions_json(report));
    } else {
        fmt::print(io.out, "{}", kafka_tools::describe_text(report, {}));
    }
    return {};
}

Status alter(client::Cluster& cluster, Arguments arguments, const Io& io) {
    const auto& name = arguments.names.at(0);
    std::vector<client::ConfigChange> changes;
    for (const auto& text : arguments.settings) {
        MILENA_ASSIGN(auto setting, parse_setting(text));
        changes.push_back(
            {std::move(setting.first), client::ConfigOperation::set, std::move(setting.second)});
    }
    for (const auto& unset : arguments.unset) {
        changes.push_back({unset, client::ConfigOperation::unset, {}});
    }
    if (changes.empty() && !arguments.partitions) {
        return fail(ErrorCode::INVALID_REQUEST,
                    "nothing to change; give --partitions, --config or --delete-config");
    }
    Status status;
    if (arguments.partitions) {
        status = client::grow_topic(cluster, name, *arguments.partitions, {});
    }
    if (status && !changes.empty()) status = client::alter_topic_configs(cluster, name, changes);
    const bool missing = !status && is_missing(status.error()) && arguments.if_exists;
    if (!status && !missing) return status;
    if (arguments.cluster.json) {
        fmt::print(io.out, "{}\n",
                   done_json("altered", missing ? std::vector<std::string>() : std::vector{name}));
    } else {
        fmt::print(io.out,
                   fmt::runtime(missing ? "Topic {} does not exist.\n" : "Altered topic {}.\n"),
                   name);
    }
    return {};
}

Status remove(client::Cluster& cluster, Arguments arguments, const Io& io) {
    std::vector<std::string> deleted;
    for (const auto& name : arguments.names) {
        const auto status = client::delete_topics(cluster, std::span(&name, 1));
        if (status) {
            deleted.push_back(name);
            if (!arguments.cluster.json) fmt::print(io.out, "Deleted topic {}.\n", name);
        } else if (is_missing(status.error()) && arguments.if_exists) {
            if (!arguments.cluster.json) fmt::print(io.out, "Topic {} does not exist.\n", name);
        } else if (is_missing(status.error())) {
            return fail(status.error().code, fmt::format("topic '{}' does not exist", name));
        } else {
            return status;
        }
    }
    if (arguments.cluster.json) fmt::print(io.out, "{}\n", done_json("deleted", deleted));
    return {};
}

void add_verbs(Verbs<TopicArguments>& verbs) {
    auto& arguments = verbs.options();
    auto* creating = verbs.add("create", "Create a topic", &create);
    creating->add_option("name", arguments.names, "Name of the topic")->required()->expected(1);
    creating->add_option("-p,--partitions", arguments.partitions, "Number of partitions");
    creating->add_option("-r,--replication-factor", arguments.replication_factor,
                         "Copies of each partition");
    creating->add_option("--assign", arguments.assignment,
                         "Brokers of each partition instead: 1:2,2:3");
    creating->add_option("-c,--config", arguments.settings, "A setting, name=value")
        ->expected(1)
        ->take_all();
    creating->add_flag("--if-not-exists", arguments.if_not_exists,
                       "It is fine if the topic is there already");

    auto* listing = verbs.add("list", "List topics", &list);
    listing->add_flag("--internal", arguments.internal, "Also the topics that Kafka keeps");

    auto* describing = verbs.add("describe", "Show partitions, replicas and settings", &describe);
    describing->add_option("names", arguments.names, "Topics; all of them when none is named");
    describing->add_flag("--internal", arguments.internal, "Also the topics that Kafka keeps");
    describing->add_flag("--if-exists", arguments.if_exists, "Pass over topics that do not exist");

    auto* altering = verbs.add("alter", "Add partitions, change settings", &alter);
    altering->add_option("name", arguments.names, "Name of the topic")->required()->expected(1);
    altering->add_option("-p,--partitions", arguments.partitions,
                         "The new, larger number of partitions; keys will map to others");
    altering->add_option("-c,--config", arguments.settings, "A setting, name=value")
        ->expected(1)
        ->take_all();
    altering->add_option("--delete-config", arguments.unset, "Back to the cluster's value")
        ->expected(1)
        ->take_all();
    altering->add_flag("--if-exists", arguments.if_exists, "It is fine if there is no such topic");

    auto* deleting = verbs.add("delete", "Delete topics with all their data", &remove);
    deleting->add_option("names", arguments.names, "Names of the topics")->required();
    deleting->add_flag("--if-exists", arguments.if_exists, "It is fine if there is no such topic");
}

}  // namespace

int run_topic(int argc, char** argv, const Io& io) {
    Verbs<TopicArguments> verbs("Create, list, describe, alter and delete topics.", argv[0]);
    add_verbs(verbs);
    return verbs.run(argc, argv, io);
}

}  // namespace milena::cli
