// Which bytes of a segment something is known of: that they are damaged, or have been checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace milena::log {

// Ascending and apart from each other.
class ByteRanges {
  public:
    struct Range {
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
    };

    bool empty() const { return ranges_.empty(); }
    bool covers(std::uint64_t begin, std::uint64_t end) const;
    // Joins it with those that it touches.
    void add(std::uint64_t begin, std::uint64_t end);
    // Forgets everything from `position` on.
    void cut(std::uint64_t position);
    // Keeps memory bounded: the smallest goes while there are more than `most`.
    void limit(std::size_t most);

    // Behind the range that `position` is in; `position` itself when it is in none.
    std::uint64_t behind(std::uint64_t position) const;
    // Where the first range begins that ends behind `position`.
    std::optional<std::uint64_t> next_from(std::uint64_t position) const;
    bool ends_at(std::uint64_t position) const;
    const std::vector<Range>& ranges() const { return ranges_; }

  private:
    std::vector<Range> ranges_;
};

}  // namespace milena::log
