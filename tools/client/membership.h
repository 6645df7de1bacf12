// A member of a consumer group, of either protocol: joins, keeps its place, and learns which
// partitions it owns. Whoever drives it calls attend() whenever due() has come, and gives up what
// is no longer owned before the next call. One thread.
#pragma once

#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/random.h"
#include "protocol/base/time.h"
#include "tools/client/cluster.h"
#include "tools/client/group_calls.h"
#include "tools/client/groups.h"

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>

namespace milena::client {

struct MemberSettings {
    std::string group;
    std::optional<std::string> instance_id;
    GroupProtocol protocol = GroupProtocol::classic;
    // Of the classic protocol; in the other one the broker says them.
    Millis session_timeout{45'000};
    Millis heartbeat_interval{3'000};
    // How long a rebalance waits for this member to give up what it has.
    Millis rebalance_timeout{300'000};
};

class Membership {
  public:
    static std::unique_ptr<Membership> make(Cluster& cluster, MemberSettings settings,
                                            Random& random);
    virtual ~Membership() = default;

    // What to read, with the partitions that each topic has now. The first call makes it join.
    virtual void subscribe(std::span<const TopicInfo> topics) = 0;

    // Joins or reports when that is due. Failures that pass are tried again at the next call; those
    // that end here are final. A signal ends its waits.
    virtual Status attend() = 0;
    virtual MonoTime due() const = 0;
    virtual Status leave() = 0;

    const std::set<TopicPartition>& owned() const { return owned_; }
    // In whose name positions are committed.
    virtual MemberClaim claim() const = 0;
    const std::string& group() const { return settings_.group; }

  protected:
    Membership(Cluster& cluster, MemberSettings settings)
        : cluster_(cluster), settings_(std::move(settings)) {}

    // Sends one request to the coordinator; the answer may take `patience`. After a failure the
    // coordinator is looked for again.
    template <class Request>
    Result<ReplyTo<Request>> ask(const Request& request, Millis patience) {
        MILENA_ASSIGN(Connection* const connection, coordinator());
        auto reply = exchange(*connection, request, cluster_.clock().now() + patience);
        if (!reply) lose(connection);
        return reply;
    }
    // NOT_COORDINATOR and its kind.
    static bool has_moved(ErrorCode code);
    void forget_coordinator() { coordinator_.reset(); }
    Error refused(std::string_view what, ErrorCode code) const;
    NullableString instance_id() const {
        const auto& id = settings_.instance_id;
        return id ? NullableString(*id) : NullableString();
    }

    Cluster& cluster_;
    const MemberSettings settings_;
    std::set<TopicPartition> owned_;

  private:
    Result<Connection*> coordinator();
    void lose(const Connection* connection);
    // False when a signal or the deadline came first.
    bool wait_for_answer(Connection& connection, MonoTime deadline);

    template <class Request>
    Result<ReplyTo<Request>> exchange(Connection& connection, const Request& request,
                                      MonoTime deadline) {
        MILENA_ASSIGN(const Sent sent, connection.send(request, cluster_.request_deadline()));
        if (!wait_for_answer(connection, deadline)) {
            return fail(ErrorCode::REQUEST_TIMED_OUT, "the group's coordinator does not answer");
        }
        return connection.receive<Request>(sent, cluster_.request_deadline());
    }

    std::optional<BrokerId> coordinator_;
};

}  // namespace milena::client
