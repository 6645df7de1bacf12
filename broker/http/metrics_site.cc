#include "broker/http/metrics_site.h"

#include <utility>

namespace milena::http {
namespace {

constexpr const char* kPlain = "text/plain; charset=utf-8";
constexpr const char* kPrometheus = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace

Handler metrics_site(MetricsSource source) {
    return [source = std::move(source)](const Request& request, Respond respond) {
        if (request.path != "/metrics" && request.path != "/healthz") {
            return respond({404, kPlain, "there are /metrics and /healthz\n"});
        }
        if (request.method != "GET" && request.method != "HEAD") {
            return respond({405, kPlain, "only GET and HEAD are served\n"});
        }
        if (request.path == "/healthz") {
            const bool serving = source.is_serving();
            return respond({serving ? 200 : 503, kPlain,
                            serving ? "ok\n" : "the broker is starting or stopping\n"});
        }
        source.submit_blocking(
            [&registry = source.registry, respond = std::move(respond)]() mutable {
                respond({200, kPrometheus, registry.text()});
            });
    };
}

}  // namespace milena::http
