// Zstandard frames. Frames that follow each other make one stream, skippable ones are skipped, as
// in Java's reader; dictionaries are not known, and windows are at most 128 MiB, its limit.
#include "protocol/record/codec_body.h"

#include <zstd.h>

namespace milena {

namespace {

constexpr int kMostWindowLog = 27;
// A context that a frame with a large window made larger than this is not kept. Java's clients
// announce windows of 2 MiB at their standard level, 8 MiB at level 19.
constexpr std::size_t kKeptContextBytes = 9 << 20;

class ZstdBody final : public CodecBody {
  public:
    ZstdBody() = default;
    ~ZstdBody() override {
        ZSTD_freeDCtx(in_);
        ZSTD_freeCCtx(out_);
    }
    ZstdBody(const ZstdBody&) = delete;
    ZstdBody& operator=(const ZstdBody&) = delete;

    Status compress(std::int32_t level, ByteView input, std::vector<std::uint8_t>& out) override {
        if (out_ == nullptr) out_ = ZSTD_createCCtx();
        if (out_ == nullptr) return cannot_compress("zstd", "the library has no memory");
        const auto before = out.size();
        const auto room = extend(out, ZSTD_compressBound(input.size()));
        const auto size =
            ZSTD_compressCCtx(out_, room.data(), room.size(), input.data(), input.size(), level);
        if (ZSTD_isError(size) != 0) return cannot_compress("zstd", ZSTD_getErrorName(size));
        out.resize(before + size);
        return {};
    }

    // The library reserves the window that a frame announces; the kernel gives memory only for
    // what is written to it.
    void trim() override {
        if (in_ != nullptr && ZSTD_sizeof_DCtx(in_) > kKeptContextBytes) {
            ZSTD_freeDCtx(in_);
            in_ = nullptr;
        }
        if (out_ != nullptr && ZSTD_sizeof_CCtx(out_) > kKeptContextBytes) {
            ZSTD_freeCCtx(out_);
            out_ = nullptr;
        }
    }

  protected:
    Status restart(ByteView input) override {
        if (input.empty()) return corrupt("zstd", "there are no bytes");
        if (in_ == nullptr) {
            in_ = ZSTD_createDCtx();
            if (in_ == nullptr) return corrupt("zstd", "the library has no memory");
            ZSTD_DCtx_setParameter(in_, ZSTD_d_windowLogMax, kMostWindowLog);
        }
        ZSTD_DCtx_reset(in_, ZSTD_reset_session_only);
        input_ = {input.data(), input.size(), 0};
        between_frames_ = true;
        return {};
    }

    Result<std::size_t> produce(MutableBytes into) override {
        ZSTD_outBuffer output{into.data(), into.size(), 0};
        while (output.pos < output.size) {
            const auto used = input_.pos;
            const auto made = output.pos;
            if (between_frames_ && used == input_.size) break;
            const auto result = ZSTD_decompressStream(in_, &output, &input_);
            if (ZSTD_isError(result) != 0) return corrupt("zstd", ZSTD_getErrorName(result));
            between_frames_ = result == 0;
            if (!between_frames_ && input_.pos == used && output.pos == made) {
                return corrupt("zstd", "they are cut off");
            }
        }
        return output.pos;
    }

  private:
    ZSTD_DCtx* in_ = nullptr;
    ZSTD_CCtx* out_ = nullptr;
    ZSTD_inBuffer input_{};
    bool between_frames_ = true;
};

}  // namespace

std::unique_ptr<CodecBody> make_zstd() {
    return std::make_unique<ZstdBody>();
}

}  // namespace milena
