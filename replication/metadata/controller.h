// The metadata controller: requests -> records and replies. decide() looks at the state and changes
// nothing; apply() alone changes it, from records. What is decided may be applied before it is
// committed, so that the next request sees it; when leadership is lost, the controller is thrown
// away and a new one begins from the committed image.
//
// One .cc per family of verbs: create_topics, delete_topics, create_partitions, alter_configs,
// register_broker, heartbeat, alter_partition, elect_leaders, reassign_partitions,
// assign_directories, update_features, client_quotas, scram_credentials, acls, producer_ids.
//
// Besides the log it knows which broker was heard when (sessions.h). A decision names the broker
// that its request was heard from; observe() notes it. A new controller gives every broker a fresh
// session.
#pragma once

#include "protocol/base/random.h"
#include "protocol/base/time.h"
#include "replication/metadata/config_rules.h"
#include "replication/metadata/loader.h"
#include "replication/metadata/requests.h"
#include "replication/metadata/sessions.h"
#include "replication/record_list.h"

#include <optional>
#include <string>

namespace milena::metadata {

// What one request may cause to be written (metadata/.../QuorumController.java, raft/.../
// KafkaRaftClient.java): more is refused with POLICY_VIOLATION.
inline constexpr std::size_t kMaxRecordsPerRequest = 10'000;
inline constexpr std::size_t kMaxRecordBytesPerRequest = 7 * 1024 * 1024;
inline constexpr std::int64_t kMaxPartitionsPerRequest = 10'000;
inline constexpr std::int32_t kProducerIdBlock = 1000;
inline constexpr std::size_t kMaxConfigValueLength = 32'767;

// How many leaders one periodic request moves at most; it says when there are more.
inline constexpr std::size_t kMaxElectionsPerSweep = 1000;

// The static settings that the controller looks at.
struct ControllerOptions {
    std::string cluster_id;
    BrokerId node = kNoBroker;                    // node.id
    std::int32_t num_partitions = 1;              // num.partitions
    std::int16_t default_replication_factor = 1;  // default.replication.factor
    std::int32_t min_insync_replicas = 1;         // min.insync.replicas
    bool unclean_leader_election = false;         // unclean.leader.election.enable
    Millis session_timeout{9000};                 // broker.session.timeout.ms
};

struct Decision {
    RecordList records;                      // committed as a whole; empty: nothing to do but reply
    Reply reply;                             // once the records are committed
    std::optional<BrokerContact> contact{};  // to be noted, whatever becomes of the records
};

// What a verb decides from.
struct DecideContext {
    const Image& image;
    const ControllerOptions& options;
    const ConfigRules& rules;
    Offset log_end;  // offset of the first record of this decision
    MonoTime now;
    Random& random;
    const Sessions& sessions;
};

class Controller {
  public:
    // Both references must outlive the controller. Active since `now`.
    Controller(const ControllerOptions& options, const ConfigRules& rules, ImagePtr image,
               MonoTime now)
        : options_(options), rules_(rules), loader_(std::move(image)), sessions_(now) {}

    // `log_end` is the offset that the first of the records will get.
    Decision decide(const Request& request, Offset log_end, MonoTime now, Random& random) const;

    // The broker that `decision` heard from is alive. Before the next decision.
    void observe(const Decision& decision) {
        if (decision.contact) sessions_.note(*decision.contact);
    }

    // The records of a decision of its own, with what they changed.
    ImageChange apply(const RecordList& records, const Provenance& provenance);

    const ImagePtr& image() const { return loader_.image(); }
    const Sessions& sessions() const { return sessions_; }

  private:
    const ControllerOptions& options_;
    const ConfigRules& rules_;
    Loader loader_;
    Sessions sessions_;
};

// The records that begin the log of a new cluster, as one metadata transaction.
RecordList bootstrap_records(const ControllerOptions& options);

// The verbs.
Decision decide(const CreateTopics& request, const DecideContext& context);
Decision decide(const DeleteTopics& request, const DecideContext& context);
Decision decide(const CreatePartitions& request, const DecideContext& context);
Decision decide(const IncrementalAlterConfigs& request, const DecideContext& context);
Decision decide(const AlterConfigs& request, const DecideContext& context);
Decision decide(const RegisterBroker& request, const DecideContext& context);
Decision decide(const BrokerHeartbeat& request, const DecideContext& context);
Decision decide(const BrokerConnectionLost& request, const DecideContext& context);
Decision decide(const FenceExpiredBroker& request, const DecideContext& context);
Decision decide(const UnregisterBroker& request, const DecideContext& context);
Decision decide(const RegisterController& request, const DecideContext& context);
Decision decide(const AllocateProducerIds& request, const DecideContext& context);
Decision decide(const AssignReplicasToDirs& request, const DecideContext& context);
Decision decide(const AlterPartition& request, const DecideContext& context);
Decision decide(const ElectLeaders& request, const DecideContext& context);
Decision decide(const AlterPartitionReassignments& request, const DecideContext& context);
Decision decide(const BalanceLeaders& request, const DecideContext& context);
Decision decide(const ElectMissingLeaders& request, const DecideContext& context);
Decision decide(const WriteNoOp& request, const DecideContext& context);
Decision decide(const UpdateFeatures& request, const DecideContext& context);
Decision decide(const AlterClientQuotas& request, const DecideContext& context);
Decision decide(const AlterUserScramCredentials& request, const DecideContext& context);
Decision decide(const CreateAcls& request, const DecideContext& context);
Decision decide(const DeleteAcls& request, const DecideContext& context);

// Is this a broker of that epoch? STALE_BROKER_EPOCH, also when it is not registered.
Status check_broker_epoch(const Image& image, BrokerId broker, BrokerEpoch epoch);

}  // namespace milena::metadata
