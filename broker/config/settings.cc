#include "broker/config/settings.h"

#include "broker/config/removed.h"
#include "protocol/base/assert.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace milena::config {
namespace {

// The value of every row as the table has it.
std::vector<Value> default_values() {
    std::vector<Value> result;
    for (const Option& option : options(Scope::Broker)) {
        if (option.fallback.text == nullptr) {
            result.emplace_back(option.type == Type::List ? Value(std::vector<std::string>{})
                                                          : Value());
            continue;
        }
        auto parsed = parse_value(option, option.fallback.text);
        MILENA_ASSERT(parsed.has_value());
        result.push_back(std::move(*parsed));
    }
    return result;
}

// Settings of plug-ins, which Kafka passes through unread.
bool is_passed_through(std::string_view name, const ConfigMap& layer) {
    const auto prefix_of = [&](std::string_view setting, std::string_view fallback) {
        const auto found = layer.find(setting);
        return found == layer.end() ? fallback : std::string_view(found->second);
    };
    return name.starts_with("config.providers.") ||
           name.starts_with(prefix_of("remote.log.storage.manager.impl.prefix", "rsm.config.")) ||
           name.starts_with(prefix_of("remote.log.metadata.manager.impl.prefix", "rlmm.config."));
}

std::string unknown_name(const Assignment& assignment) {
    std::string text = fmt::format("{}: unknown setting {}", assignment.where, assignment.name);
    if (const Option* topic = find_option(Scope::Topic, assignment.name);
        topic != nullptr && !ancestors(*topic).empty()) {
        return text + fmt::format("; it belongs to topics, the broker's is {}",
                                  ancestors(*topic).front().option->name());
    }
    if (const auto near = did_you_mean(Scope::Broker, assignment.name)) {
        return text + fmt::format("; did you mean {}?", *near);
    }
    return text + "; 'milena serve --print-reference' lists all";
}

struct Draft {
    std::vector<Value> values = default_values();
    ConfigMap layer;
    std::map<std::string, std::string, std::less<>> where;
    std::vector<std::string> warnings;
    std::vector<std::string> errors;
};

void warn_without_effect(const Option& option, const Assignment& assignment, const Value& value,
                         Draft& draft) {
    const std::size_t index = index_of(Scope::Broker, option);
    if (!option.has(accepted) || value == draft.values[index]) return;
    draft.warnings.push_back(
        fmt::format("{}: {} is accepted but has no effect yet", assignment.where, option.name()));
}

void apply(const Assignment& assignment, Draft& draft) {
    const Option* option = find_option(Scope::Broker, assignment.name);
    const Option* listener_option =
        option == nullptr ? find_listener_option(assignment.name) : nullptr;
    if (option == nullptr && listener_option == nullptr) {
        if (const auto reason = removed_reason(assignment.name)) {
            draft.warnings.push_back(
                fmt::format("{}: {} is ignored: {}", assignment.where, assignment.name, *reason));
        } else if (is_passed_through(assignment.name, draft.layer)) {
            draft.warnings.push_back(fmt::format("{}: {} is ignored: it is for a Java plug-in",
                                                 assignment.where, assignment.name));
        } else {
            draft.errors.push_back(unknown_name(assignment));
        }
        return;
    }
    const Option& row = option == nullptr ? *listener_option : *option;
    if (row.update == Update::DynamicOnly) {
        draft.errors.push_back(
            fmt::format("{}: {} cannot be set here; set it with 'kafka-configs --alter'",
                        assignment.where, row.name()));
        return;
    }
    auto value = parse_value(row, assignment.value);
    if (!value) {
        draft.errors.push_back(fmt::format("{}: {}", assignment.where, value.error().detail));
        return;
    }
    const auto [earlier, is_new] = draft.where.try_emplace(assignment.name, assignment.where);
    if (!is_new) {
        if (assignment.where != "--set") {
            draft.warnings.push_back(fmt::format("{}: {} replaces the one of {}", assignment.where,
                                                 assignment.name, earlier->second));
        }
        earlier->second = assignment.where;
    }
    warn_without_effect(row, assignment, *value, draft);
    if (option != nullptr) draft.values[index_of(Scope::Broker, row)] = std::move(*value);
    draft.layer.insert_or_assign(assignment.name, assignment.value);
}

// "host:3@..." has been checked by its row.
std::vector<QuorumVoter> parse_voters(const std::vector<std::string>& texts) {
    std::vector<QuorumVoter> voters;
    for (const std::string& text : texts) {
        const auto at = text.find('@');
        QuorumVoter voter;
        std::int32_t id = 0;
        std::from_chars(text.data(), text.data() + at, id);
        voter.id = BrokerId(id);
        const auto address = parse_host_port(std::string_view(text).substr(at + 1));
        MILENA_ASSERT(address.has_value());
        voter.host = address->host;
        voter.port = address->port;
        voters.push_back(std::move(voter));
    }
    return voters;
}

Status check_quorum(const NodePlan& node) {
    const bool votes =
        std::ranges::find(node.voters, node.node_id, &QuorumVoter::id) != node.voters.end();
    if (node.is_controller && !node.voters.empty() && !votes) {
        return fail(ErrorCode::INVALID_CONFIG,
                    fmt::format("controller.quorum.voters: process.roles makes node {} a "
                                "controller, so it must be one of the voters",
                                node.node_id.value()));
    }
    if (!node.is_controller && votes) {
        return fail(ErrorCode::INVALID_CONFIG,
                    fmt::format("controller.quorum.voters: node {} is a voter, but process.roles "
                                "does not make it a controller",
                                node.node_id.value()));
    }
    if (!node.is_controller && node.voters.empty() && node.bootstrap_controllers.empty()) {
        return fail(ErrorCode::INVALID_CONFIG,
                    "controller.quorum.bootstrap.servers: a node that is only a broker must know "
                    "where the controllers are; set it, or controller.quorum.voters");
    }
    if (node.is_controller && node.voters.size() > 1 && node.listeners.controller.empty()) {
        return fail(ErrorCode::INVALID_CONFIG,
                    fmt::format("listeners: the other voters of controller.quorum.voters must "
                                "reach this controller; add {}://<host>:<port>",
                                node.listeners.controller_names.front()));
    }
    return {};
}

Result<NodePlan> plan_node(const Values<Scope::Broker>& values, const ConfigMap& layer,
                           std::string_view host_name) {
    NodePlan node;
    const std::int32_t broker_id = values.get(opt::broker::broker_id);
    const std::int32_t node_id = values.get(opt::broker::node_id);
    if (broker_id >= 0 && broker_id != node_id) {
        return fail(ErrorCode::INVALID_CONFIG,
                    fmt::format("broker.id={} and node.id={} must be the same; drop broker.id",
                                broker_id, node_id));
    }
    node.node_id = BrokerId(node_id);
    const auto& roles = values.get(opt::broker::process_roles);
    node.is_broker = std::ranges::find(roles, "broker") != roles.end();
    node.is_controller = std::ranges::find(roles, "controller") != roles.end();
    node.log_dirs = values.get(opt::broker::log_dirs);
    if (node.log_dirs.empty()) node.log_dirs = values.get(opt::broker::log_dir);
    node.metadata_log_dir =
        values.get(opt::broker::metadata_log_dir).value_or(node.log_dirs.front());
    node.voters = parse_voters(values.get(opt::broker::controller_quorum_voters));
    for (const auto& text : values.get(opt::broker::controller_quorum_bootstrap_servers)) {
        MILENA_ASSIGN(HostPort address, parse_host_port(text));
        node.bootstrap_controllers.push_back(std::move(address));
    }
    const ListenerSettings listeners{
        .listeners = values.get(opt::broker::listeners),
        .advertised = values.get(opt::broker::advertised_listeners),
        .protocol_map = values.get(opt::broker::listener_security_protocol_map),
        .protocol_map_set = layer.contains("listener.security.protocol.map"),
        .controller_names = values.get(opt::broker::controller_listener_names),
        .inter_broker_name =
            values.get(opt::broker::inter_broker_listener_name).value_or(std::string_view()),
        .inter_broker_protocol = values.get(opt::broker::security_inter_broker_protocol),
        .inter_broker_protocol_set = layer.contains("security.inter.broker.protocol"),
        .is_broker = node.is_broker,
        .is_controller = node.is_controller,
        .listeners_set = layer.contains("listeners"),
        .host_name = host_name};
    MILENA_ASSIGN(node.listeners, plan_listeners(listeners));
    MILENA_TRY(check_quorum(node));
    return node;
}

// node.id and broker.id are one setting: whoever sets one has set the other, also in the eyes of
// DescribeConfigs.
void pair_node_names(Draft& draft) {
    for (const auto& [set, other] : {std::pair{"node.id", "broker.id"}, {"broker.id", "node.id"}}) {
        const auto found = draft.layer.find(set);
        if (found == draft.layer.end() || draft.layer.contains(other)) continue;
        const Option* option = find_option(Scope::Broker, other);
        auto value = parse_value(*option, found->second);
        if (!value) continue;  // broker.id=-1 names no node
        draft.layer.emplace(other, found->second);
        draft.values[index_of(Scope::Broker, *option)] = std::move(*value);
    }
}

// "server.properties:3: " in front when the setting that an error begins with was written
// somewhere.
std::string locate(const std::string& detail, const Draft& draft) {
    for (const auto& [name, where] : draft.where) {
        if (detail.starts_with(name) && detail.size() > name.size() &&
            (detail[name.size()] == ':' || detail[name.size()] == '=' ||
             detail[name.size()] == ' ')) {
            return fmt::format("{}: {}", where, detail);
        }
    }
    return detail;
}

}  // namespace

