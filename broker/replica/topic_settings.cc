#include "broker/replica/topic_settings.h"

#include "log/cleaner/clean_range.h"

#include <algorithm>
#include <limits>

namespace milena::replica {
namespace {

namespace topic = config::opt::topic;

log::CleanupPolicy cleanup_policy(const std::vector<std::string>& words) {
    const bool compact = std::find(words.begin(), words.end(), "compact") != words.end();
    const bool remove = std::find(words.begin(), words.end(), "delete") != words.end();
    if (compact && remove) return log::CleanupPolicy::compact_and_remove;
    if (compact) return log::CleanupPolicy::compact;
    return remove ? log::CleanupPolicy::remove : log::CleanupPolicy::none;
}

log::LogSettings log_settings(const config::Settings& broker, const config::TopicValues& values) {
    log::LogSettings log;
    log.segment_bytes = static_cast<std::uint64_t>(values.get(topic::segment_bytes));
    // A test setting of Kafka's that allows segments below the usual minimum.
    if (const auto tiny = values.get(topic::internal_segment_bytes)) {
        log.segment_bytes = static_cast<std::uint64_t>(*tiny);
    }
    log.segment_ms = values.get(topic::segment_ms);
    log.segment_jitter_ms = values.get(topic::segment_jitter_ms);
    log.segment_index_bytes = static_cast<std::uint32_t>(values.get(topic::segment_index_bytes));
    log.index_interval_bytes = static_cast<std::uint32_t>(values.get(topic::index_interval_bytes));
    const auto retention_ms = values.get(topic::retention_ms);
    log.retention_ms = retention_ms < Millis(0) ? std::nullopt : std::optional(retention_ms);
    const auto retention_bytes = values.get(topic::retention_bytes);
    log.retention_bytes = retention_bytes < 0
                              ? std::nullopt
                              : std::optional(static_cast<std::uint64_t>(retention_bytes));
    log.file_delete_delay_ms = values.get(topic::file_delete_delay_ms);
    log.cleanup_policy = cleanup_policy(values.get(topic::cleanup_policy));
    log.producer_id_expiration_ms = broker.get(config::opt::broker::producer_id_expiration_ms);
    log.max_producer_ids =
        static_cast<std::size_t>(broker.get(config::opt::broker::producer_ids_per_partition_max));
    log.min_cleanable_dirty_ratio = values.get(topic::min_cleanable_dirty_ratio);
    log.min_compaction_lag_ms = values.get(topic::min_compaction_lag_ms);
    log.max_compaction_lag_ms = values.get(topic::max_compaction_lag_ms);
    log.delete_retention_ms = values.get(topic::delete_retention_ms);
    // What must be compacted by then has to be out of the active segment.
    if (log::compacts(log.cleanup_policy)) {
        log.segment_ms = std::min(log.segment_ms, log.max_compaction_lag_ms);
    }
    return log;
}

std::optional<Compression> compression(const config::TopicValues& values) {
    const auto name = values.get(topic::compression_type);
    if (name == "producer") return std::nullopt;
    const auto codec = parse_codec(name).value_or(Codec::none);
    auto how = Compression::standard(codec);
    if (codec == Codec::gzip) how.level = values.get(topic::compression_gzip_level);
    if (codec == Codec::lz4) how.level = values.get(topic::compression_lz4_level);
    if (codec == Codec::zstd) how.level = values.get(topic::compression_zstd_level);
    return how;
}

BatchRules batch_rules(const config::TopicValues& values, const log::LogSettings& log) {
    BatchRules rules;
    rules.max_message_bytes = static_cast<std::uint32_t>(values.get(topic::max_message_bytes));
    rules.segment_bytes = log.segment_bytes;
    rules.compacted = log::compacts(log.cleanup_policy);
    rules.timestamp_type = values.get(topic::message_timestamp_type) == "LogAppendTime"
                               ? TimestampType::log_append_time
                               : TimestampType::create_time;
    rules.timestamp_before_max = values.get(topic::message_timestamp_before_max_ms);
    rules.timestamp_after_max = values.get(topic::message_timestamp_after_max_ms);
    rules.compression = compression(values);
    return rules;
}

}  // namespace

std::shared_ptr<const TopicSettings> topic_settings(const config::Settings& broker,
                                                    const config::ConfigMap& own) {
    const auto values = config::topic_values(broker, own);
    auto settings = std::make_shared<TopicSettings>();
    settings->log = log_settings(broker, values);
    settings->replication.min_isr = values.get(topic::min_insync_replicas);
    settings->replication.durability = values.get(topic::write_durability) == "page-cache"
                                           ? partition::Durability::page_cache
                                           : partition::Durability::disk;
    settings->replication.replica_lag_time_max =
        Millis(broker.get(config::opt::broker::replica_lag_time_max_ms));
    settings->log.sync_on_roll = settings->replication.durability == partition::Durability::disk;
    settings->batches = batch_rules(values, settings->log);
    settings->throttled_senders =
        ThrottledReplicas(values.get(topic::leader_replication_throttled_replicas));
    settings->throttled_fetchers =
        ThrottledReplicas(values.get(topic::follower_replication_throttled_replicas));
    return settings;
}

}  // namespace milena::replica
