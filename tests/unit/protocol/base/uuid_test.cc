#include "protocol/base/uuid.h"

#include "protocol/base/crc32c.h"
#include "protocol/base/random.h"

#include <gtest/gtest.h>

namespace milena {
namespace {

TEST(Uuid, TextFormIsThatOfKafka) {
    // The topic id of __cluster_metadata (clients/.../common/Uuid.java, METADATA_TOPIC_ID).
    EXPECT_EQ((Uuid{0, 1}.to_string()), "AAAAAAAAAAAAAAAAAAAAAQ");
    EXPECT_EQ(Uuid::parse("AAAAAAAAAAAAAAAAAAAAAQ"), (Uuid{0, 1}));
    EXPECT_FALSE(Uuid::parse("too short"));
    EXPECT_FALSE(Uuid::parse("AAAAAAAAAAAAAAAAAAAA=="));
}

TEST(Uuid, TextRoundTripsForRandomIds) {
    SeededRandom random(1);
    for (int i = 0; i < 10'000; ++i) {
        const auto id = random.uuid();
        EXPECT_EQ(Uuid::parse(id.to_string()), id) << "seed 1, round " << i;
        EXPECT_NE(id.to_string()[0], '-') << "seed 1, round " << i;
    }
}

TEST(Crc32c, KnownVectors) {
    // RFC 3720 B.4.
    const std::vector<std::uint8_t> zeros(32, 0);
    EXPECT_EQ(crc32c(zeros), 0x8a9136aaU);
    EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283U);
    EXPECT_EQ(crc32c(as_bytes("6789"), crc32c(as_bytes("12345"))), 0xe3069283U);
}

}  // namespace
}  // namespace milena
