#include "tests/history/text.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <boost/unordered/unordered_flat_set.hpp>
#include <fmt/format.h>

namespace milena::history {

namespace {

constexpr std::size_t kVerbCount = static_cast<std::size_t>(Verb::final_read) + 1;

// One line, word by word.
class Words {
  public:
    explicit Words(std::string_view line) : rest_(line) { skip(); }

    bool done() const { return rest_.empty(); }
    std::string_view peek() const { return rest_.substr(0, rest_.find(' ')); }
    std::string_view next() {
        const std::string_view word = peek();
        rest_.remove_prefix(word.size());
        skip();
        return word;
    }

  private:
    void skip() {
        const auto at = rest_.find_first_not_of(' ');
        rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at);
    }

    std::string_view rest_;
};

template <typename Number>
std::optional<Number> number(std::string_view text) {
    Number n{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return n;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

class Parser {
  public:
    Result<History> run(std::string_view text) {
        while (!text.empty()) {
            const std::string_view line = text.substr(0, text.find('\n'));
            text.remove_prefix(std::min(line.size() + 1, text.size()));
            ++line_;
            const Words words(line.substr(0, line.find('#')));
            if (words.done()) continue;
            MILENA_TRY(parse_line(words));
        }
        history_.sort();
        return std::move(history_);
    }

  private:
    std::unexpected<Error> bad(std::string_view word, std::string_view want) const {
        return fail(ErrorCode::INVALID_REQUEST,
                    fmt::format("line {}: '{}' where {} is expected", line_, word, want));
    }

    Status parse_line(Words words) {
        const std::string_view word = words.peek();
        if (word == "topic") return topic(words);
        if (word == "consumer") return consumer(words);
        if (word == "producer") return producer(words);
        if (word == "pipeline") return pipeline(words);
        return operation(words);
    }

    Status topic(Words& words) {
        words.next();
        const std::uint32_t id = history_.topic(words.next());
        while (!words.done()) {
            const std::string_view word = words.next();
            if (word == "retention") {
                history_.topics[id].retention = true;
            } else if (word == "compacted") {
                history_.topics[id].compacted = true;
            } else {
                return bad(word, "retention or compacted");
            }
        }
        return {};
    }

    Status consumer(Words& words) {
        words.next();
        Process& process = history_.processes[history_.process(words.next())];
        while (!words.done()) {
            const std::string_view word = words.next();
            if (word == "committed") {
                process.reads = View::stable;
            } else if (word == "uncommitted") {
                process.reads = View::latest;
            } else if (word.starts_with("group=")) {
                process.group = history_.group(word.substr(6));
            } else {
                return bad(word, "committed, uncommitted or group=");
            }
        }
        return {};
    }

    Status producer(Words& words) {
        words.next();
        Process& process = history_.processes[history_.process(words.next())];
        const std::string_view word = words.next();
        if (word == "plain") {
            process.writes = Writing::plain;
        } else if (word == "weak") {
            process.writes = Writing::weak;
        } else if (word != "idempotent") {
            return bad(word, "idempotent, plain or weak");
        }
        return {};
    }

    Status pipeline(Words& words) {
        words.next();
        Pipeline line;
        line.group = history_.group(words.next());
        line.input = history_.topic(words.next());
        line.output = history_.topic(words.next());
        history_.pipelines.push_back(line);
        return {};
    }

    Status operation(Words& words) {
        op_ = {};
        places_.clear();
        op_.line = line_;
        MILENA_TRY(times(words));
        op_.process = history_.process(words.next());
        const std::string_view verb = words.next();
        std::size_t v = 0;
        while (v < kVerbCount && name_of(static_cast<Verb>(v)) != verb) ++v;
        if (v == kVerbCount) return bad(verb, "a verb");
        op_.verb = static_cast<Verb>(v);
        MILENA_TRY(arguments(words));
        if (!words.done()) return bad(words.peek(), "the end of the line");
        history_.add(op_, places_);
        return {};
    }

    // A line without times takes its place in the file as its time.
    Status times(Words& words) {
        op_.begin = Time{line_} * 2;
        op_.end = op_.begin + 1;
        if (!is_digit(words.peek().front())) return {};
        const std::string_view begin = words.next();
        const std::string_view end = words.next();
        const auto b = number<Time>(begin);
        const auto e = end == "?" ? kNever : number<Time>(end);
        if (!b) return bad(begin, "a time");
        if (!e || *e < *b) return bad(end, "a time that is not before the first");
        op_.begin = *b;
        op_.end = *e;
        return {};
    }

    Status arguments(Words& words) {
        switch (op_.verb) {
            case Verb::send:
                return send(words);
            case Verb::poll:
                return records(words);
            case Verb::subscribe:
            case Verb::crash:
            case Verb::begin_txn:
                return {};
            case Verb::commit_txn:
            case Verb::abort_txn:
                return outcome(words);
            case Verb::assign:
            case Verb::seek:
            case Verb::assigned:
            case Verb::revoked:
            case Verb::lost:
                return positions(words);
            case Verb::send_offsets:
            case Verb::commit_offsets:
                op_.group = history_.group(words.next());
                MILENA_TRY(positions(words));
                return outcome(words);
            case Verb::fetch_offsets:
                op_.group = history_.group(words.next());
                return positions(words);
            case Verb::list_offsets:
                MILENA_TRY(view(words));
                return positions(words);
            case Verb::delete_records:
                MILENA_TRY(positions(words));
                return outcome(words);
            case Verb::final_read:
                return final_read(words);
        }
        return bad(name_of(op_.verb), "a verb");
    }

    Result<std::uint32_t> partition(std::string_view word) {
        const auto slash = word.rfind('/');
        const auto index =
            slash == word.npos ? std::nullopt : number<std::int32_t>(word.substr(slash + 1));
        if (!index || slash == 0) return bad(word, "TOPIC/PARTITION");
        // Runs of the same partition are the rule.
        if (word != last_name_) {
            last_name_ = word;
            last_partition_ = history_.partition(history_.topic(word.substr(0, slash)), *index);
        }
        return last_partition_;
    }

    Status send(Words& words) {
        At at;
        MILENA_ASSIGN(at.partition, partition(words.next()));
        const std::string_view sent = words.next();
        MILENA_ASSIGN(at.value, value(sent));
        if (!sent_.insert(at.value).second) return bad(sent, "a value that was not sent before");
        while (!words.done()) {
            const std::string_view word = words.peek();
            if (word.starts_with("key=")) {
                MILENA_ASSIGN(op_.key, value(word.substr(4)));
            } else if (word.starts_with("from=")) {
                MILENA_ASSIGN(op_.from, value(word.substr(5)));
            } else if (word == "tombstone") {
                op_.tombstone = true;
            } else {
                break;
            }
            words.next();
        }
        MILENA_TRY(outcome(words));
        if (op_.outcome == Outcome::ok && !words.done()) {
            MILENA_ASSIGN(at.offset, offset(words.next()));
        }
        places_.push_back(at);
        return {};
    }

    Result<Value> value(std::string_view word) const {
        const auto v = number<Value>(word);
        if (!v || *v == 0) return bad(word, "a number from 1 on");
        return *v;
    }

    Result<std::int64_t> offset(std::string_view word) const {
        const auto o = number<std::int64_t>(word);
        if (!o || *o < kUnknownOffset) return bad(word, "an offset");
        return *o;
    }

    Status outcome(Words& words) {
        const std::string_view word = words.next();
        if (word == "fail") {
            op_.outcome = Outcome::fail;
        } else if (word == "unknown") {
            op_.outcome = Outcome::unknown;
        } else if (word != "ok") {
            return bad(word, "ok, fail or unknown");
        }
        return {};
    }

    Status view(Words& words) {
        const std::string_view word = words.next();
        if (word == "earliest") {
            op_.view = View::earliest;
        } else if (word == "stable") {
            op_.view = View::stable;
        } else if (word != "latest") {
            return bad(word, "earliest, latest or stable");
        }
        return {};
    }

    // TOPIC/PARTITION[@OFFSET]... up to a word of another form
    Status positions(Words& words) {
        while (!words.done() && words.peek().contains('/')) {
            const std::string_view word = words.next();
            const auto sign = word.rfind('@');
            At at;
            MILENA_ASSIGN(at.partition, partition(word.substr(0, sign)));
            if (sign != word.npos) {
                MILENA_ASSIGN(at.offset, offset(word.substr(sign + 1)));
            }
            places_.push_back(at);
        }
        return {};
    }

    // {TOPIC/PARTITION {OFFSET=VALUE}...}...
    Status records(Words& words) {
        At at;
        while (!words.done()) {
            const std::string_view word = words.next();
            if (word.contains('/')) {
                MILENA_ASSIGN(at.partition, partition(word));
                continue;
            }
            const auto sign = word.find('=');
            if (sign == word.npos || at.partition == kNone) return bad(word, "OFFSET=VALUE");
            MILENA_ASSIGN(at.offset, offset(word.substr(0, sign)));
            MILENA_ASSIGN(at.value, value(word.substr(sign + 1)));
            places_.push_back(at);
        }
        return {};
    }

    // committed|uncommitted TOPIC/PARTITION LOW..HIGH {OFFSET=VALUE}...
    Status final_read(Words& words) {
        const std::string_view which = words.next();
        if (which != "committed" && which != "uncommitted") {
            return bad(which, "committed or uncommitted");
        }
        op_.view = which == "committed" ? View::stable : View::latest;
        const std::string_view where = words.next();
        At at;
        MILENA_ASSIGN(at.partition, partition(where));
        const std::string_view range = words.next();
        const auto dots = range.find("..");
        if (dots == range.npos) return bad(range, "LOW..HIGH");
        MILENA_ASSIGN(op_.low, offset(range.substr(0, dots)));
        MILENA_ASSIGN(op_.high, offset(range.substr(dots + 2)));
        // The partition itself, so that an empty one is known, too.
        places_.push_back(at);
        while (!words.done()) {
            const std::string_view word = words.next();
            const auto sign = word.find('=');
            if (sign == word.npos) return bad(word, "OFFSET=VALUE");
            MILENA_ASSIGN(at.offset, offset(word.substr(0, sign)));
            MILENA_ASSIGN(at.value, value(word.substr(sign + 1)));
            places_.push_back(at);
        }
        return {};
    }

    History history_;
    Operation op_;
    std::vector<At> places_;
    boost::unordered_flat_set<Value> sent_;
    std::uint32_t line_ = 0;
    std::string_view last_name_;
    std::uint32_t last_partition_ = kNone;
};

}  // namespace

Result<History> parse(std::string_view text) {
    return Parser().run(text);
}

}  // namespace milena::history
