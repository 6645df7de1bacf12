// The settings of this node: file, command line and dynamic changes laid over the defaults of the
// table. Immutable: a dynamic change makes a new object, which replaces the old one behind a
// shared_ptr.
//
// Precedence, strongest first: dynamic for this broker, dynamic for all brokers, --set, file,
// default. Every value that get() gives has passed the checks of its row.
#pragma once

#include "broker/config/keys.h"
#include "broker/config/listeners.h"
#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/properties.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace milena::config {

// Names and raw values, as a configuration record or a file holds them.
using ConfigMap = std::map<std::string, std::string, std::less<>>;

struct QuorumVoter {
    BrokerId id;
    std::string host;
    std::uint16_t port = 0;
};

// What the settings give together: each is checked against the others once, when they are read.
struct NodePlan {
    BrokerId node_id{1};
    bool is_broker = true;
    bool is_controller = true;
    std::vector<std::string> log_dirs;
    std::string metadata_log_dir;
    std::vector<QuorumVoter> voters;  // empty: this node alone
    std::vector<HostPort> bootstrap_controllers;
    ListenerPlan listeners;
};

class Settings {
  public:
    // `assignments` in order, later ones win: those of the file, then those of --set. `host_name`
    // is what an empty listener host is advertised as. Errors are INVALID_CONFIG and name file and
    // line; all mistakes are reported at once, one a line.
    static Result<Settings> from(const std::vector<Assignment>& assignments,
                                 std::string_view host_name);
    // Nothing set at all: data in ./data, loopback only, port 9092.
    static Settings defaults();

    // A copy with the dynamic layers replaced. A dynamic value that its row does not allow (an
    // older record, say) is left out and told in warnings().
    Settings with_dynamic(ConfigMap for_all_brokers, ConfigMap for_this_broker) const;

    template <class T>
    T get(Key<Scope::Broker, T> key) const {
        return values_.get(key);
    }
    // The same by position in options(Scope::Broker).
    const Value& raw(std::size_t index) const { return values_.raw(index); }

    const NodePlan& node() const { return node_; }

    // For a person, one a line: accepted settings without effect, removed names, replaced lines;
    // after with_dynamic(), the dynamic values that were left out.
    const std::vector<std::string>& warnings() const { return warnings_; }

    // The layers, for DescribeConfigs. Raw values as they were written.
    const ConfigMap& static_layer() const { return static_; }
    const ConfigMap& dynamic_for_all() const { return dynamic_for_all_; }
    const ConfigMap& dynamic_for_this() const { return dynamic_for_this_; }

  private:
    Values<Scope::Broker> values_;
    NodePlan node_;
    std::vector<std::string> warnings_;
    ConfigMap static_;
    ConfigMap dynamic_for_all_;
    ConfigMap dynamic_for_this_;
};

// The row that a listener's own form of a setting stands for: listener.name.<listener>.<setting>,
// or listener.name.<listener>.<mechanism>.<setting>. Null for any other name.
const Option* find_listener_option(std::string_view name);

}  // namespace milena::config
