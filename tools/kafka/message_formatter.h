// How the console consumer prints a record: the formatters of Kafka's tool and their properties.
#pragma once

#include "protocol/base/error.h"
#include "tools/client/record.h"
#include "tools/kafka/options.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace milena::kafka_tools {

// Turns the bytes of a key, value or header into text; an error when the bytes do not fit.
using Deserializer = std::function<Status(std::string_view bytes, std::string& out)>;

// `class_name` is a Java class, "org.apache.kafka.common.serialization.LongDeserializer". Empty
// when it is none of Kafka's own that give text.
Deserializer deserializer(std::string_view class_name);

// One line for each property that names a deserializer we do not have. Kafka's tool also goes on
// with the raw bytes when it cannot load the class.
std::vector<std::string> deserializer_warnings(const Properties& properties);

class MessageFormatter {
  public:
    // `class_name` and `properties` as given to --formatter and --formatter-property.
    static Result<MessageFormatter> make(std::string_view class_name, const Properties& properties);

    // Appends the text of `record` to `out`; on failure `out` is as before.
    Status format(const client::ConsumedRecord& record, std::string& out) const;

  private:
    void configure(const Properties& properties);
    Status format_fields(const client::ConsumedRecord& record, std::string& out) const;
    Status append_headers(const client::ConsumedRecord& record, std::string& out) const;
    Status append_bytes(client::OptionalBytes bytes, const Deserializer& with,
                        std::string& out) const;

    bool silent_ = false;
    bool timestamp_ = false;
    bool partition_ = false;
    bool offset_ = false;
    bool delivery_ = false;
    bool epoch_ = false;
    bool headers_ = false;
    bool key_ = false;
    bool value_ = true;
    std::string key_separator_ = "\t";
    std::string line_separator_ = "\n";
    std::string headers_separator_ = ",";
    std::string null_literal_ = "null";
    Deserializer key_deserializer_;
    Deserializer value_deserializer_;
    Deserializer headers_deserializer_;
};

}  // namespace milena::kafka_tools
