// kafka-transactions: what TransactionsCommand of Kafka 4.2 does, with its output and exit codes.
#include "tools/client/transactions.h"

#include "tools/kafka/client_properties.h"
#include "tools/kafka/properties_file.h"
#include "tools/kafka/subcommands.h"
#include "tools/kafka/tools.h"
#include "tools/kafka/transactions_print.h"

#include <algorithm>

#include <fmt/format.h>

namespace milena::kafka_tools {
namespace {

using Type = ArgumentType;

constexpr ArgumentSpec kGlobal[] = {
    {"command-config", "FILE", Type::text, false, "A property file for the client."},
    {"bootstrap-server", "host:port", Type::text, true, "The brokers to connect to."},
};
constexpr ArgumentSpec kList[] = {
    {"duration-filter", "", Type::int64, false,
     "Only transactions that run for longer, in milliseconds."},
    {"transactional-id-pattern", "", Type::text, false,
     "Only transactional ids that match this regular expression."},
};
constexpr ArgumentSpec kDescribe[] = {
    {"transactional-id", "", Type::text, true, "The transactional id."},
};
constexpr ArgumentSpec kProducers[] = {
    {"broker-id", "", Type::int32, false, "Ask this replica; default: the leader."},
    {"topic", "", Type::text, true, "The topic."},
    {"partition", "", Type::int32, true, "The partition."},
};
constexpr ArgumentSpec kAbort[] = {
    {"topic", "", Type::text, true, "The topic."},
    {"partition", "", Type::int32, true, "The partition."},
    {"start-offset", "", Type::int64, false, "Where the transaction begins."},
    {"producer-id", "", Type::int64, false, "Or its producer,"},
    {"producer-epoch", "", Type::int16, false, "the producer's epoch"},
    {"coordinator-epoch", "", Type::int32, false, "and the coordinator's."},
};
constexpr ArgumentSpec kHanging[] = {
    {"broker-id", "", Type::int32, false, "Look at the partitions of this broker."},
    {"max-transaction-timeout", "", Type::int32, false,
     "Transactions may take so many minutes; default 15."},
    {"topic", "", Type::text, false, "Look at this topic."},
    {"partition", "", Type::int32, false, "Look at this partition of it."},
};
constexpr ArgumentSpec kTerminate[] = {
    {"transactionalId", "", Type::text, true, "The transactional id."},
};
constexpr SubcommandSpec kCommands[] = {
    {"list", "list transactions", kList},
    {"describe", "describe the state of a transactional id", kDescribe},
    {"describe-producers", "describe the producers that a partition remembers", kProducers},
    {"abort", "abort a transaction that hangs", kAbort},
    {"find-hanging", "find transactions that hang", kHanging},
    {"forceTerminateTransaction", "end what a transactional id has under way", kTerminate},
};
constexpr ToolSpec kTool = {
    "kafka-transactions.sh",
    "Shows the transactions of a cluster, finds those that hang, and ends them.", kGlobal,
    kCommands};

using Arguments = const Subcommand&;

// What the tool says in front of the failure of a request.
Error failed(std::string_view what, const Error& error) {
    return {error.code, fmt::format("{}: {}. Enable debug logging for additional detail.", what,
                                    java_words(error))};
}

std::string name_of(const client::TopicPartition& partition) {
    return fmt::format("{}-{}", partition.first, partition.second.value());
}

client::TopicPartition partition_of(Arguments arguments) {
    const auto index = static_cast<std::int32_t>(arguments.number("partition").value_or(0));
    return {arguments.text("topic"), PartitionIndex(index)};
}

std::optional<BrokerId> broker_of(Arguments arguments) {
    const auto id = arguments.number("broker-id");
    if (!id) return std::nullopt;
    return BrokerId(static_cast<std::int32_t>(*id));
}

Status list(client::Cluster& cluster, Arguments arguments, const cli::Io& io) {
    client::TransactionFilter filter;
    const auto duration = arguments.number("duration-filter");
    if (duration && *duration >= 0) filter.longer_than = Millis(*duration);
    filter.pattern = arguments.text("transactional-id-pattern");
    const auto listed = client::list_transactions(cluster, filter);
    if (!listed) return std::unexpected(failed("Failed to list transactions", listed.error()));
    fmt::print(io.out, "{}", transactions_text(*listed));
    return {};
}

Status describe(client::Cluster& cluster, Arguments arguments, const cli::Io& io) {
    const auto& id = arguments.text("transactional-id");
    auto found = client::describe_transaction(cluster, id);
    if (!found) {
        auto& error = found.error();
        if (error.code == ErrorCode::TRANSACTIONAL_ID_NOT_FOUND) {
            error.detail = fmt::format(
                "DescribeTransactions request for transactionalId `{}` failed because the ID could "
                "not be found",
                id);
        }
        const auto what =
            fmt::format("Failed to describe transaction state of transactional-id `{}`", id);
        return std::unexpected(failed(what, error));
    }
    fmt::print(io.out, "{}", transaction_text(*found, io.clock.wall_now()));
    return {};
}

Status describe_producers(client::Cluster& cluster, Arguments arguments, const cli::Io& io) {
    const auto partition = partition_of(arguments);
    const auto broker = broker_of(arguments);
    const auto found = client::describe_producers(cluster, partition, broker);
    if (!found) {
        const auto whom = broker ? fmt::format("broker {}", broker->value()) : "leader";
        const auto what = fmt::format("Failed to describe producers for partition {} on {}",
                                      name_of(partition), whom);
        return std::unexpected(failed(what, found.error()));
    }
    fmt::print(io.out, "{}", producers_text(*found));
    return {};
}

Result<client::ProducerState> producer_at(client::Cluster& cluster,
                                          const client::TopicPartition& partition, Offset start) {
    const auto found = client::describe_producers(cluster, partition, std::nullopt);
    if (!found) {
        const auto what =
            fmt::format("Failed to validate producer state for partition {}", name_of(partition));
        return std::unexpected(failed(what, found.error()));
    }
    const auto at =
        std::ranges::find(*found, std::optional(start), &client::ProducerState::transaction_start);
    if (at != found->end()) return *at;
    return fail(ErrorCode::INVALID_REQUEST,
                fmt::format("Could not find any open transactions starting at offset {} on "
                            "partition {}",
                            start.value(), name_of(partition)));
}

// The transaction that the command line names.
Result<client::ProducerState> named_producer(client::Cluster& cluster, Arguments arguments) {
    if (const auto start = arguments.number("start-offset")) {
        return producer_at(cluster, partition_of(arguments), Offset(*start));
    }
    const auto id = arguments.number("producer-id");
    if (!id) {
        return fail(ErrorCode::INVALID_REQUEST,
                    "The transaction to abort must be identified either with --start-offset (for "
                    "brokers on 3.0 or above) or with --producer-id, --producer-epoch, and "
                    "--coordinator-epoch (for older brokers)");
    }
    for (const auto* missing : {"producer-epoch", "coordinator-epoch"}) {
        if (arguments.has(missing)) continue;
        return fail(ErrorCode::INVALID_REQUEST,
                    fmt::format("Missing required argument --{}", missing));
    }
    client::ProducerState producer;
    producer.id = ProducerId(*id);
    producer.epoch = static_cast<std::int32_t>(*arguments.number("producer-epoch"));
    producer.coordinator_epoch = static_cast<std::int32_t>(*arguments.number("coordinator-epoch"));
    return producer;
}

Status abort(client::Cluster& cluster, Arguments arguments, const cli::Io&) {
    const auto partition = partition_of(arguments);
    MILENA_ASSIGN(const auto producer, named_producer(cluster, arguments));
    if (const auto status = client::abort_transaction(cluster, partition, producer); !status) {
        const auto what = fmt::format(
            "Failed to abort transaction AbortTransactionSpec(topicPartition={}, producerId={}, "
            "producerEpoch={}, coordinatorEpoch={})",
            name_of(partition), producer.id.value(), producer.epoch,
            std::max(producer.coordinator_epoch, 0));
        return std::unexpected(failed(what, status.error()));
    }
    return {};
}

// Of a topic, or of all topics; with a broker those that have a replica there.
Result<std::vector<client::TopicPartition>> partitions_to_search(client::Cluster& cluster,
                                                                 Arguments arguments) {
    if (arguments.has("partition")) return std::vector{partition_of(arguments)};
    const auto& topic = arguments.text("topic");
    const auto broker = broker_of(arguments);
    MILENA_ASSIGN(const auto topics, topic.empty() ? cluster.topics(client::Cluster::AllTopics{})
                                                   : cluster.topics(std::span(&topic, 1), false));
    std::vector<client::TopicPartition> found;
    for (const auto& each : topics) {
        if (each.internal && topic.empty()) continue;
        if (each.error != ErrorCode::NONE) {
            return std::unexpected(
                failed("Failed to describe 1 topics", Error{each.error, error_name(each.error)}));
        }
        for (const auto& partition : each.partitions) {
            const bool here = !broker || std::ranges::find(partition.replicas, *broker) !=
                                             partition.replicas.end();
            if (here) found.emplace_back(each.name, partition.index);
        }
    }
    return found;
}

Status find_hanging(client::Cluster& cluster, Arguments arguments, const cli::Io& io) {
    constexpr std::int64_t kMinute = 60'000;
    if (!arguments.has("topic") && !arguments.has("broker-id")) {
        return fail(ErrorCode::INVALID_REQUEST,
                    "The `find-hanging` command requires either --topic or --broker-id to limit "
                    "the scope of the search");
    }
    if (arguments.has("partition") && !arguments.has("topic")) {
        return fail(ErrorCode::INVALID_REQUEST,
                    "The --partition argument requires --topic to be provided");
    }
    MILENA_ASSIGN(const auto partitions, partitions_to_search(cluster, arguments));
    const Millis longest(arguments.number("max-transaction-timeout").value_or(15) * kMinute);
    const auto found = client::find_hanging(cluster, partitions, broker_of(arguments), longest);
    if (!found) {
        const auto what =
            fmt::format("Failed to describe producers for {} partitions", partitions.size());
        return std::unexpected(failed(what, found.error()));
    }
    fmt::print(io.out, "{}", hanging_text(*found, io.clock.wall_now()));
    return {};
}

Status terminate(client::Cluster& cluster, Arguments arguments, const cli::Io&) {
    const auto& id = arguments.text("transactionalId");
    if (const auto status = client::terminate_transaction(cluster, id); !status) {
        const auto what = fmt::format("Failed to force terminate transactionalId `{}`", id);
        return std::unexpected(failed(what, status.error()));
    }
    return {};
}

struct Action {
    std::string_view name;
    Status (*run)(client::Cluster&, Arguments, const cli::Io&);
};
constexpr Action kActions[] = {
    {"list", &list},   {"describe", &describe},         {"describe-producers", &describe_producers},
    {"abort", &abort}, {"find-hanging", &find_hanging}, {"forceTerminateTransaction", &terminate},
};

Status run_action(Arguments arguments, const cli::Io& io) {
    Properties properties;
    if (arguments.has("command-config")) {
        auto loaded = load_properties(arguments.text("command-config"));
        if (!loaded) {
            return std::unexpected(
                failed("Failed to load admin client properties", loaded.error()));
        }
        properties = *std::move(loaded);
    }
    properties["bootstrap.servers"] = arguments.text("bootstrap-server");
    MILENA_ASSIGN(client::ClusterSettings settings, cluster_settings(properties, io));
    client::Cluster cluster(std::move(settings), io.clock);
    return std::ranges::find(kActions, arguments.name(), &Action::name)
        ->run(cluster, arguments, io);
}

}  // namespace

int run_transactions(std::span<const std::string_view> arguments, const cli::Io& io) {
    const auto parsed = parse_subcommand(kTool, arguments);
    if (!parsed) {
        fmt::print(parsed.error().is_complaint() ? io.err : io.out, "{}", parsed.error().text);
        return parsed.error().exit_code();
    }
    if (const auto status = run_action(*parsed, io); !status) {
        fmt::print(io.err, "{}\n", status.error().detail);
        return 1;
    }
    return 0;
}

}  // namespace milena::kafka_tools
