// Runs a script against a shard of the group coordinator: lines that begin with "> " are commands,
// the lines below a command are what it must bring about. Everything else is for the reader.
//
//   > join NAME [group=g] [id=new] [instance=i] [protocols=range:1,sticky:2] [session=ms]
//          [rebalance=ms] [ask-for-id] [skip]
//   > sync NAME [generation=n] [assign=NAME:1,NAME:2]      the assignments of the leader
//   > heartbeat NAME [generation=n]
//   > leave NAME...        or instance=i
//   > commit NAME|nobody [group=g] offset=n [topic=t] [producer=n]
//   > end producer=n commit|abort
//   > fetch [group=g] [topic=t] [stable]
//   > delete-group [group=g]
//   > pass ms              time goes by
//   > fail-over            another coordinator takes over
//   > show [group=g]
//
// Commands about consumer groups are listed in consumer_script.h.
//
// A name stands for a client; what it does not say stays as it said it before. Ids that the broker
// makes are shown as the name of the client that they were made for: a, a', a'', ...
#pragma once

#include "tests/unit/broker/coordinator/group/classic_members.h"
#include "tests/unit/broker/coordinator/group/consumer_script.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace milena::coordinator::group {

class ScriptRunner {
  public:
    // The script with the traces as they are: equal to `script` when all is as expected.
    std::string run(std::string_view script);

  private:
    struct Client {
        JoinGroup join;
        std::int32_t generation = -1;
        int ids = 0;
    };
    // What follows the name of a command.
    struct Words {
        std::vector<std::string> plain;
        std::map<std::string, std::string> named;

        bool has(std::string_view word) const;
        std::string get(const std::string& name, std::string otherwise = {}) const;
        std::int64_t number(const std::string& name, std::int64_t otherwise) const;
    };

    static Words split(std::string_view line);
    void perform(const Words& words);
    void join(const Words& words);
    void sync(const Words& words);
    void heartbeat(const Words& words);
    void leave(const Words& words);
    void commit(const Words& words);
    void fetch(const Words& words);
    void show(const std::string& group_id);

    Client& client(const Words& words);
    std::string name_of(std::string_view member_id) const;
    void say(std::string line) { trace_ += "  " + std::move(line) + "\n"; }
    void learn_names();
    void say_records();
    void say_replies();
    std::string told(const std::string& who, const Reply& reply);

    TestShard shard_;
    ConsumerScript consumers_{shard_};
    std::map<std::string, Client> clients_;
    std::map<std::string, std::string, std::less<>> names_;  // of member ids
    std::map<std::uint64_t, std::string> asked_;             // who, by reply
    std::size_t records_told_ = 0;
    std::string trace_;
};

}  // namespace milena::coordinator::group
