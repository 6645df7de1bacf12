// librdkafka clients whose every operation stands in the journal. One process name is one client;
// a client is used by one thread.
#pragma once

#include "tests/history/record_journal.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <librdkafka/rdkafka.h>

namespace milena::history {

template <auto function>
struct Deleter {
    template <typename T>
    void operator()(T* handle) const {
        function(handle);
    }
};
using Handle = std::unique_ptr<rd_kafka_t, Deleter<rd_kafka_destroy>>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                   Deleter<rd_kafka_topic_partition_list_destroy>>;
using Settings = std::map<std::string, std::string>;
using Place = std::pair<std::string, std::int32_t>;  // topic, partition
using Positions = std::map<Place, std::int64_t>;

struct Seen {
    Place place;
    std::int64_t offset = 0;
    Value value = 0;
};

// Ends the program when librdkafka does not take a setting: that is a mistake of this program.
rd_kafka_conf_t* make_conf(const Settings& settings);
Handle make_handle(rd_kafka_type_t type, rd_kafka_conf_t* conf);
Partitions make_list(const Positions& positions);
// "t/0@5 t/1@7"; without `offsets` "t/0 t/1"
std::string words(const Positions& positions, bool offsets = true);

class Sender {
  public:
    // A transactional one when `settings` has a transactional.id.
    Sender(Journal& journal, std::string process, const Settings& settings);
    // What is still under way is given up, with outcome unknown.
    ~Sender();
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;

    // Queues a record; its line is written when its outcome is known. Key 0 is none.
    void send(const Place& place, Value from = 0, Value key = 0);
    // Lets outcomes come in for so long.
    void serve(int ms);
    bool flush(int ms) { return rd_kafka_flush(handle_.get(), ms) == RD_KAFKA_RESP_ERR_NO_ERROR; }

    // Of a transactional one. False: this client is of no use any more, make a new one.
    bool init(int ms);
    bool begin();
    bool send_offsets(const std::string& group, const Positions& positions, rd_kafka_t* consumer);
    bool commit();
    // Only of a transaction in which nothing failed, else a new client is needed: librdkafka ends
    // the program (`txn_req_cnt > 0`) when it is still adding partitions behind an abort.
    bool abort();

    // After an error for good a new one is needed.
    bool broken() const { return rd_kafka_fatal_error(handle_.get(), nullptr, 0) != 0; }

  private:
    struct Pending;
    static void delivered(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque);
    bool end(const char* verb, bool commit);

    Journal& journal_;
    std::string process_;
    bool all_well_ = true;  // since begin()
    Handle handle_;
};

class Reader {
  public:
    // `group` is empty for one that assigns by itself.
    Reader(Journal& journal, std::string process, std::string group, bool commits,
           const Settings& settings);

    void subscribe(const std::vector<std::string>& topics);
    void assign(const Positions& positions);
    // What comes within `ms`, `most` at most. Less when partitions are taken meanwhile: what was
    // read before and not returned yet is dropped then, and will be read again.
    std::vector<Seen> poll(std::size_t most, int ms);
    // Back to where these were read. False: nobody knows where it stands, make a new reader.
    bool seek_back(const std::vector<Seen>& seen);
    // Commits the group's positions behind what poll() returned.
    void commit();
    // What the group has committed for the partitions of `of`; false when nobody tells.
    bool fetch(Positions& of);
    // Leaves the group properly.
    void close();
    // Goes without a word; the group finds out.
    void crash();

    // Whether a new reader is needed.
    bool broken() const { return broken_; }
    rd_kafka_t* handle() const { return handle_.get(); }

  private:
    static void rebalanced(rd_kafka_t*, rd_kafka_resp_err_t why,
                           rd_kafka_topic_partition_list_t* partitions, void* opaque);
    void give(rd_kafka_topic_partition_list_t* partitions);
    void take(rd_kafka_topic_partition_list_t* partitions);
    void write_poll();

    Journal& journal_;
    std::string process_;
    std::string group_;
    bool commits_;
    Time poll_began_ = 0;
    std::vector<Seen> unwritten_;
    std::vector<Seen> batch_;
    bool interrupted_ = false;
    bool broken_ = false;
    Positions positions_;  // behind what poll() returned, of the partitions it has
    Handle handle_;
};

}  // namespace milena::history
