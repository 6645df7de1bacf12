// The metrics of a node by name: a list of collectors, each of which writes whole families when
// somebody asks. Nothing is counted here; a collector reads what its part of the node counts
// anyway, so a metric costs nothing between two looks.
//
// Filled while the node starts, by one thread; read afterwards, from any.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace milena::telemetry {

enum class Kind : std::uint8_t {
    counter,  // only grows; its name ends in _total
    gauge,
};

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// The text that Prometheus reads (exposition format 0.0.4), in the making.
class Exposition {
  public:
    // The values that follow belong to this family. Names are snake_case and say their unit.
    void family(Kind kind, std::string_view name, std::string_view help);
    template <std::integral N>
    void value(N value, Labels labels = {}) {
        line(std::to_string(value), labels);
    }
    void value(double value, Labels labels = {});

    std::string take() { return std::move(text_); }

  private:
    void line(std::string_view number, Labels labels);

    std::string text_;
    std::string name_;  // of the family
};

class Registry {
  public:
    // Safe to call from any thread.
    using Collector = std::function<void(Exposition&)>;

    void add(Collector collector) { collectors_.push_back(std::move(collector)); }
    // A family with one value.
    template <class Read>
    void add(Kind kind, std::string name, std::string help, Read read) {
        add([kind, name = std::move(name), help = std::move(help),
             read = std::move(read)](Exposition& out) {
            out.family(kind, name, help);
            out.value(read());
        });
    }

    std::string text() const {
        Exposition out;
        for (const auto& collect : collectors_) collect(out);
        return out.take();
    }

  private:
    std::vector<Collector> collectors_;
};

}  // namespace milena::telemetry
