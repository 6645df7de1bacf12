// A whole node: everything wired together, started and stopped in order.
//
// Start: data directories, metadata quorum (which opens the partitions), listeners, registration.
// Stop is the reverse: no new frames, requests in progress answered, logs closed and synced, marker
// written.
#pragma once

#include "broker/config/settings.h"
#include "protocol/base/error.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace milena::broker {

class Server {
  public:
    // A cluster of several nodes can keep a start waiting: is the process told to stop?
    using IsStopping = std::function<bool()>;

    // Returns when the node answers requests.
    static Result<std::unique_ptr<Server>> start(
        config::Settings settings, IsStopping is_stopping = [] { return false; });
    ~Server();

    struct Bound {
        std::string listener;
        std::string host;
        std::uint16_t port = 0;
    };
    const std::vector<Bound>& listeners() const;
    // metrics.listener, when it is set.
    const std::optional<Bound>& metrics() const;
    const std::string& cluster_id() const;

    // Once. What could not be closed cleanly; the data is safe all the same, the next start scans
    // it.
    Status stop();

  private:
    struct Parts;
    explicit Server(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace milena::broker
