// milena txn: list and describe transactions, find those that hang, and end them.
#include "tools/command/command_list.h"
#include "tools/command/topic_json.h"
#include "tools/command/txn_json.h"
#include "tools/command/verbs.h"
#include "tools/kafka/transactions_print.h"

#include <algorithm>

#include <fmt/format.h>

namespace milena::cli {
namespace {

struct TxnArguments {
    ClusterOptions cluster;
    std::vector<std::string> names;
    std::vector<std::string> states;
    std::string pattern;
    double longer_than = -1;  // seconds
    std::string topic;
    std::int32_t partition = -1;
    std::int64_t start = -1;
};

using Arguments = const TxnArguments&;

Millis to_millis(double seconds) {
    return Millis(static_cast<std::int64_t>(seconds * 1000));
}

Status list(client::Cluster& cluster, Arguments arguments, const Io& io) {
    client::TransactionFilter filter;
    filter.states = arguments.states;
    filter.pattern = arguments.pattern;
    if (arguments.longer_than >= 0) filter.longer_than = to_millis(arguments.longer_than);
    MILENA_ASSIGN(auto listed, client::list_transactions(cluster, filter));
    std::ranges::sort(listed, {}, &client::TransactionListing::id);
    fmt::print(io.out, "{}",
               arguments.cluster.json ? transactions_json(listed) + "\n"
                                      : kafka_tools::transactions_text(listed));
    return {};
}

Status describe(client::Cluster& cluster, Arguments arguments, const Io& io) {
    for (const auto& name : arguments.names) {
        MILENA_ASSIGN(const auto found, client::describe_transaction(cluster, name));
        fmt::print(io.out, "{}",
                   arguments.cluster.json
                       ? transaction_json(found) + "\n"
                       : kafka_tools::transaction_text(found, io.clock.wall_now()));
    }
    return {};
}

Status producers(client::Cluster& cluster, Arguments arguments, const Io& io) {
    const client::TopicPartition partition{arguments.topic, PartitionIndex(arguments.partition)};
    MILENA_ASSIGN(const auto found, client::describe_producers(cluster, partition, std::nullopt));
    fmt::print(
        io.out, "{}",
        arguments.cluster.json ? producers_json(found) + "\n" : kafka_tools::producers_text(found));
    return {};
}

Status hanging(client::Cluster& cluster, Arguments arguments, const Io& io) {
    MILENA_ASSIGN(const auto topics, arguments.names.empty()
                                         ? cluster.topics(client::Cluster::AllTopics{})
                                         : cluster.topics(arguments.names, false));
    std::vector<client::TopicPartition> partitions;
    for (const auto& topic : topics) {
        if (topic.error != ErrorCode::NONE) {
            return fail(topic.error,
                        fmt::format("topic '{}': {}", topic.name, error_name(topic.error)));
        }
        for (const auto& partition : topic.partitions) {
            partitions.emplace_back(topic.name, partition.index);
        }
    }
    const auto longest = to_millis(arguments.longer_than < 0 ? 900 : arguments.longer_than);
    MILENA_ASSIGN(const auto found,
                  client::find_hanging(cluster, partitions, std::nullopt, longest));
    fmt::print(io.out, "{}",
               arguments.cluster.json ? hanging_json(found) + "\n"
                                      : kafka_tools::hanging_text(found, io.clock.wall_now()));
    return {};
}

Status abort(client::Cluster& cluster, Arguments arguments, const Io& io) {
    const client::TopicPartition partition{arguments.topic, PartitionIndex(arguments.partition)};
    MILENA_ASSIGN(const auto known, client::describe_producers(cluster, partition, std::nullopt));
    const auto at = std::ranges::find(known, std::optional(Offset(arguments.start)),
                                      &client::ProducerState::transaction_start);
    if (at == known.end()) {
        return fail(ErrorCode::INVALID_REQUEST,
                    fmt::format("no open transaction begins at offset {} of {}-{}; milena txn "
                                "producers shows where they begin",
                                arguments.start, arguments.topic, arguments.partition));
    }
    MILENA_TRY(client::abort_transaction(cluster, partition, *at));
    const auto what =
        fmt::format("{}-{} from {}", arguments.topic, arguments.partition, arguments.start);
    if (arguments.cluster.json) {
        fmt::print(io.out, "{}\n", done_json("aborted", {what}));
    } else {
        fmt::print(io.out, "Aborted the transaction on {}.\n", what);
    }
    return {};
}

Status end(client::Cluster& cluster, Arguments arguments, const Io& io) {
    for (const auto& name : arguments.names) {
        MILENA_TRY(client::terminate_transaction(cluster, name));
        if (!arguments.cluster.json) {
            fmt::print(io.out, "Fenced {} and aborted what it had under way.\n", name);
        }
    }
    if (arguments.cluster.json) fmt::print(io.out, "{}\n", done_json("ended", arguments.names));
    return {};
}

void add_verbs(Verbs<TxnArguments>& verbs) {
    auto& arguments = verbs.options();
    const auto add_partition = [&](CLI::App& sub) {
        sub.add_option("topic", arguments.topic, "Topic")->required();
        sub.add_option("-p,--partition", arguments.partition, "Partition")->required();
    };
    auto* listing = verbs.add("list", "List transactional ids with their states", &list);
    listing->add_option("--state", arguments.states, "Only in this state (Ongoing ...)");
    listing->add_option("--match", arguments.pattern, "Only ids that match (regular expression)");
    listing->add_option("--longer-than", arguments.longer_than,
                        "Only transactions that have run for more seconds");

    verbs.add("describe", "Show state, producer and partitions of transactional ids", &describe)
        ->add_option("ids", arguments.names, "Transactional ids")
        ->required();
    add_partition(
        *verbs.add("producers", "Show the producers that a partition remembers", &producers));

    auto* finding = verbs.add("find-hanging", "Find transactions that nobody will end", &hanging);
    finding->add_option("topics", arguments.names, "Only on these topics");
    finding->add_option("--longer-than", arguments.longer_than,
                        "Seconds without a sign of life; 900");

    auto* aborting = verbs.add("abort", "Abort a transaction that nobody will end", &abort);
    add_partition(*aborting);
    aborting->add_option("--start", arguments.start, "Offset at which it begins")->required();

    verbs.add("end", "Abort whatever an id has under way, and fence its producer", &end)
        ->add_option("ids", arguments.names, "Transactional ids")
        ->required();
}

}  // namespace

int run_txn(int argc, char** argv, const Io& io) {
    Verbs<TxnArguments> verbs("List and describe transactions, find those that hang, and end them.",
                              argv[0]);
    add_verbs(verbs);
    return verbs.run(argc, argv, io);
}

}  // namespace milena::cli
