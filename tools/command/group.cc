// milena group: list and describe groups, delete them, set or delete their offsets.
#include "tools/client/reset.h"
#include "tools/command/command_list.h"
#include "tools/command/group_json.h"
#include "tools/command/topic_json.h"
#include "tools/command/verbs.h"
#include "tools/kafka/consumer_groups_options.h"
#include "tools/kafka/group_report.h"

#include <algorithm>

#include <fmt/format.h>

namespace milena::cli {
namespace {

struct GroupArguments {
    ClusterOptions cluster;
    std::vector<std::string> names;
    std::vector<std::string> states;
    std::vector<std::string> topics;
    bool members = false;
    std::string to;
    bool execute = false;
};

using Arguments = const GroupArguments&;

Status list(client::Cluster& cluster, Arguments arguments, const Io& io) {
    MILENA_ASSIGN(auto groups, client::list_groups(cluster, arguments.states, {}));
    std::ranges::sort(groups, {}, &client::GroupListing::id);
    if (arguments.cluster.json) {
        fmt::print(io.out, "{}\n", groups_json(groups));
    } else {
        fmt::print(io.out, "{}", kafka_tools::list_text(groups, {true, true}));
    }
    return {};
}

Status describe(client::Cluster& cluster, Arguments arguments, const Io& io) {
    for (const auto& name : arguments.names) {
        MILENA_ASSIGN(const auto group, client::describe_group(cluster, name));
        MILENA_ASSIGN(const auto rows, kafka_tools::positions(cluster, group));
        if (arguments.cluster.json) {
            fmt::print(io.out, "{}\n", group_json(group, rows));
            continue;
        }
        fmt::print(io.out, "{}", kafka_tools::state_text(group, true));
        if (arguments.members && !group.members.empty()) {
            fmt::print(io.out, "{}", kafka_tools::members_text(group, true));
        }
        if (!rows.empty()) fmt::print(io.out, "{}", kafka_tools::positions_text(name, rows, false));
    }
    return {};
}

Status remove(client::Cluster& cluster, Arguments arguments, const Io& io) {
    for (const auto& name : arguments.names) {
        MILENA_TRY(client::delete_group(cluster, name));
        if (!arguments.cluster.json) fmt::print(io.out, "Deleted group {}.\n", name);
    }
    if (arguments.cluster.json) fmt::print(io.out, "{}\n", done_json("deleted", arguments.names));
    return {};
}

// "earliest", "latest", "current", "42", "+10", "-10", a time, or a duration ("PT1H": so long ago).
Result<client::Target> parse_target(const std::string& text, const Clock& clock) {
    if (text == "earliest") return client::ToEarliest{};
    if (text == "latest") return client::ToLatest{};
    if (text == "current") return client::ToCurrent{};
    if (text.starts_with('P')) {
        MILENA_ASSIGN(const auto back, client::parse_duration(text));
        return client::ToTime{clock.wall_now() - back.count()};
    }
    const bool shift = text.starts_with('+') || text.starts_with('-');
    const auto digits = text.substr(shift ? 1 : 0);
    const bool number = !digits.empty() && digits.size() < 19 &&
                        std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
    if (number && shift) return client::ShiftBy{std::stoll(text)};
    if (number) return client::ToOffset{Offset(std::stoll(digits))};
    MILENA_ASSIGN(const auto time, client::parse_datetime(text));
    return client::ToTime{time};
}

Status reset(client::Cluster& cluster, Arguments arguments, const Io& io) {
    const auto& name = arguments.names.at(0);
    MILENA_ASSIGN(const auto target, parse_target(arguments.to, io.clock));
    MILENA_ASSIGN(const auto state, kafka_tools::state_of(cluster, name));
    if (state != "Empty" && state != "Dead") {
        return fail(ErrorCode::NON_EMPTY_GROUP,
                    fmt::format("group '{}' is {}; stop its members first", name, state));
    }
    MILENA_ASSIGN(const auto current, client::committed_offsets(cluster, name));
    auto partitions = kafka_tools::partitions_of(current);
    if (!arguments.topics.empty()) {
        MILENA_ASSIGN(auto asked, kafka_tools::parse_topic_partitions(arguments.topics));
        MILENA_ASSIGN(partitions, kafka_tools::complete(cluster, std::move(asked)));
    }
    MILENA_ASSIGN(const auto planned,
                  client::plan_reset(cluster, partitions, current, target,
                                     [&](auto text) { fmt::print(io.err, "{}\n", text); }));
    if (arguments.execute && !planned.empty()) {
        MILENA_ASSIGN(const auto errors, client::commit_offsets(cluster, name, planned));
        for (const auto& [where, code] : errors) {
            if (code == ErrorCode::NONE) continue;
            return fail(code, fmt::format("the offset of {}-{} was not set: {}", where.first,
                                          where.second.value(), error_name(code)));
        }
    }
    if (arguments.cluster.json) {
        fmt::print(io.out, "{}\n", reset_json(name, planned, arguments.execute));
        return {};
    }
    fmt::print(io.out, "{}", kafka_tools::new_offsets_text({{name, planned}}));
    if (!arguments.execute) fmt::print(io.out, "Nothing was changed; add --execute to do it.\n");
    return {};
}

Status delete_offsets(client::Cluster& cluster, Arguments arguments, const Io& io) {
    const auto& name = arguments.names.at(0);
    MILENA_ASSIGN(auto asked, kafka_tools::parse_topic_partitions(arguments.topics));
    MILENA_ASSIGN(const auto partitions, kafka_tools::complete(cluster, std::move(asked)));
    MILENA_ASSIGN(const auto errors, client::delete_offsets(cluster, name, partitions));
    for (const auto& [where, code] : errors) {
        if (code == ErrorCode::NONE) continue;
        return fail(code, fmt::format("the offset of {}-{} was not deleted: {}", where.first,
                                      where.second.value(), error_name(code)));
    }
    if (arguments.cluster.json) {
        fmt::print(io.out, "{}\n", done_json("deleted", {name}));
    } else {
        fmt::print(io.out, "{}", kafka_tools::deleted_offsets_text(errors));
    }
    return {};
}

void add_verbs(Verbs<GroupArguments>& verbs) {
    auto& arguments = verbs.options();
    auto* listing = verbs.add("list", "List groups with their types and states", &list);
    listing->add_option("--state", arguments.states, "Only groups in this state");

    auto* describing = verbs.add("describe", "Show state, offsets and lag", &describe);
    describing->add_option("names", arguments.names, "Names of the groups")->required();
    describing->add_flag("-m,--members", arguments.members, "Also the members");

    auto* deleting = verbs.add("delete", "Delete groups that have no members", &remove);
    deleting->add_option("names", arguments.names, "Names of the groups")->required();

    auto* resetting =
        verbs.add("reset-offsets", "Set the offsets of a group without members", &reset);
    resetting->add_option("name", arguments.names, "Name of the group")->required()->expected(1);
    resetting
        ->add_option("--to", arguments.to,
                     "earliest, latest, current, an offset, +n or -n, a time, or a duration back "
                     "from now (PT1H)")
        ->required();
    resetting->add_option("-t,--topic", arguments.topics,
                          "Only this topic, or some partitions of it (topic:0,1)");
    resetting->add_flag("--execute", arguments.execute, "Do it, not only show it");

    auto* forgetting =
        verbs.add("delete-offsets", "Delete the offsets of a topic", &delete_offsets);
    forgetting->add_option("name", arguments.names, "Name of the group")->required()->expected(1);
    forgetting->add_option("-t,--topic", arguments.topics, "Topic, or topic:0,1")->required();
}

}  // namespace

int run_group(int argc, char** argv, const Io& io) {
    Verbs<GroupArguments> verbs("List, describe and delete groups, set their offsets.", argv[0]);
    add_verbs(verbs);
    return verbs.run(argc, argv, io);
}

}  // namespace milena::cli
