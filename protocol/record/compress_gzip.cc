// gzip by zlib. As Java's reader does, members that follow each other make one stream; unlike it,
// nothing else may follow the last one.
#include "protocol/record/codec_body.h"

#include <algorithm>
#include <limits>
#include <optional>

#include <zlib.h>

namespace milena {

namespace {

constexpr int kGzipFraming = 16;  // added to the window bits: gzip header and trailer, no other
constexpr int kMemoryLevel = 8;

class GzipBody final : public CodecBody {
  public:
    GzipBody() = default;
    ~GzipBody() override {
        if (inflating_) inflateEnd(&in_);
        if (deflate_level_) deflateEnd(&out_);
    }
    GzipBody(const GzipBody&) = delete;
    GzipBody& operator=(const GzipBody&) = delete;

    Status compress(std::int32_t level, ByteView input, std::vector<std::uint8_t>& out) override {
        MILENA_TRY(prepare_deflate(level));
        const auto before = out.size();
        const auto room = extend(out, deflateBound(&out_, input.size()));
        set_input(out_, input);
        out_.next_out = room.data();
        out_.avail_out = static_cast<uInt>(room.size());
        if (deflate(&out_, Z_FINISH) != Z_STREAM_END) return cannot_compress("gzip", text(out_));
        out.resize(before + out_.total_out);
        return {};
    }

  protected:
    Status restart(ByteView input) override {
        const int result =
            inflating_ ? inflateReset(&in_) : inflateInit2(&in_, MAX_WBITS + kGzipFraming);
        if (result != Z_OK) return corrupt("gzip", "zlib has no memory");
        inflating_ = true;
        ended_ = false;
        set_input(in_, input);
        return {};
    }

    Result<std::size_t> produce(MutableBytes into) override {
        in_.next_out = into.data();
        in_.avail_out =
            static_cast<uInt>(std::min<std::size_t>(into.size(), std::numeric_limits<uInt>::max()));
        const auto room = in_.avail_out;
        while (!ended_ && in_.avail_out > 0) {
            const int result = inflate(&in_, Z_NO_FLUSH);
            if (result == Z_STREAM_END) {
                ended_ = in_.avail_in == 0;
                if (!ended_) inflateReset(&in_);
            } else if (result == Z_BUF_ERROR || (result == Z_OK && in_.avail_out > 0)) {
                return corrupt("gzip", "they are cut off");
            } else if (result != Z_OK) {
                return corrupt("gzip", text(in_));
            }
        }
        return room - in_.avail_out;
    }

  private:
    // A batch is far below 4 GiB.
    static void set_input(z_stream& stream, ByteView input) {
        stream.next_in = const_cast<Bytef*>(input.data());
        stream.avail_in = static_cast<uInt>(input.size());
    }
    static std::string_view text(const z_stream& stream) {
        return stream.msg != nullptr ? stream.msg : "zlib does not say why";
    }

    Status prepare_deflate(std::int32_t level) {
        if (deflate_level_ == level) {
            deflateReset(&out_);
            return {};
        }
        if (deflate_level_) deflateEnd(&out_);
        deflate_level_.reset();
        out_ = {};
        if (deflateInit2(&out_, level, Z_DEFLATED, MAX_WBITS + kGzipFraming, kMemoryLevel,
                         Z_DEFAULT_STRATEGY) != Z_OK) {
            return cannot_compress("gzip", text(out_));
        }
        deflate_level_ = level;
        return {};
    }

    z_stream in_{};
    z_stream out_{};
    bool inflating_ = false;
    bool ended_ = false;
    std::optional<std::int32_t> deflate_level_;
};

}  // namespace

std::unique_ptr<CodecBody> make_gzip() {
    return std::make_unique<GzipBody>();
}

}  // namespace milena
