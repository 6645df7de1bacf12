// Fills any message with random values that a version of it can carry.
#pragma once

#include "protocol/base/arena.h"
#include "protocol/base/random.h"
#include "protocol/msg/all_messages.h"
#include "protocol/wire/field_info.h"

#include <concepts>
#include <cstring>
#include <string_view>

namespace milena {

// The visitor. Strings are valid UTF-8, because Java would not give other bytes back.
class RandomFields {
  public:
    RandomFields(Random& random, Arena& arena, int version)
        : random_(random), arena_(arena), version_(version) {}

    template <class T>
    void operator()(const FieldInfo& field, T& value) {
        if (field.tag >= 0 && one_in(2)) return;  // not written
        put(field, value);
    }

  private:
    bool one_in(std::uint64_t n) { return random_.below(n) == 0; }
    bool make_null(const FieldInfo& field) { return field.may_be_null && one_in(4); }

    // Small and extreme numbers more often than chance would have it.
    std::int64_t number() {
        switch (random_.below(4)) {
            case 0:
                return static_cast<std::int64_t>(random_.below(4)) - 2;
            case 1:
                return static_cast<std::int64_t>(random_.below(1000));
            default:
                return static_cast<std::int64_t>(random_.next());
        }
    }

    void put(const FieldInfo&, bool& value) { value = one_in(2); }
    void put(const FieldInfo&, std::integral auto& value) {
        value = static_cast<std::remove_reference_t<decltype(value)>>(number());
    }
    void put(const FieldInfo&, double& value) { value = static_cast<double>(number()) / 1024; }
    void put(const FieldInfo&, Uuid& id) {
        if (!one_in(4)) id = {random_.next(), random_.next()};
    }
    void put(const FieldInfo&, ErrorCode& code) {
        code = static_cast<ErrorCode>(static_cast<std::int16_t>(number()));
    }
    void put(const FieldInfo& field, Millis& value) {
        value = Millis(field.width == 4 ? static_cast<std::int32_t>(number()) : number());
    }
    template <class Tag, class Rep>
    void put(const FieldInfo& field, Strong<Tag, Rep>& value) {
        Rep rep{};
        put(field, rep);
        value = Strong<Tag, Rep>(rep);
    }

    void put(const FieldInfo&, std::string_view& text) { text = random_text(); }
    void put(const FieldInfo& field, NullableString& text) {
        text = make_null(field) ? NullableString() : NullableString(random_text());
    }
    void put(const FieldInfo&, ByteView& bytes) { bytes = random_bytes(); }
    void put(const FieldInfo& field, NullableBytes& bytes) {
        bytes = make_null(field) ? NullableBytes() : NullableBytes(random_bytes());
    }
    void put(const FieldInfo& field, Records& records) {
        records = make_null(field) ? Records() : Records(random_bytes());
    }

    template <class T>
    void put(const FieldInfo& field, Array<T>& array) {
        if (make_null(field)) {
            array = Array<T>::null();
            return;
        }
        array = Array<T>::make(arena_, random_.below(4));
        const FieldInfo element{field.name, field.tag, false, false, field.width};
        for (T& item : array) put(element, item);
    }
    template <class T>
    void put(const FieldInfo& field, Nullable<T>& value) {
        value.reset();
        if (!make_null(field)) put(field, value.emplace());
    }
    template <class T>
        requires std::is_class_v<T>
    void put(const FieldInfo&, T& nested) {
        visit_fields(nested, version_, *this);
    }

    std::string_view random_text() {
        static constexpr std::string_view kPieces[] = {"a",  "Topic", "-0.", "\n",
                                                       "\"", "\\",    "é",   "漢字"};
        const auto length = one_in(20) ? random_.below(200) : random_.below(8);
        std::string text;
        while (text.size() < length) text += kPieces[random_.below(std::size(kPieces))];
        return arena_.copy(text);
    }
    ByteView random_bytes() {
        const auto size = one_in(20) ? random_.below(300) : random_.below(12);
        auto* at = static_cast<std::uint8_t*>(arena_.allocate(size + 1, 1));
        for (std::size_t i = 0; i < size; ++i) at[i] = static_cast<std::uint8_t>(random_.next());
        return {at, size};
    }

    Random& random_;
    Arena& arena_;
    int version_;
};

template <class T>
T random_message(Random& random, Arena& arena, ApiVersion version) {
    T message;
    RandomFields fields(random, arena, version.value());
    visit_fields(message, version.value(), fields);
    return message;
}

}  // namespace milena
