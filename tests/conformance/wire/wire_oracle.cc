// Our side of the wire conformance test; the other side and the file format: WireOracle.java.
//
//   wire_oracle list                    every message with its versions
//   wire_oracle write SEED COUNT FILE   COUNT random messages of every version
//   wire_oracle check FILE              decodes and encodes every message again; compares the JSON

#include "protocol/wire/frame.h"
#include "protocol/wire/registry.h"
#include "tests/conformance/wire/random_message.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace milena {
namespace {

std::uint64_t hash_of(std::string_view name) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(c)) * 1099511628211ULL;
    return hash;
}

void put(std::ofstream& out, ByteView bytes) {
    std::uint8_t size[4];
    store_be(size, static_cast<std::uint32_t>(bytes.size()));
    out.write(reinterpret_cast<const char*>(size), sizeof size);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
}

template <class T>
void write_messages(std::uint64_t seed, int count, std::ofstream& out) {
    for (std::int16_t v = T::kMinVersion; v <= T::kMaxVersion; ++v) {
        SeededRandom random(seed ^ (hash_of(T::kName) + static_cast<std::uint64_t>(v)));
        for (int i = 0; i < count; ++i) {
            Arena arena;
            const auto message = random_message<T>(random, arena, ApiVersion{v});
            const auto body = encode_message(message, ApiVersion{v});
            if (!body) {
                fmt::print("{}\n", body.error().detail);
                std::exit(1);
            }
            put(out, as_bytes(T::kName));
            std::uint8_t version[2];
            store_be(version, v);
            out.write(reinterpret_cast<const char*>(version), sizeof version);
            put(out, *body);
            put(out, {});
        }
    }
}

int write(std::uint64_t seed, int count, const char* path) {
    std::ofstream out(path, std::ios::binary);
#define MILENA_MESSAGE(name) write_messages<msg::name>(seed, count, out);
#include "protocol/msg/all_messages.def"
#undef MILENA_MESSAGE
    return out.flush() ? 0 : 1;
}

int list() {
    for (const auto* type : all_message_types()) {
        fmt::print("{} {} {}\n", type->name, type->min_version, type->max_version);
    }
    return 0;
}

std::string hex(ByteView bytes) {
    std::string text;
    for (const auto byte : bytes) fmt::format_to(std::back_inserter(text), "{:02x}", byte);
    return text;
}

// Equal but for the last digit of a floating-point number, which the parser does not get right.
bool same_json(const boost::json::value& a, const boost::json::value& b) {
    if (a.is_double() && b.is_double()) {
        return std::abs(a.get_double() - b.get_double()) <= 1e-14 * std::abs(a.get_double());
    }
    if (a.is_array() && b.is_array()) {
        return std::ranges::equal(a.get_array(), b.get_array(), same_json);
    }
    if (a.is_object() && b.is_object()) {
        return std::ranges::equal(a.get_object(), b.get_object(), [](const auto& x, const auto& y) {
            return x.key() == y.key() && same_json(x.value(), y.value());
        });
    }
    return a == b;
}

// What is wrong with our reading of a message, empty if nothing.
std::string differences(const MessageType& type, ApiVersion version, ByteView body,
                        std::string_view expected_json) {
    const auto outcome = type.recode(body, version, kTrustedLimits);
    if (!outcome) return outcome.error().detail;
    if (outcome->consumed != body.size()) return "bytes are left over";
    if (!(ByteView(outcome->bytes) == body)) return "encoded again to " + hex(outcome->bytes);
    const auto json = type.to_json(body, version, {});
    if (!json) return json.error().detail;
    if (!same_json(boost::json::parse(*json), boost::json::parse(expected_json))) {
        return fmt::format("JSON {} instead of {}", *json, expected_json);
    }
    return {};
}

class File {
  public:
    explicit File(const char* path) {
        std::ifstream in(path, std::ios::binary);
        bytes_.assign(std::istreambuf_iterator<char>(in), {});
    }
    bool at_end() const { return at_ >= bytes_.size(); }
    ByteView take(std::size_t size) {
        MILENA_ASSERT(size <= bytes_.size() - at_);
        at_ += size;
        return {bytes_.data() + at_ - size, size};
    }
    ByteView take_sized() { return take(load_be<std::uint32_t>(take(4).data())); }

  private:
    std::vector<std::uint8_t> bytes_;
    std::size_t at_ = 0;
};

int check(const char* path) {
    std::map<std::string_view, const MessageType*> types;
    for (const auto* type : all_message_types()) types[type->name] = type;
    std::map<std::pair<std::string_view, int>, int> seen;
    int messages = 0;
    int wrong = 0;
    for (File file(path); !file.at_end(); ++messages) {
        const auto name = as_text(file.take_sized());
        const ApiVersion version{load_be<std::int16_t>(file.take(2).data())};
        const auto body = file.take_sized();
        const auto json = as_text(file.take_sized());
        const auto difference = differences(*types.at(name), version, body, json);
        ++seen[{types.at(name)->name, version.value()}];
        if (!difference.empty() && ++wrong <= 20) {
            fmt::print("{} version {}: {} from {}\n", name, version.value(), difference, hex(body));
        }
    }
    int versions = 0;
    int least = messages;
    for (const auto& [_, count] : seen) least = std::min(least, count);
    for (const auto& [_, type] : types) versions += type->max_version - type->min_version + 1;
    fmt::print(
        "c++: {} messages of Java decoded and encoded, {} of {} versions of {} messages, at "
        "least {} of each, {} differences\n",
        messages, seen.size(), versions, types.size(), least, wrong);
    return wrong == 0 && static_cast<int>(seen.size()) == versions ? 0 : 1;
}

}  // namespace
}  // namespace milena

int main(int argc, char** argv) {
    const std::string_view mode = argc > 1 ? argv[1] : "";
    if (mode == "list") return milena::list();
    if (mode == "write" && argc == 5) {
        return milena::write(std::strtoull(argv[2], nullptr, 10), std::atoi(argv[3]), argv[4]);
    }
    if (mode == "check" && argc == 3) return milena::check(argv[2]);
    fmt::print(stderr, "usage: wire_oracle list | write SEED COUNT FILE | check FILE\n");
    return 2;
}
