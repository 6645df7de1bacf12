// What a data directory goes through; every line may be the one at which the power goes.
#include "tests/unit/log/support/crash_matrix.h"

namespace milena::log::test {
namespace {

constexpr const char* kTopic = "orders";
constexpr ProducerId kProducer{7};
constexpr ProducerId kOther{8};

void begin(Stage& stage) {
    stage.open();
    stage.create(kTopic, 1);
}

void fill(Stage& stage, int batches, int epoch = 0, ProducerId producer = kNoProducerId) {
    for (int i = 0; i < batches; ++i) {
        stage.append(kTopic, {.records = 1 + i % 3, .producer_id = producer}, epoch);
    }
}

void append(Stage& stage) {
    begin(stage);
    for (int i = 0; i < 5; ++i) {
        fill(stage, 2, i / 2);
        if (i % 2 == 1) stage.sync(kTopic);
    }
}

void append_large(Stage& stage) {
    begin(stage);
    for (int i = 0; i < 3; ++i) {
        stage.append(kTopic, {.records = 3, .value_bytes = 900});
        if (i == 1) stage.sync(kTopic);
    }
}

void roll(Stage& stage) {
    begin(stage);
    for (int i = 0; i < 5; ++i) {
        fill(stage, 3, i / 2, kProducer);
        stage.sync(kTopic, i % 2 == 0 ? SyncScope::data : SyncScope::everything);
        if (i == 2) stage.roll(kTopic);
        if (i % 2 == 1) stage.checkpoint();
    }
}

void truncate(Stage& stage) {
    begin(stage);
    fill(stage, 10);
    stage.sync(kTopic, SyncScope::everything);
    stage.truncate(kTopic, Offset{15});
    fill(stage, 2, 1);
    stage.sync(kTopic);
    stage.truncate(kTopic, Offset{3});
    fill(stage, 4, 2);
    stage.sync(kTopic);
}

void start_anew(Stage& stage) {
    begin(stage);
    fill(stage, 6);
    stage.sync(kTopic);
    stage.start_anew(kTopic, Offset{100});
    fill(stage, 3, 1);
    stage.sync(kTopic);
}

void retention(Stage& stage) {
    begin(stage);
    for (int i = 0; i < 4; ++i) {
        fill(stage, 5, i, kProducer);
        stage.sync(kTopic, SyncScope::everything);
        stage.retain(kTopic);
        if (i % 2 == 1) stage.checkpoint();
    }
}

void delete_records(Stage& stage) {
    begin(stage);
    fill(stage, 9);
    stage.sync(kTopic, SyncScope::everything);
    stage.advance_start(kTopic, Offset{5});
    stage.checkpoint();
    stage.advance_start(kTopic, Offset{13});
    fill(stage, 2);
    stage.sync(kTopic);
    stage.checkpoint();
    stage.retain(kTopic);
}

void producer_snapshots(Stage& stage) {
    begin(stage);
    for (int i = 0; i < 4; ++i) {
        fill(stage, 2, 0, kProducer);
        fill(stage, 2, 0, kOther);
        stage.roll(kTopic);
        stage.sync(kTopic, SyncScope::everything);
    }
    stage.close();
    stage.open();
    fill(stage, 2, 0, ProducerId{9});
    stage.sync(kTopic);
}

void transactions(Stage& stage) {
    begin(stage);
    for (int i = 0; i < 3; ++i) {
        stage.append(kTopic, {.producer_id = kProducer, .transactional = true});
        stage.append(kTopic, {.producer_id = kOther, .transactional = true});
        stage.append(kTopic, {.producer_id = kProducer, .transactional = true});
        stage.append_marker(kTopic, kProducer, i % 2 == 1);
        stage.append_marker(kTopic, kOther, false);
        stage.sync(kTopic, i == 1 ? SyncScope::everything : SyncScope::data);
    }
    stage.append(kTopic, {.producer_id = kProducer, .transactional = true});
    stage.sync(kTopic);
}

void leader_epochs(Stage& stage) {
    begin(stage);
    for (int epoch = 0; epoch < 5; ++epoch) {
        fill(stage, 1 + epoch % 2, epoch * 3);
        stage.sync(kTopic, SyncScope::everything);
    }
}

// The recovery points, log starts and high watermarks of two partitions.
void offset_checkpoints(Stage& stage) {
    begin(stage);
    stage.create("other", 2);
    for (int i = 0; i < 3; ++i) {
        fill(stage, 5);
        stage.append("other");
        stage.sync(kTopic, SyncScope::everything);
        stage.sync("other", SyncScope::everything);
        stage.advance_start(kTopic, Offset{3 + 2 * i});
        stage.checkpoint();
    }
}

void create(Stage& stage) {
    stage.open();
    for (std::uint64_t i = 1; i <= 4; ++i) {
        const std::string topic = "t" + std::to_string(i);
        stage.create(topic, i);
        stage.append(topic);
        stage.sync(topic);
    }
}

void remove(Stage& stage) {
    begin(stage);
    stage.create("other", 2);
    fill(stage, 6);
    stage.append("other");
    stage.sync(kTopic, SyncScope::everything);
    stage.sync("other");
    stage.checkpoint();
    stage.remove(kTopic);
    stage.step();
    stage.append("other");
    stage.sync("other");
    stage.step();
    stage.step();
    stage.checkpoint();
}

void recreate(Stage& stage) {
    begin(stage);
    fill(stage, 8);
    stage.sync(kTopic, SyncScope::everything);
    stage.advance_start(kTopic, Offset{6});
    stage.checkpoint();
    stage.remove(kTopic);
    stage.create(kTopic, 2);
    fill(stage, 2);
    stage.sync(kTopic);
    stage.step();
    stage.mark_stray(kTopic);
    stage.create(kTopic, 3);
    fill(stage, 1);
    stage.sync(kTopic);
}

void clean_stop(Stage& stage) {
    begin(stage);
    fill(stage, 6, 0, kProducer);
    stage.close();
    stage.open();
    fill(stage, 3, 1, kOther);
    stage.sync(kTopic);
    stage.kill();
    stage.open();
    fill(stage, 2, 2);
    stage.close();
}

void full_disk(Stage& stage) {
    begin(stage);
    fill(stage, 4);
    stage.sync(kTopic, SyncScope::everything);
    stage.checkpoint();
    fill(stage, 5);
    stage.sync(kTopic, SyncScope::everything);
    stage.retain(kTopic);
    stage.checkpoint();
    fill(stage, 3);
    stage.sync(kTopic);
}

void small_retention(LogSettings& settings) {
    settings.retention_bytes = 2'000;
}
void large_segments(LogSettings& settings) {
    settings.segment_bytes = 64 << 10;
    settings.index_interval_bytes = 512;
}

}  // namespace

const std::vector<Scenario>& scenarios() {
    static const std::vector<Scenario> kScenarios{
        {"append", &append},
        {"append_large", &append_large, &large_segments},
        {"roll", &roll},
        {"truncate", &truncate},
        {"start_anew", &start_anew},
        {"retention", &retention, &small_retention},
        {"delete_records", &delete_records, &small_retention},
        {"producer_snapshots", &producer_snapshots},
        {"transactions", &transactions},
        {"leader_epochs", &leader_epochs},
        {"offset_checkpoints", &offset_checkpoints},
        {"create", &create},
        {"remove", &remove},
        {"recreate", &recreate},
        {"clean_stop", &clean_stop},
        {"full_disk", &full_disk, &small_retention},
    };
    return kScenarios;
}

}  // namespace milena::log::test
