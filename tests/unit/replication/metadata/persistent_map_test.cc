#include "replication/metadata/persistent_map.h"

#include "protocol/base/random.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

namespace milena::metadata {
namespace {

struct Item {
    std::string name;
    int value = 0;
};
struct ItemTraits {
    using Key = std::string_view;
    static Key key(const Item& item) { return item.name; }
    static std::size_t hash(Key name) { return std::hash<std::string_view>{}(name); }
};
// Everything collides: the map must still compare keys.
struct CollidingTraits : ItemTraits {
    static std::size_t hash(Key) { return 42; }
};

template <class Map>
std::map<std::string, int> contents(const Map& map) {
    std::map<std::string, int> all;
    map.for_each([&](const auto& item) { all[item->name] = item->value; });
    return all;
}

template <class Traits>
void compare_with_std_map(std::uint64_t seed, int names, int rounds) {
    using Map = PersistentMap<Item, Traits>;
    SeededRandom random(seed);
    Map map;
    std::map<std::string, int> model;
    std::vector<std::pair<Map, std::map<std::string, int>>> versions;
    for (int round = 0; round < rounds; ++round) {
        {
            typename Map::Editor editor(map);
            for (auto changes = random.below(20); changes > 0; --changes) {
                const auto name = "n" + std::to_string(random.below(names));
                if (random.below(3) == 0) {
                    editor.erase(name);
                    model.erase(name);
                } else {
                    const int value = static_cast<int>(random.below(1000));
                    editor.set(std::make_shared<Item>(Item{name, value}));
                    model[name] = value;
                }
            }
        }
        ASSERT_EQ(map.size(), model.size()) << "seed " << seed << ", round " << round;
        for (int i = 0; i < names; ++i) {
            const auto name = "n" + std::to_string(i);
            const auto* found = map.find(name);
            const auto expected = model.find(name);
            ASSERT_EQ(found != nullptr, expected != model.end()) << "seed " << seed;
            if (found) {
                ASSERT_EQ(found->value, expected->second) << "seed " << seed;
            }
        }
        versions.emplace_back(map, model);
    }
    for (const auto& [version, expected] : versions) {
        EXPECT_EQ(contents(version), expected) << "an older version changed; seed " << seed;
    }
}

TEST(PersistentMap, AgreesWithAnOrdinaryMapAndKeepsOldVersions) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        compare_with_std_map<ItemTraits>(seed, 300, 60);
    }
}

TEST(PersistentMap, CollidingHashesAreToldApartByKey) {
    compare_with_std_map<CollidingTraits>(7, 20, 60);
}

TEST(PersistentMap, UnchangedValuesAreSharedBetweenVersions) {
    PersistentMap<Item, ItemTraits> before;
    {
        PersistentMap<Item, ItemTraits>::Editor editor(before);
        for (int i = 0; i < 1000; ++i) {
            editor.set(std::make_shared<Item>(Item{std::to_string(i), i}));
        }
    }
    auto after = before;
    PersistentMap<Item, ItemTraits>::Editor(after).erase("500");
    EXPECT_EQ(after.size(), 999U);
    EXPECT_EQ(before.find("500")->value, 500);
    EXPECT_EQ(after.find("500"), nullptr);
    EXPECT_EQ(after.share("7"), before.share("7"));
}

}  // namespace
}  // namespace milena::metadata
