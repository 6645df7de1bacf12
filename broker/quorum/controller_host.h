// The shell around the metadata quorum: it owns __cluster_metadata-0, drives the raft machine and
// the controller, and publishes every committed image.
//
// One executor does all the work, in rounds: decide every waiting request, append their records,
// sync once, publish, reply. Invariants:
//   SyncedBeforeActedOn    an image is published, and a reply given, only after the records they
//                          rest on are on disk
//   PublishedBeforeReply   a reply is given after every publisher has seen the image that holds
//                          what was asked for: partitions of a new topic lead before CreateTopics
//                          answers
//   OneStateInOrder        images are published in the order of the log
#pragma once

#include "broker/net/executor.h"
#include "protocol/base/error.h"
#include "replication/metadata/image.h"
#include "replication/metadata/requests.h"

#include <functional>
#include <memory>
#include <utility>

namespace milena::quorum {

class ControllerHost {
  public:
    // `before` is an empty image at first. Called on the host's executor, one after the other in
    // the order of subscription; it must not block for long, and may not submit and wait.
    using Publisher =
        std::function<void(const metadata::ImagePtr& before, const metadata::ImagePtr& after,
                           const metadata::Delta& delta)>;
    template <class R>
    using Completion = std::move_only_function<void(Result<typename R::Reply>)>;

    virtual ~ControllerHost() = default;

    // The last published image; one atomic load, from any thread. Never null.
    virtual metadata::ImagePtr image() const = 0;

    // Before start(); every later image is seen, the first one included.
    virtual void subscribe(Publisher publisher) = 0;

    // From any thread. `done` is called on the host's executor with the reply, or with
    // NOT_CONTROLLER when this node stopped being the active controller before the answer stood.
    template <class R>
    void submit(R request, Completion<R> done) {
        enqueue(metadata::Request(std::move(request)),
                [done = std::move(done)](Result<metadata::Reply> reply) mutable {
                    if (!reply) return done(std::unexpected(std::move(reply).error()));
                    done(std::get<typename R::Reply>(std::move(*reply)));
                });
    }
    // The same, with `done` posted to the caller's executor.
    template <class R>
    void submit(R request, net::Executor& executor, Completion<R> done) {
        submit<R>(std::move(request),
                  [&executor, done = std::move(done)](Result<typename R::Reply> reply) mutable {
                      executor.post([done = std::move(done), reply = std::move(reply)]() mutable {
                          done(std::move(reply));
                      });
                  });
    }

  protected:
    using AnyCompletion = std::move_only_function<void(Result<metadata::Reply>)>;
    virtual void enqueue(metadata::Request request, AnyCompletion done) = 0;
};

}  // namespace milena::quorum
