// Any message as JSON, in the form of Kafka's own converters: names in camelCase, ids and bytes in
// base64, fields that the version lacks and tagged fields with their default left out.
#pragma once

#include "protocol/base/arena.h"
#include "protocol/base/error.h"
#include "protocol/base/ids.h"
#include "protocol/base/nullable_string.h"
#include "protocol/base/time.h"
#include "protocol/wire/field_info.h"
#include "protocol/wire/nullable.h"
#include "protocol/wire/nullable_bytes.h"
#include "protocol/wire/records.h"

#include <concepts>
#include <string>
#include <string_view>

namespace milena {

struct JsonOptions {
    // Record batches in base64; otherwise only their size.
    bool with_records = false;
};

// Puts JSON together, one line. Only the shape is kept right here: what is valid is the caller's
// business.
class JsonText {
  public:
    explicit JsonText(JsonOptions options = {}) : options_(options) {}
    const std::string& text() const { return text_; }

    void begin(char bracket);
    void end(char bracket);
    // The name of the next value; snake_case becomes camelCase.
    void key(std::string_view name, std::string_view suffix = {});

    void null();
    void value(bool flag);
    void value(std::int64_t number);
    void value(double number);
    void value(std::string_view text);
    void value(ByteView bytes);
    void value(const Uuid& id);
    void value(std::integral auto number)
        requires(!std::same_as<decltype(number), bool>)
    {
        value(static_cast<std::int64_t>(number));
    }
    void value(const NullableString& text) { text.is_null() ? null() : value(*text); }
    void value(const NullableBytes& bytes) { bytes.is_null() ? null() : value(*bytes); }
    void value(ErrorCode code) { value(static_cast<std::int64_t>(code)); }
    void value(Millis duration) { value(static_cast<std::int64_t>(duration.count())); }
    template <class Tag, class Rep>
    void value(Strong<Tag, Rep> strong) {
        value(strong.value());
    }

    const JsonOptions& options() const { return options_; }

  private:
    void separate();

    std::string text_;
    JsonOptions options_;
    bool first_ = true;
};

// The visitor behind to_json.
class JsonFields {
  public:
    JsonFields(JsonText& out, int version) : out_(out), version_(version) {}

    template <class T>
    void operator()(const FieldInfo& field, const T& value) {
        if (field.omitted) return;
        if constexpr (std::same_as<T, Records>) {
            if (value.is_file() || (!value.is_null() && !out_.options().with_records)) {
                out_.key(field.name, "SizeInBytes");
                return out_.value(value.size());
            }
        }
        out_.key(field.name);
        put(value);
    }

    template <class T>
    void put(const T& value) {
        if constexpr (requires { out_.value(value); }) {
            out_.value(value);
        } else {
            out_.begin('{');
            visit_fields(value, version_, *this);
            out_.end('}');
        }
    }

  private:
    template <class T>
    void put(const Array<T>& array) {
        if (array.is_null()) return out_.null();
        out_.begin('[');
        for (const T& element : array) put(element);
        out_.end(']');
    }
    template <class T>
    void put(const Nullable<T>& value) {
        value ? put(*value) : out_.null();
    }
    void put(const Records& records) {
        records.is_null() ? out_.null() : out_.value(records.bytes());
    }

    JsonText& out_;
    int version_;
};

// Include the message's .visit.h too.
template <class T>
std::string to_json(const T& message, ApiVersion version, JsonOptions options = {}) {
    JsonText out(options);
    JsonFields(out, version.value()).put(message);
    return out.text();
}

}  // namespace milena
