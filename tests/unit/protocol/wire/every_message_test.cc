// What must hold for every message in every version, whatever its fields are.
#include "protocol/wire/frame.h"
#include "protocol/wire/json.h"
#include "protocol/wire/registry.h"
#include "tests/conformance/wire/random_message.h"

#include <gtest/gtest.h>

namespace milena {
namespace {

constexpr int kRounds = 5;

// Encodes a random message, reads it back, and tries every way of cutting it short.
template <class T>
void check_message(std::uint64_t seed) {
    SeededRandom random(seed);
    for (std::int16_t v = T::kMinVersion; v <= T::kMaxVersion; ++v) {
        for (int round = 0; round < kRounds; ++round) {
            SCOPED_TRACE(std::string(T::kName) + " version " + std::to_string(v) + " seed " +
                         std::to_string(seed) + " round " + std::to_string(round));
            Arena arena;
            const ApiVersion version{v};
            const T message = random_message<T>(random, arena, version);
            const auto bytes = encode_message(message, version);
            ASSERT_TRUE(bytes) << bytes.error().detail;
            Arena reading;
            const auto back =
                decode_message<T>(*bytes, version, reading, kTrustedLimits, Trailing::kRefused);
            ASSERT_TRUE(back) << back.error().detail;
            ASSERT_EQ(*back, message);

            for (std::size_t cut = 0; cut < bytes->size(); cut += 1 + cut / 16) {
                Arena scratch;
                ASSERT_FALSE(decode_message<T>(ByteView(*bytes).first(cut), version, scratch))
                    << "cut to " << cut << " of " << bytes->size();
            }
        }
    }
}

TEST(EveryMessage, ReadsBackAsWrittenAndRefusesToBeCutShort) {
    std::uint64_t seed = 1;
#define MILENA_MESSAGE(name) check_message<msg::name>(seed++);
#include "protocol/msg/all_messages.def"
#undef MILENA_MESSAGE
}

TEST(EveryMessage, OfEveryApiIsInTheRegistry) {
    for (const auto& api : api_table()) {
        for (const auto kind : {MessageKind::kRequest, MessageKind::kResponse}) {
            const auto* type = find_message_type(kind, static_cast<std::int16_t>(api.key));
            ASSERT_NE(type, nullptr) << api.name;
            EXPECT_EQ(type->min_version, api.min_version) << api.name;
            EXPECT_EQ(type->max_version, api.max_unstable_version) << api.name;
            EXPECT_EQ(type->first_flexible, std::max(api.first_flexible, api.min_version))
                << api.name;
        }
    }
    EXPECT_EQ(api_table().size(), 89U);
    EXPECT_EQ(find_api(4), nullptr);  // LeaderAndIsr is gone
    EXPECT_EQ(find_api(-1), nullptr);
    EXPECT_EQ(find_api(93), nullptr);
    EXPECT_EQ(find_api(9999), nullptr);
    EXPECT_EQ(find_api(22)->max_version, 5);  // InitProducerId v6 is unstable
    EXPECT_EQ(find_api(22)->max_unstable_version, 6);
}

}  // namespace
}  // namespace milena
