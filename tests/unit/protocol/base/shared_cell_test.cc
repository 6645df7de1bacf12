#include "protocol/base/shared_cell.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace milena {
namespace {

struct Pair {
    explicit Pair(int n) : a(n), b(-n) {}
    int a;
    int b;
};

TEST(SharedCell, GivesWhatWasStoredLastAndKeepsItAliveForReaders) {
    SharedCell<const Pair> cell;
    EXPECT_EQ(cell.load(), nullptr);
    cell.store(std::make_shared<const Pair>(1));
    const auto held = cell.load();
    std::weak_ptr<const Pair> first = held;
    cell.store(std::make_shared<const Pair>(2));
    EXPECT_EQ(held->a, 1);
    EXPECT_EQ(cell.load()->a, 2);
    EXPECT_FALSE(first.expired());
}

TEST(SharedCell, ReadersSeeWholeValuesThatNeverGoBack) {
    SharedCell<const Pair> cell(std::make_shared<const Pair>(0));
    constexpr int kLast = 2000;
    std::vector<std::thread> readers;
    for (int r = 0; r < 3; ++r) {
        readers.emplace_back([&] {
            int last = 0;
            while (last < kLast) {
                const auto seen = cell.load();
                ASSERT_EQ(seen->a, -seen->b);
                ASSERT_GE(seen->a, last);
                last = seen->a;
            }
        });
    }
    for (int n = 1; n <= kLast; ++n) cell.store(std::make_shared<const Pair>(n));
    for (auto& reader : readers) reader.join();
}

}  // namespace
}  // namespace milena
