// LZ4 in the frame format, version 1, as Kafka's clients write it: independent blocks of 64 KiB,
// no content size, no checksums but the header's.
//
//   0  4  04 22 4d 18
//   4  1  flags: version (2 bits) = 01, independent blocks, block checksums, content size, content
//         checksum, 0, 0
//   5  1  0, block size code 4 (64 KiB) to 7 (4 MiB), 0000
//   6     [int64 content size] and second byte of the xxHash32 of the flags to here
//
// Java's reader knows one frame per batch, no linked blocks, no dictionaries and no skippable
// frames: a batch that it could not read is refused. Source: clients/.../Lz4BlockInputStream.java.
#include "protocol/record/codec_body.h"

#include <algorithm>

#include <lz4frame.h>

namespace milena {

namespace {

constexpr std::uint32_t kFrameMagic = 0x184d2204;
constexpr std::uint8_t kVersionAndIndependent = 0x60;
constexpr std::uint8_t kMustBeZero = 0x03;
constexpr std::uint8_t kVersionMask = 0xc0;
constexpr int kUsualBlocks = 5;  // 256 KiB
// The level at which Java's writer takes the fast compressor; all others are high-compression ones.
constexpr std::int32_t kFastLevel = level_range(Codec::lz4).standard;
constexpr std::int32_t kLeastHighLevel = 3;  // the library takes lower ones for fast
constexpr std::int32_t kMostHighLevel = 12;

class Lz4Body final : public CodecBody {
  public:
    Lz4Body() = default;
    ~Lz4Body() override { release(); }
    Lz4Body(const Lz4Body&) = delete;
    Lz4Body& operator=(const Lz4Body&) = delete;

    Status compress(std::int32_t level, ByteView input, std::vector<std::uint8_t>& out) override {
        LZ4F_preferences_t how{};
        how.frameInfo.blockSizeID = LZ4F_max64KB;
        how.frameInfo.blockMode = LZ4F_blockIndependent;
        how.compressionLevel =
            level == kFastLevel ? 0 : std::clamp(level, kLeastHighLevel, kMostHighLevel);
        const auto before = out.size();
        const auto room = extend(out, LZ4F_compressFrameBound(input.size(), &how));
        const auto size =
            LZ4F_compressFrame(room.data(), room.size(), input.data(), input.size(), &how);
        if (LZ4F_isError(size) != 0) return cannot_compress("lz4", LZ4F_getErrorName(size));
        out.resize(before + size);
        return {};
    }

    void trim() override {
        if (large_blocks_) release();
    }

  protected:
    Status restart(ByteView input) override {
        constexpr std::size_t kLeastHeader = 7;
        std::uint32_t magic = 0;
        if (input.size() < kLeastHeader) return corrupt("lz4", "they are too short for a frame");
        std::copy_n(input.data(), sizeof magic, reinterpret_cast<std::uint8_t*>(&magic));
        const auto flags = input[4];
        if (magic != kFrameMagic) return corrupt("lz4", "they do not begin with a frame");
        if ((flags & (kVersionMask | kVersionAndIndependent)) != kVersionAndIndependent) {
            return corrupt("lz4", "the frame is not of version 1 with independent blocks");
        }
        if ((flags & kMustBeZero) != 0) {
            return corrupt("lz4", "the frame needs a dictionary or sets a reserved flag");
        }
        if (context_ == nullptr) {
            if (LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION)) != 0) {
                return corrupt("lz4", "the library has no memory");
            }
        }
        LZ4F_resetDecompressionContext(context_);
        large_blocks_ = large_blocks_ || (input[5] >> 4) > kUsualBlocks;
        rest_ = input;
        ended_ = false;
        return {};
    }

    Result<std::size_t> produce(MutableBytes into) override {
        std::size_t filled = 0;
        while (!ended_ && filled < into.size()) {
            auto produced = into.size() - filled;
            auto used = rest_.size();
            const auto result = LZ4F_decompress(context_, into.data() + filled, &produced,
                                                rest_.data(), &used, nullptr);
            if (LZ4F_isError(result) != 0) return corrupt("lz4", LZ4F_getErrorName(result));
            rest_ = rest_.subspan(used);
            filled += produced;
            ended_ = result == 0;
            if (ended_ && !rest_.empty()) return corrupt("lz4", "bytes follow the frame");
            if (!ended_ && produced == 0 && used == 0) return corrupt("lz4", "they are cut off");
        }
        return filled;
    }

  private:
    void release() {
        LZ4F_freeDecompressionContext(context_);
        context_ = nullptr;
        large_blocks_ = false;
    }

    // Its buffers are as large as the largest blocks that a frame has announced.
    LZ4F_dctx* context_ = nullptr;
    bool large_blocks_ = false;
    ByteView rest_;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<CodecBody> make_lz4() {
    return std::make_unique<Lz4Body>();
}

}  // namespace milena
