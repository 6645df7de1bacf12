// Snappy in the framing of snappy-java ("xerial"), which Kafka's clients write, or as one bare
// block, which librdkafka writes and Java's reader takes too.
//
//    0   8  82 'S' 'N' 'A' 'P' 'P' 'Y' 00
//    8   4  version, 4 least version that can read it: 1 and 1; Java's reader takes any
//   16      blocks: int32 size (big-endian) and a bare snappy block of that size
//
// The header may stand again between two blocks: streams that follow each other make one stream.
// Source: behaviour of snappy-java's SnappyInputStream, asked of Kafka 4.2.
#include "protocol/record/codec_body.h"

#include <algorithm>
#include <array>

#include <snappy.h>

namespace milena {

namespace {

constexpr std::array<std::uint8_t, 16> kHeader = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0,
                                                  0,    0,   0,   1,   0,   0,   0,   1};
constexpr std::size_t kMagicBytes = 8;
constexpr std::size_t kBlockBytes = 32 * 1024;  // snappy-java's default
// The densest element of the format makes 64 bytes out of 3.
constexpr std::size_t kMostExpansion = 22;

const char* chars(const std::uint8_t* at) {
    return reinterpret_cast<const char*>(at);
}
char* chars(std::uint8_t* at) {
    return reinterpret_cast<char*>(at);
}

class SnappyBody final : public CodecBody {
  public:
    Status compress(std::int32_t, ByteView input, std::vector<std::uint8_t>& out) override {
        out.insert(out.end(), kHeader.begin(), kHeader.end());
        while (!input.empty()) {
            const auto block = input.first(std::min(input.size(), kBlockBytes));
            input = input.subspan(block.size());
            const auto at = out.size();
            const auto room = extend(out, 4 + snappy::MaxCompressedLength(block.size()));
            std::size_t size = 0;
            snappy::RawCompress(chars(block.data()), block.size(), chars(room.data() + 4), &size);
            store_be(room.data(), static_cast<std::int32_t>(size));
            out.resize(at + 4 + size);
        }
        return {};
    }

    void trim() override { release_if_large(block_); }

  protected:
    Status restart(ByteView input) override {
        rest_ = input;
        unread_ = {};
        framed_ = begins_with_header();
        if (input.empty()) return corrupt("snappy", "there are no bytes");
        return {};
    }

    Result<std::size_t> produce(MutableBytes into) override {
        while (unread_.empty()) {
            MILENA_ASSIGN(const auto block, next_block());
            if (block.empty()) return 0;
            std::size_t size = 0;
            if (!snappy::GetUncompressedLength(chars(block.data()), block.size(), &size) ||
                size > block.size() * kMostExpansion) {
                return corrupt("snappy", "a block begins with an impossible length");
            }
            if (size > left()) return too_large();
            const bool direct = size <= into.size();
            if (!direct && block_.size() < size) block_.resize(size);
            auto* to = direct ? into.data() : block_.data();
            if (!snappy::RawUncompress(chars(block.data()), block.size(), chars(to))) {
                return corrupt("snappy", "a block is broken");
            }
            if (direct && size > 0) return size;
            unread_ = ByteView(block_).first(direct ? 0 : size);
        }
        const auto n = std::min(into.size(), unread_.size());
        std::copy_n(unread_.begin(), n, into.begin());
        unread_ = unread_.subspan(n);
        return n;
    }

  private:
    bool begins_with_header() const {
        return rest_.size() >= kHeader.size() &&
               std::equal(kHeader.begin(), kHeader.begin() + kMagicBytes, rest_.begin());
    }

    // Empty at the end.
    Result<ByteView> next_block() {
        if (!framed_) {
            const auto block = rest_;
            rest_ = {};
            return block;
        }
        while (begins_with_header()) rest_ = rest_.subspan(kHeader.size());
        if (rest_.empty()) return ByteView();
        if (rest_.size() < 4) return corrupt("snappy", "they are cut off");
        const auto size = load_be<std::int32_t>(rest_.data());
        if (size <= 0 || static_cast<std::size_t>(size) > rest_.size() - 4) {
            return corrupt("snappy", "a block is longer than what is left, or not positive");
        }
        const auto block = rest_.subspan(4, static_cast<std::size_t>(size));
        rest_ = rest_.subspan(4 + block.size());
        return block;
    }

    ByteView rest_;    // compressed, not looked at yet
    ByteView unread_;  // of block_
    std::vector<std::uint8_t> block_;
    bool framed_ = false;
};

}  // namespace

std::unique_ptr<CodecBody> make_snappy() {
    return std::make_unique<SnappyBody>();
}

}  // namespace milena
