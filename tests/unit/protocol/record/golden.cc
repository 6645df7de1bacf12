#include "tests/unit/protocol/record/golden.h"

#include <fstream>
#include <map>
#include <sstream>

namespace milena::test {

namespace {

std::optional<Bytes> parse_bytes(const std::string& word) {
    if (word == "-") return std::nullopt;
    if (word == "_") return Bytes();
    const auto star = word.find('*');
    const auto unit = from_hex(word.substr(0, star));
    Bytes out;
    for (int n = star == std::string::npos ? 1 : std::stoi(word.substr(star + 1)); n > 0; --n) {
        out.insert(out.end(), unit.begin(), unit.end());
    }
    return out;
}

GoldenBatch parse_head(std::istringstream& words) {
    std::map<std::string, std::string> fields;
    for (std::string word; words >> word;) {
        const auto equals = word.find('=');
        fields[word.substr(0, equals)] = word.substr(equals + 1);
    }
    const auto number = [&](const char* name) { return std::stoll(fields.at(name)); };
    GoldenBatch batch;
    batch.name = fields.at("name");
    auto& traits = batch.traits;
    traits.compression = Compression::standard(*parse_codec(fields.at("codec")));
    traits.base_offset = Offset{number("offset")};
    traits.leader_epoch = LeaderEpoch{static_cast<std::int32_t>(number("epoch"))};
    traits.log_append_time = TimestampMs{number("append_time")};
    if (traits.log_append_time != kNoTimestamp) {
        traits.timestamp_type = TimestampType::log_append_time;
    }
    traits.producer_id = ProducerId{number("producer")};
    traits.producer_epoch = ProducerEpoch{static_cast<std::int16_t>(number("producer_epoch"))};
    traits.base_sequence = Sequence{static_cast<std::int32_t>(number("sequence"))};
    traits.transactional = number("transactional") == 1;
    traits.control = number("control") == 1;
    return batch;
}

GoldenRecord parse_record(std::istringstream& words) {
    GoldenRecord record;
    std::int64_t timestamp = 0;
    std::string word;
    words >> timestamp;
    record.timestamp = TimestampMs{timestamp};
    words >> word;
    record.key = parse_bytes(word);
    words >> word;
    record.value = parse_bytes(word);
    while (words >> word) {
        const auto equals = word.find('=');
        const auto key = *parse_bytes(word.substr(0, equals));
        record.headers.emplace_back(std::string(key.begin(), key.end()),
                                    parse_bytes(word.substr(equals + 1)));
    }
    return record;
}

std::vector<GoldenBatch> read_batches() {
    std::ifstream file(MILENA_SOURCE_DIR "/tests/golden/record/batches.txt");
    std::vector<GoldenBatch> batches;
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string kind;
        words >> kind;
        if (kind == "batch") batches.push_back(parse_head(words));
        if (kind == "record") batches.back().records.push_back(parse_record(words));
        if (kind == "bytes") {
            words >> kind;
            batches.back().bytes = from_hex(kind);
        }
    }
    return batches;
}

}  // namespace

const std::vector<GoldenBatch>& golden_batches() {
    static const auto batches = read_batches();
    return batches;
}

std::vector<RecordHeader> header_views(const GoldenRecord& record) {
    std::vector<RecordHeader> headers;
    for (const auto& [key, value] : record.headers) headers.push_back({key, view(value)});
    return headers;
}

}  // namespace milena::test
