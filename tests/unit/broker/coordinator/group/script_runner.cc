#include "tests/unit/broker/coordinator/group/script_runner.h"

#include "broker/coordinator/group/records.h"

#include <sstream>

namespace milena::coordinator::group {
namespace {

std::vector<std::string> pieces(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
    return parts;
}

// "range:1" -> {"range", {1}}
std::pair<std::string, Blob> tagged(const std::string& text) {
    const auto colon = text.find(':');
    if (colon == std::string::npos) return {text, {}};
    return {text.substr(0, colon), {static_cast<std::uint8_t>(std::stoi(text.substr(colon + 1)))}};
}

std::string shown(const Blob& blob) {
    std::string text;
    for (const auto byte : blob) text += (text.empty() ? "" : ".") + std::to_string(byte);
    return text.empty() ? "nothing" : text;
}

std::string error_text(const Error& error) {
    return error_name(error.code);
}

}  // namespace

bool ScriptRunner::Words::has(std::string_view word) const {
    return std::find(plain.begin(), plain.end(), word) != plain.end();
}

std::string ScriptRunner::Words::get(const std::string& name, std::string otherwise) const {
    const auto found = named.find(name);
    return found == named.end() ? otherwise : found->second;
}

std::int64_t ScriptRunner::Words::number(const std::string& name, std::int64_t otherwise) const {
    return named.contains(name) ? std::stoll(get(name)) : otherwise;
}

ScriptRunner::Words ScriptRunner::split(std::string_view line) {
    Words words;
    for (const auto& word : pieces(std::string(line), ' ')) {
        const auto equals = word.find('=');
        if (equals == std::string::npos) {
            if (!word.empty()) words.plain.push_back(word);
        } else {
            words.named[word.substr(0, equals)] = word.substr(equals + 1);
        }
    }
    return words;
}

std::string ScriptRunner::run(std::string_view script) {
    std::string out;
    for (const auto& line : pieces(std::string(script), '\n')) {
        if (line.starts_with("  ")) continue;  // an old trace
        out += line + "\n";
        if (!line.starts_with("> ")) continue;
        trace_.clear();
        const auto words = split(std::string_view(line).substr(2));
        const auto told = consumers_.perform(words.plain, words.named);
        if (!told) perform(words);
        learn_names();
        say_records();
        say_replies();
        if (told && !told->empty()) say(*told);
        out += trace_;
    }
    return out;
}

void ScriptRunner::perform(const Words& words) {
    const auto& verb = words.plain.at(0);
    if (verb == "join") {
        join(words);
    } else if (verb == "sync") {
        sync(words);
    } else if (verb == "heartbeat") {
        heartbeat(words);
    } else if (verb == "leave") {
        leave(words);
    } else if (verb == "commit") {
        commit(words);
    } else if (verb == "end") {
        shard_.end_transaction(ProducerId(words.number("producer", 0)),
                               words.has("commit") ? ControlType::commit : ControlType::abort);
    } else if (verb == "fetch") {
        fetch(words);
    } else if (verb == "delete-group") {
        asked_[shard_.ask(DeleteGroup{words.get("group", "g")}).value()] = "admin";
    } else if (verb == "pass") {
        shard_.pass(Millis(std::stoll(words.plain.at(1))));
    } else if (verb == "fail-over") {
        shard_.fail_over();
    } else if (verb == "show") {
        show(words.get("group", "g"));
    } else {
        say("no such command: " + verb);
    }
}

ScriptRunner::Client& ScriptRunner::client(const Words& words) {
    const auto& name = words.plain.at(1);
    const auto [found, is_new] = clients_.try_emplace(name);
    if (is_new) {
        found->second.join = join_request("g");
        found->second.join.protocols = {{"range", {}}};
    }
    return found->second;
}

std::string ScriptRunner::name_of(std::string_view member_id) const {
    const auto found = names_.find(member_id);
    return found == names_.end() ? "somebody" : found->second;
}

void ScriptRunner::join(const Words& words) {
    auto& who = client(words);
    auto& request = who.join;
    request.group_id = words.get("group", request.group_id);
    if (words.named.contains("instance")) request.instance_id = words.get("instance");
    if (words.get("id") == "new") request.member_id.clear();
    if (words.named.contains("protocols")) {
        request.protocols.clear();
        for (const auto& text : pieces(words.get("protocols"), ',')) {
            auto [name, metadata] = tagged(text);
            request.protocols.push_back({std::move(name), std::move(metadata)});
        }
    }
    request.session_timeout = Millis(words.number("session", request.session_timeout.count()));
    request.rebalance_timeout =
        Millis(words.number("rebalance", request.rebalance_timeout.count()));
    request.requires_known_member_id = words.has("ask-for-id");
    request.supports_skip_assignment = words.has("skip");
    asked_[shard_.ask(request).value()] = words.plain[1];
}

void ScriptRunner::sync(const Words& words) {
    const auto& who = client(words);
    auto request =
        sync_request(who.join.group_id, who.join.member_id,
                     static_cast<std::int32_t>(words.number("generation", who.generation)));
    request.member.instance_id = who.join.instance_id;
    for (const auto& text : pieces(words.get("assign"), ',')) {
        const auto [name, assignment] = tagged(text);
        request.assignments.push_back({clients_[name].join.member_id, assignment});
    }
    asked_[shard_.ask(request).value()] = words.plain[1];
}

void ScriptRunner::heartbeat(const Words& words) {
    const auto& who = client(words);
    const auto generation = static_cast<std::int32_t>(words.number("generation", who.generation));
    const Heartbeat request{who.join.group_id,
                            {who.join.member_id, who.join.instance_id, generation}};
    asked_[shard_.ask(request).value()] = words.plain[1];
}

void ScriptRunner::leave(const Words& words) {
    LeaveGroup request{words.get("group", "g"), {}};
    for (std::size_t i = 1; i < words.plain.size(); ++i) {
        const auto& who = clients_[words.plain[i]].join;
        request.members.push_back({who.member_id, who.instance_id, {}});
    }
    if (words.named.contains("instance")) {
        request.members.push_back({"", words.get("instance"), {}});
    }
    asked_[shard_.ask(request).value()] = words.plain.size() > 1 ? words.plain[1] : "admin";
}

void ScriptRunner::commit(const Words& words) {
    MemberClaim claim;
    auto group_id = words.get("group", "g");
    if (words.plain.at(1) != "nobody") {
        const auto& who = client(words);
        group_id = who.join.group_id;
        claim = {who.join.member_id, who.join.instance_id, who.generation};
    }
    const std::vector<OffsetTopic> topics{
        {words.get("topic", "t"),
         {},
         {{PartitionIndex(0), Offset(words.number("offset", 0)), {}, ""}}}};
    ReplyId reply;
    if (words.named.contains("producer")) {
        TxnOffsetCommit request;
        request.group_id = group_id;
        request.producer_id = ProducerId(words.number("producer", 0));
        request.producer_epoch = ProducerEpoch(0);
        request.member = claim;
        request.topics = topics;
        reply = shard_.ask(request);
    } else {
        OffsetCommit request;
        request.group_id = group_id;
        request.member = claim;
        request.topics = topics;
        reply = shard_.ask(request);
    }
    asked_[reply.value()] = words.plain[1];
}

void ScriptRunner::fetch(const Words& words) {
    OffsetFetch request;
    request.group_id = words.get("group", "g");
    request.require_stable = words.has("stable");
    request.topics.emplace();
    request.topics->push_back({words.get("topic", "t"), {}, {PartitionIndex(0)}});
    asked_[shard_.ask(request).value()] = "reader";
}

void ScriptRunner::show(const std::string& group_id) {
    const auto* group = shard_.state().classic(group_id);
    if (group == nullptr) {
        say("no group " + group_id);
        return;
    }
    std::string line = group_id + " is " + std::string(state_name(group->state)) + ", generation " +
                       std::to_string(group->generation);
    for (const auto& id : group->join_order) {
        line += ", " + name_of(id) + (group->leader == id ? " leads" : "");
    }
    if (!group->pending_members.empty()) {
        line += ", awaited: " + std::to_string(group->pending_members.size());
    }
    say(line);
}

// Who got which id by what was answered now.
void ScriptRunner::learn_names() {
    for (const auto id : shard_.answered) {
        const auto who = asked_.find(id.value());
        const auto* join = std::get_if<JoinGroup::Reply>(&shard_.replies.at(id.value()));
        if (who == asked_.end() || join == nullptr || join->member_id.empty()) continue;
        if (names_.contains(join->member_id)) continue;
        const auto earlier = static_cast<std::size_t>(clients_[who->second].ids++);
        names_[join->member_id] = who->second + std::string(earlier, '\'');
    }
}

// What is new in the log.
void ScriptRunner::say_records() {
    for (; records_told_ < shard_.log.size(); ++records_told_) {
        const auto& entry = shard_.log[records_told_];
        if (entry.marker) continue;
        if (const auto text = consumers_.record_text(entry)) {
            say(*text);
            continue;
        }
        State one;
        const auto value = entry.value ? std::optional<ByteView>(*entry.value) : std::nullopt;
        apply_record(one, KeyedRecord{entry.key, value}, {});
        for (const auto& [id, group] : one.groups) {
            const auto& classic = std::get<ClassicGroup>(group);
            if (!classic.has_record) continue;
            std::string line = "log: " + id + " generation " + std::to_string(classic.generation);
            for (const auto& member : classic.join_order) {
                line +=
                    ", " + name_of(member) + " has " + shown(classic.member(member)->assignment);
            }
            say(line);
        }
        for (const auto& [id, topics] : one.offsets.by_group()) {
            for (const auto& [topic, partitions] : topics) {
                const auto offset = partitions.begin()->second.offset.value();
                say("log: " + id + " is at " + std::to_string(offset) + " of " + topic +
                    (entry.origin.producer ? ", in a transaction" : ""));
            }
        }
        if (!entry.value) say("log: a tombstone");
    }
}

void ScriptRunner::say_replies() {
    for (const auto id : std::exchange(shard_.answered, {})) {
        const auto who = asked_.find(id.value());
        if (who == asked_.end()) continue;
        say(told(who->second, shard_.replies.at(id.value())));
    }
}

std::string ScriptRunner::told(const std::string& who, const Reply& reply) {
    if (const auto* join = std::get_if<JoinGroup::Reply>(&reply)) {
        auto& client = clients_[who];
        const auto code = join->error.code;
        if (code == ErrorCode::NONE || code == ErrorCode::MEMBER_ID_REQUIRED) {
            client.join.member_id = join->member_id;
        }
        if (code != ErrorCode::NONE) return who + " <- " + error_text(join->error);
        client.generation = join->generation;
        std::string line = who + " <- joined generation " + std::to_string(join->generation) +
                           " by " + join->protocol.value_or("-") + " as " +
                           name_of(join->member_id) + ", " + name_of(join->leader) + " leads";
        if (join->skip_assignment) line += ", need not assign";
        for (const auto& member : join->members) {
            line += ", " + name_of(member.id) + " wants " + shown(member.metadata);
        }
        return line;
    }
    if (const auto* sync = std::get_if<SyncGroup::Reply>(&reply)) {
        if (sync->error.code != ErrorCode::NONE) return who + " <- " + error_text(sync->error);
        return who + " <- has " + shown(sync->assignment);
    }
    if (const auto* beat = std::get_if<Heartbeat::Reply>(&reply)) {
        return who + " <- " + error_text(beat->error);
    }
    if (const auto* left = std::get_if<LeaveGroup::Reply>(&reply)) {
        auto line = who + " <- " + error_text(left->error);
        for (const auto& member : left->members) line += " " + error_text(member.error);
        return line;
    }
    if (const auto* commit = std::get_if<OffsetCommit::Reply>(&reply)) {
        return who + " <- " + error_name(commit->topics.at(0).partitions.at(0).error);
    }
    if (const auto* fetch = std::get_if<OffsetFetch::Reply>(&reply)) {
        const auto& at = fetch->topics.at(0).partitions.at(0);
        return who + " <- " + error_name(at.error) + " " + std::to_string(at.offset.value());
    }
    if (const auto* gone = std::get_if<DeleteGroup::Reply>(&reply)) {
        return who + " <- " + error_text(gone->error);
    }
    return who + " <- a reply of another kind";
}

}  // namespace milena::coordinator::group
