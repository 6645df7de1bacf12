// The metadata controller: requests -> records and replies. decide() looks at the state and changes
// nothing; apply() alone changes it, from records. What is decided may be applied before it is
// committed, so that the next request sees it; when leadership is lost, the controller is thrown
// away and a new one begins from the committed image.
//
// One .cc per family of verbs: create_topics, delete_topics, create_partitions, alter_configs,
// brokers, features (bootstrap), producer_ids.
#pragma once

#include "protocol/base/random.h"
#include "protocol/base/time.h"
#include "replication/metadata/config_rules.h"
#include "replication/metadata/loader.h"
#include "replication/metadata/requests.h"
#include "replication/record_list.h"

#include <string>

namespace milena::metadata {

// What one request may cause to be written (metadata/.../QuorumController.java, raft/.../
// KafkaRaftClient.java): more is refused with POLICY_VIOLATION.
inline constexpr std::size_t kMaxRecordsPerRequest = 10'000;
inline constexpr std::size_t kMaxRecordBytesPerRequest = 7 * 1024 * 1024;
inline constexpr std::int64_t kMaxPartitionsPerRequest = 10'000;
inline constexpr std::int32_t kProducerIdBlock = 1000;
inline constexpr std::size_t kMaxConfigValueLength = 32'767;

// The static settings that the controller looks at.
struct ControllerOptions {
    std::string cluster_id;
    std::int32_t num_partitions = 1;              // num.partitions
    std::int16_t default_replication_factor = 1;  // default.replication.factor
    std::int32_t min_insync_replicas = 1;         // min.insync.replicas
};

struct Decision {
    RecordList records;  // committed as a whole; empty: nothing to do but reply
    Reply reply;         // once the records are committed
};

// What a verb decides from.
struct DecideContext {
    const Image& image;
    const ControllerOptions& options;
    const ConfigRules& rules;
    Offset log_end;  // offset of the first record of this decision
    MonoTime now;
    Random& random;
};

class Controller {
  public:
    // Both references must outlive the controller.
    Controller(const ControllerOptions& options, const ConfigRules& rules, ImagePtr image)
        : options_(options), rules_(rules), loader_(std::move(image)) {}

    // `log_end` is the offset that the first of the records will get.
    Decision decide(const Request& request, Offset log_end, MonoTime now, Random& random) const;

    // The records of a decision of its own, with what they changed.
    ImageChange apply(const RecordList& records, const Provenance& provenance);

    const ImagePtr& image() const { return loader_.image(); }

  private:
    const ControllerOptions& options_;
    const ConfigRules& rules_;
    Loader loader_;
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
Decision decide(const RegisterController& request, const DecideContext& context);
Decision decide(const AllocateProducerIds& request, const DecideContext& context);

}  // namespace milena::metadata
