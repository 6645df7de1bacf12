#include "broker/config/describe.h"

#include <algorithm>
#include <set>

namespace milena::config {
namespace {

bool wanted(NameFilter names, std::string_view name) {
    return names == nullptr || std::ranges::find(*names, name) != names->end();
}

std::optional<std::string> visible(bool secret, std::string text) {
    if (secret) return std::nullopt;
    return text;
}

Described describe_row(const Option& option, const Value& value) {
    Described result;
    result.name = option.name();
    result.type = static_cast<std::uint8_t>(option.type);
    result.sensitive = option.sensitive();
    const bool is_null =
        std::holds_alternative<std::monostate>(value) ||
        // A list that nobody set and that has no default is null to Kafka, empty to us.
        (option.type == Type::List && option.fallback.text == nullptr &&
         option.fallback.from == nullptr && to_text(value).empty());
    if (!is_null) result.value = visible(result.sensitive, to_text(value));
    result.documentation = option.text;
    return result;
}

// Every layer's values of a broker setting and its stand-ins, strongest first. Those before the
// setting itself are not told: they belong to the stronger names.
std::vector<Synonym> broker_synonyms(const Settings& settings, const Option& option) {
    std::vector<Synonym> result;
    const auto add = [&](std::string_view name, std::string_view value, Source source) {
        result.push_back(
            {std::string(name), visible(option.sensitive(), std::string(value)), source});
    };
    const auto add_layer = [&](const ConfigMap& layer, Source source) {
        for (const Ancestor& stand_in : synonyms(option)) {
            const auto found = layer.find(stand_in.option->name());
            if (found != layer.end()) add(found->first, found->second, source);
        }
    };
    add_layer(settings.dynamic_for_this(), Source::DynamicBroker);
    add_layer(settings.dynamic_for_all(), Source::DynamicDefaultBroker);
    add_layer(settings.static_layer(), Source::StaticBroker);
    for (const Ancestor& stand_in : synonyms(option)) {
        const char* text = stand_in.option->fallback.text;
        if (text == nullptr || stand_in.option->update == Update::DynamicOnly) continue;
        add(stand_in.option->name(), text, Source::Default);
    }
    const auto own = std::ranges::find(result, option.name(), &Synonym::name);
    result.erase(result.begin(), own);
    return result;
}

Described describe_broker_row(const Settings& settings, const Option& option) {
    Described result = describe_row(option, settings.raw(index_of(Scope::Broker, option)));
    result.synonyms = broker_synonyms(settings, option);
    result.source = result.synonyms.empty() ? Source::Default : result.synonyms.front().source;
    result.read_only = option.update == Update::ReadOnly || option.update == Update::DynamicOnly;
    return result;
}

struct Layer {
    const ConfigMap* values;
    Source source;
};

// A name that has no row of its own: a listener's form of a setting, or one that only a plug-in
// knows. Kafka calls it read-only, and secret when it cannot tell its type.
Described describe_other(std::string_view name, const std::vector<Layer>& layers) {
    const Option* option = find_listener_option(name);
    Described result;
    result.name = name;
    result.read_only = true;
    result.sensitive = option == nullptr || option->sensitive();
    if (option != nullptr) {
        result.type = static_cast<std::uint8_t>(option->type);
        result.documentation = option->text;
    }
    for (const Layer& layer : layers) {
        const auto found = layer.values->find(name);
        if (found == layer.values->end()) continue;
        result.synonyms.push_back(
            {result.name, visible(result.sensitive, found->second), layer.source});
    }
    result.source = result.synonyms.front().source;
    result.value = result.synonyms.front().value;
    return result;
}

std::vector<Described> describe_scoped(Scope scope, const ConfigMap& own, NameFilter names,
                                       Source own_source, auto value_of, auto weaker_synonyms) {
    std::vector<Described> result;
    for (const Option& option : options(scope)) {
        const auto set = own.find(option.name());
        if (!wanted(names, option.name())) continue;
        if (option.has(hidden) && set == own.end()) continue;
        Described row = describe_row(option, value_of(index_of(scope, option)));
        if (set != own.end()) {
            row.synonyms.push_back({row.name, row.value, own_source});
        }
        for (Synonym& synonym : weaker_synonyms(option, row, set != own.end())) {
            row.synonyms.push_back(std::move(synonym));
        }
        row.source = row.synonyms.empty() ? Source::Default : row.synonyms.front().source;
        result.push_back(std::move(row));
    }
    return result;
}

}  // namespace

std::vector<Described> describe_broker(const Settings& settings, NameFilter names) {
    const std::vector<Layer> layers{{&settings.dynamic_for_this(), Source::DynamicBroker},
                                    {&settings.dynamic_for_all(), Source::DynamicDefaultBroker},
                                    {&settings.static_layer(), Source::StaticBroker}};
    std::set<std::string_view> set_names;
    for (const Layer& layer : layers) {
        for (const auto& [name, value] : *layer.values) set_names.insert(name);
    }
    std::vector<Described> result;
    for (const Option& option : options(Scope::Broker)) {
        const bool is_set = set_names.erase(option.name()) > 0;
        const bool untold = option.has(hidden) || option.update == Update::DynamicOnly;
        if (!wanted(names, option.name()) || (untold && !is_set)) continue;
        result.push_back(describe_broker_row(settings, option));
    }
    for (const std::string_view name : set_names) {
        if (wanted(names, name)) result.push_back(describe_other(name, layers));
    }
    return result;
}

std::vector<Described> describe_all_brokers(const Settings& settings, NameFilter names) {
    std::vector<Described> result;
    const std::vector<Layer> layers{{&settings.dynamic_for_all(), Source::DynamicDefaultBroker}};
    for (const auto& [name, value] : settings.dynamic_for_all()) {
        if (!wanted(names, name)) continue;
        const Option* option = find_option(Scope::Broker, name);
        if (option == nullptr) {
            result.push_back(describe_other(name, layers));
            continue;
        }
        Described row = describe_broker_row(settings, *option);
        std::erase_if(row.synonyms, [](const Synonym& synonym) {
            return synonym.source != Source::DynamicDefaultBroker;
        });
        row.source = Source::DynamicDefaultBroker;
        row.value = visible(row.sensitive, value);
        result.push_back(std::move(row));
    }
    return result;
}

std::vector<Described> describe_topic(const Settings& settings, const ConfigMap& own,
                                      NameFilter names) {
    const TopicValues values = topic_values(settings, own);
    return describe_scoped(
        Scope::Topic, own, names, Source::Topic,
        [&](std::size_t index) { return values.raw(index); },
        [&](const Option& option, const Described&, bool) {
            const auto chain = ancestors(option);
            return chain.empty() ? std::vector<Synonym>{}
                                 : broker_synonyms(settings, *chain.front().option);
        });
}

std::vector<Described> describe_group(const Settings& settings, const ConfigMap& own,
                                      NameFilter names) {
    const GroupValues values = group_values(settings, own);
    // Kafka tells what the broker gives as the default, under the group's name, and only when the
    // group has no value of its own.
    return describe_scoped(
        Scope::Group, own, names, Source::Group,
        [&](std::size_t index) { return values.raw(index); },
        [](const Option&, const Described& row, bool is_set) {
            return is_set ? std::vector<Synonym>{}
                          : std::vector<Synonym>{{row.name, row.value, Source::Default}};
        });
}

std::vector<Described> describe_client_metrics(const ConfigMap& own, NameFilter names) {
    const ClientMetricsValues values = client_metrics_values(own);
    return describe_scoped(
        Scope::ClientMetrics, own, names, Source::ClientMetrics,
        [&](std::size_t index) { return values.raw(index); },
        [](const Option&, const Described&, bool) { return std::vector<Synonym>{}; });
}

}  // namespace milena::config
