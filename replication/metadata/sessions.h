// When each broker was last heard, and how far it had followed the metadata log: what the active
// controller remembers besides the log, and loses when another takes over. A broker that a new
// active controller has not heard yet counts as heard at the moment it became active.
//
// Driven by Controller: it notes every contact that a decision names.
#pragma once

#include "protocol/base/time.h"
#include "replication/metadata/image.h"

#include <map>
#include <optional>

namespace milena::metadata {

struct BrokerContact {
    BrokerId id;
    BrokerEpoch epoch{-1};
    MonoTime time;
    Offset metadata_end{0};  // exclusive: how far it has applied the metadata log
    // Exclusive end of the records that began its controlled shutdown, while that lasts.
    std::optional<Offset> shutdown_end{};
};

class Sessions {
  public:
    explicit Sessions(MonoTime active_since) : active_since_(active_since) {}

    void note(const BrokerContact& contact) { contacts_[contact.id] = contact; }

    // A fenced broker has no session. One that is not fenced has it from one contact until
    // `timeout` has passed.
    bool is_live(const BrokerImage& broker, Nanos timeout, MonoTime now) const {
        return !broker.is_fenced && now <= last_contact(broker) + timeout;
    }
    // By this controller, in the broker's present epoch.
    bool was_heard(const BrokerImage& broker) const { return find(broker) != nullptr; }
    MonoTime last_contact(const BrokerImage& broker) const;

    // The broker whose session ran out first; nullptr when none did.
    const BrokerImage* first_expired(const Image& image, Nanos timeout, MonoTime now) const;
    // The last moment at which no further session has run out; nullopt when there are none.
    std::optional<MonoTime> next_expiry(const Image& image, Nanos timeout) const;

    // How far every active broker has followed the log: what lies below is known to all of them.
    // nullopt when there is none.
    std::optional<Offset> lowest_active_end(const Image& image) const;
    // nullopt when this controller has not seen its controlled shutdown begin.
    std::optional<Offset> shutdown_end(const BrokerImage& broker) const;

  private:
    // nullptr when it has not been heard in this epoch of its.
    const BrokerContact* find(const BrokerImage& broker) const;

    MonoTime active_since_;
    std::map<BrokerId, BrokerContact> contacts_;
};

}  // namespace milena::metadata
