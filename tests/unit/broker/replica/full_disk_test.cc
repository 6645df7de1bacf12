// Issue 5.8: a disk that is full and heals, over and over, and nothing that was acknowledged is
// lost.
#include "protocol/record/batch_view.h"
#include "tests/unit/broker/replica/store_fixture.h"
#include "tests/unit/log/support/memory_disk.h"

#include <gmock/gmock.h>

namespace milena::replica {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kCapacity = 200'000;
constexpr std::uint64_t kRefuseBelow = 40'000;
constexpr std::uint64_t kResumeAt = 80'000;
constexpr std::size_t kValueBytes = 1'000;
constexpr std::int64_t kKept = 30;  // records

struct FullDiskTest : StoreFixture {
    FullDiskTest() : StoreFixture(disk) {
        disk.capacity = kCapacity;
        room = {kRefuseBelow, kResumeAt};
        settings.replication.durability = partition::Durability::disk;
        settings.log.segment_bytes = 16'000;
        settings.log.retention_ms.reset();
        settings.log.file_delete_delay_ms = Millis{0};
    }
    ~FullDiskTest() override { release(); }

    bool acknowledged(Partition& partition, log::AppendOrigin origin) {
        const auto outcome = append(partition, origin, kValueBytes, Acks::all);
        if (!outcome) {
            refusal = outcome.error();
            return false;
        }
        run_jobs();
        const auto done = partition.is_acknowledged(*outcome);
        EXPECT_TRUE(done && *done) << outcome->base_offset.value();
        EXPECT_EQ(outcome->base_offset, Offset(taken));
        ++taken;
        return true;
    }
    // Somebody else takes the rest.
    void leave(std::uint64_t free) {
        disk.put("/other/file", "");
        disk.put("/other/file", std::string(disk.space("/")->free - free, 'x'));
    }
    void read_everything(Partition& partition) {
        Offset next = partition.marks()->log_start_offset;
        EXPECT_LE(next, Offset(taken - kKept));
        while (next < Offset(taken)) {
            ReadRequest request;
            request.from = next;
            request.max_bytes = 1 << 20;
            const auto read = partition.read(request);
            ASSERT_TRUE(read) << read.error().detail;
            std::vector<std::uint8_t> bytes(read->records.slice.length);
            ASSERT_FALSE(bytes.empty()) << "nothing at " << next.value();
            read->records.slice.source->read_some(read->records.slice.position, bytes);
            BatchSplitter split{ByteView(bytes)};
            while (split.next()) {
                EXPECT_TRUE(split.batch().crc_matches());
                // The log starts within a batch perhaps.
                EXPECT_LE(split.batch().base_offset(), next);
                next = split.batch().last_offset() + 1;
            }
        }
    }

    log::test::MemoryDisk disk;
    std::int64_t taken = 0;  // and acknowledged
    Error refusal;
};

TEST_F(FullDiskTest, RefusesProducersOnlyAndHealsByItselfAHundredTimes) {
    open();
    const auto partition = add(name(0));
    for (int cycle = 0; cycle < 100; ++cycle) {
        SCOPED_TRACE(cycle);
        store->step();
        const auto before = taken;
        while (acknowledged(*partition, log::AppendOrigin::client)) {
            ASSERT_LT(taken - before, 1'000) << "the reserve is gone";
        }
        EXPECT_GT(taken - before, 20);
        EXPECT_EQ(refusal.code, ErrorCode::KAFKA_STORAGE_ERROR) << "which is retriable";
        EXPECT_THAT(refusal.detail, HasSubstr("nearly full"));
        store->step();
        EXPECT_TRUE(acknowledged(*partition, log::AppendOrigin::coordinator)) << refusal.detail;
        checkpoint();

        leave(0);
        EXPECT_FALSE(acknowledged(*partition, log::AppendOrigin::coordinator));
        EXPECT_EQ(refusal.code, ErrorCode::KAFKA_STORAGE_ERROR);
        (void)store->checkpoint(partitions);
        store->step();
        EXPECT_TRUE(store->is_online(DirectoryIndex{0})) << "a full disk is not a broken one";
        EXPECT_EQ(end_of(*partition), taken) << "reading goes on";
        ASSERT_TRUE(partition->delete_records(Offset(taken - kKept), now().mono));
        const auto removed = partition->upkeep(disk, now());
        ASSERT_TRUE(removed) << removed.error().detail;
        EXPECT_FALSE(acknowledged(*partition, log::AppendOrigin::client)) << "not looked at yet";

        ASSERT_TRUE(disk.remove("/other/file"));
        store->step();
    }
    read_everything(*partition);
    disk.lose_unsynced();
    open();
    const auto found = add(name(0));
    EXPECT_EQ(end_of(*found), taken);
    read_everything(*found);
}

TEST_F(FullDiskTest, ProducersGoOnFromTheUpperMarkOnly) {
    open();
    const auto partition = add(name(0));
    leave(kRefuseBelow - 1);
    store->step();
    EXPECT_FALSE(acknowledged(*partition, log::AppendOrigin::client));
    leave(kResumeAt - 1);
    store->step();
    EXPECT_FALSE(acknowledged(*partition, log::AppendOrigin::client));
    leave(kResumeAt);
    store->step();
    EXPECT_TRUE(acknowledged(*partition, log::AppendOrigin::client));
}

}  // namespace
}  // namespace milena::replica