const Option* find_listener_option(std::string_view name) {
    constexpr std::string_view kPrefix = "listener.name.";
    if (!name.starts_with(kPrefix)) return nullptr;
    const std::string_view rest = name.substr(kPrefix.size());
    // Names of listeners and SASL mechanisms hold no dot that matters: the longest tail that is a
    // setting is the setting.
    for (auto dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.', dot + 1)) {
        const Option* option = find_option(Scope::Broker, rest.substr(dot + 1));
        if (option != nullptr) return option;
    }
    return nullptr;
}

Result<Settings> Settings::from(const std::vector<Assignment>& assignments,
                                std::string_view host_name) {
    Draft draft;
    for (const Assignment& assignment : assignments) apply(assignment, draft);
    pair_node_names(draft);
    Settings result;
    if (draft.errors.empty()) {
        result.values_ = Values<Scope::Broker>(std::move(draft.values));
        auto node = plan_node(result.values_, draft.layer, host_name);
        if (node) {
            result.node_ = std::move(*node);
        } else {
            draft.errors.push_back(locate(node.error().detail, draft));
        }
    }
    if (!draft.errors.empty()) {
        return fail(ErrorCode::INVALID_CONFIG, fmt::format("{}", fmt::join(draft.errors, "\n")));
    }
    result.static_ = std::move(draft.layer);
    result.warnings_ = std::move(draft.warnings);
    return result;
}

Settings Settings::defaults() {
    auto result = from({}, "localhost");
    MILENA_ASSERT(result.has_value());
    return std::move(*result);
}

Settings Settings::with_dynamic(ConfigMap for_all_brokers, ConfigMap for_this_broker) const {
    Settings result;
    result.node_ = node_;
    result.static_ = static_;
    std::vector<Value> values = default_values();
    for (const ConfigMap* layer : {&static_, static_cast<const ConfigMap*>(&for_all_brokers),
                                   static_cast<const ConfigMap*>(&for_this_broker)}) {
        for (const auto& [name, text] : *layer) {
            const Option* option = find_option(Scope::Broker, name);
            if (option == nullptr) continue;
            auto value = parse_value(*option, text);
            if (!value) {
                result.warnings_.push_back(value.error().detail + "; left out");
            } else if (layer == &static_ || option->update != Update::ReadOnly) {
                values[index_of(Scope::Broker, *option)] = std::move(*value);
            }
        }
    }
    result.values_ = Values<Scope::Broker>(std::move(values));
    result.dynamic_for_all_ = std::move(for_all_brokers);
    result.dynamic_for_this_ = std::move(for_this_broker);
    return result;
}

}  // namespace milena::config
