// Every decoder. Input: kind, which message of that kind, version, then the body.
#include "tests/fuzz/message_checks.h"

#include <algorithm>
#include <vector>

namespace milena {
namespace {

constexpr std::size_t kKinds = 8;

// The messages of a kind: APIs by key, others by name, so that inputs keep their meaning.
std::vector<const MessageType*> messages_of(MessageKind kind) {
    std::vector<const MessageType*> types;
    for (const auto* type : all_message_types()) {
        if (type->kind == kind) types.push_back(type);
    }
    const bool by_key = kind == MessageKind::kRequest || kind == MessageKind::kResponse;
    std::ranges::sort(types, [&](const auto* a, const auto* b) {
        return by_key ? a->key < b->key : a->name < b->name;
    });
    return types;
}

const MessageType* choose(std::uint8_t kind, std::uint8_t which) {
    static const auto* const kTypes = [] {
        auto* all = new std::vector<std::vector<const MessageType*>>;
        for (std::size_t i = 0; i < kKinds; ++i) {
            all->push_back(messages_of(static_cast<MessageKind>(i)));
        }
        return all;
    }();
    const auto& types = (*kTypes)[kind % kKinds];
    if (kind % kKinds > static_cast<std::size_t>(MessageKind::kResponse)) {
        return types[which % types.size()];
    }
    const auto at = std::ranges::find(types, which, &MessageType::key);
    return at == types.end() ? nullptr : *at;
}

}  // namespace
}  // namespace milena

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace milena;
    if (size < 3) return 0;
    const auto* type = choose(data[0], data[1]);
    const ApiVersion version{data[2]};
    if (type == nullptr || !type->has_version(version)) return -1;
    check_message(*type, version, ByteView(data, size).subspan(3));
    return 0;
}
