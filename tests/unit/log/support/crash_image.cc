#include "tests/unit/log/support/crash_image.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

namespace milena::log::test {
namespace {

constexpr std::size_t kExhaustiveUpTo = 4;  // pending changes

void put(std::vector<std::uint8_t>& bytes, std::uint64_t position,
         const std::vector<std::uint8_t>& data, std::uint64_t count) {
    if (count == 0) return;
    if (bytes.size() < position + count) bytes.resize(position + count);
    std::memcpy(bytes.data() + position, data.data(), count);
}

void write(std::vector<std::uint8_t>& bytes, const Change& change, const Fate& fate) {
    const std::uint64_t size = change.bytes.size();
    const std::uint64_t end = change.position + size;
    switch (fate.kind) {
        case Fate::Kind::lost:
            return;
        case Fate::Kind::kept:
            return put(bytes, change.position, change.bytes, size);
        case Fate::Kind::zeros:
            if (bytes.size() < end) bytes.resize(end);
            return;
        case Fate::Kind::torn:
            return put(bytes, change.position, change.bytes,
                       std::clamp(fate.at, change.position, end) - change.position);
        case Fate::Kind::garbage: {
            put(bytes, change.position, change.bytes, size);
            const std::uint64_t from = std::clamp(fate.at, change.position, end);
            const std::uint64_t to = std::min(end, from + kSectorBytes);
            for (std::uint64_t i = from; i < to; ++i) {
                bytes[i] = static_cast<std::uint8_t>(i * 2'654'435'761ULL >> 13);
            }
            return;
        }
    }
}

void apply(DiskImage& image, const Change& change, const Fate& fate) {
    switch (change.kind) {
        case Change::Kind::write:
            return write(image[change.node].bytes, change, fate);
        case Change::Kind::truncate:
            if (fate.kind == Fate::Kind::kept) image[change.node].bytes.resize(change.position);
            return;
        case Change::Kind::link:
            if (fate.kind == Fate::Kind::kept) image[change.dir].entries[change.name] = change.node;
            return;
        case Change::Kind::unlink:
        case Change::Kind::rename: {
            if (fate.kind != Fate::Kind::kept) return;
            auto& entries = image[change.dir].entries;
            if (const auto at = entries.find(change.name);
                at != entries.end() && at->second == change.node) {
                entries.erase(at);
            }
            if (change.kind == Change::Kind::rename) entries[change.to] = change.node;
            return;
        }
        case Change::Kind::sync:
        case Change::Kind::sync_dir:
            return;
    }
}

class Combinations {
  public:
    Combinations(const std::vector<Change>& changes, const std::vector<std::size_t>& pending,
                 std::size_t budget, Random& random)
        : changes_(changes), pending_(pending), budget_(budget), random_(random) {}

    std::vector<Fates> run() {
        const std::size_t count = pending_.size();
        add(all(Fate::Kind::kept));
        if (count == 0) return std::move(found_);
        add(all(Fate::Kind::lost));
        sides();
        for (std::size_t i = 0; i < count; ++i) {
            for (const auto kind : {Fate::Kind::kept, Fate::Kind::lost}) {
                Fates fates = all(kind);
                fates[i].kind = kind == Fate::Kind::kept ? Fate::Kind::lost : Fate::Kind::kept;
                add(std::move(fates));
            }
        }
        for (std::size_t i = count; i-- > 0;) sectors(i);
        if (count <= kExhaustiveUpTo) {
            subsets();
        } else {
            while (found_.size() < budget_) add(random_fates());
        }
        thin_out();
        return std::move(found_);
    }

  private:
    const Change& change(std::size_t i) const { return changes_[pending_[i]]; }
    Fates all(Fate::Kind kind) const { return Fates(pending_.size(), Fate{kind, 0}); }
    void add(Fates fates) { found_.push_back(std::move(fates)); }

    void sides() {
        for (const bool names : {false, true}) {
            Fates fates = all(Fate::Kind::lost);
            for (std::size_t i = 0; i < fates.size(); ++i) {
                if (change(i).is_name() == names) fates[i].kind = Fate::Kind::kept;
            }
            add(std::move(fates));
        }
    }

    // With everything before it kept, and what is behind it once kept and once lost.
    void sectors(std::size_t i) {
        const Change& torn = change(i);
        if (torn.kind != Change::Kind::write) return;
        Fates kept = all(Fate::Kind::kept);
        kept[i].kind = Fate::Kind::zeros;
        add(kept);
        const std::uint64_t end = torn.position + torn.bytes.size();
        for (std::uint64_t at = (torn.position / kSectorBytes + 1) * kSectorBytes; at < end;
             at += kSectorBytes) {
            kept[i] = {Fate::Kind::torn, at};
            add(kept);
            Fates last = kept;
            for (std::size_t behind = i + 1; behind < last.size(); ++behind) {
                last[behind].kind = Fate::Kind::lost;
            }
            add(last);
        }
        // Half a write without regard to sectors: as the process died in the middle of it.
        Fates half = all(Fate::Kind::kept);
        for (std::size_t behind = i + 1; behind < half.size(); ++behind) {
            half[behind].kind = Fate::Kind::lost;
        }
        half[i] = {Fate::Kind::torn, torn.position + torn.bytes.size() / 2};
        add(half);
        half[i] = {Fate::Kind::garbage, torn.position / kSectorBytes * kSectorBytes};
        add(half);
    }

    void subsets() {
        for (std::uint64_t bits = 0; bits < (1ULL << pending_.size()); ++bits) {
            Fates fates = all(Fate::Kind::lost);
            for (std::size_t i = 0; i < fates.size(); ++i) {
                if ((bits >> i & 1) != 0) fates[i].kind = Fate::Kind::kept;
            }
            add(std::move(fates));
        }
    }

    Fates random_fates() {
        Fates fates = all(Fate::Kind::kept);
        const std::uint64_t bias = 1 + random_.below(3);  // how many of four are kept
        for (std::size_t i = 0; i < fates.size(); ++i) {
            if (random_.below(4) < bias) continue;
            fates[i].kind = Fate::Kind::lost;
            const Change& pending = change(i);
            if (pending.kind != Change::Kind::write) continue;
            const std::uint64_t sector =
                (pending.position / kSectorBytes + 1 + random_.below(3)) * kSectorBytes;
            if (random_.below(3) == 0) fates[i] = {Fate::Kind::torn, sector};
            if (random_.below(6) == 0) fates[i] = {Fate::Kind::zeros, 0};
        }
        return fates;
    }

    // Keeps the first two, and of the others as many as fit, chosen by chance.
    void thin_out() {
        const auto key = [](const Fates& fates) {
            std::string text;
            for (const Fate& fate : fates) {
                text += static_cast<char>(fate.kind);
                text += std::to_string(fate.at);
            }
            return text;
        };
        std::set<std::string> seen;
        std::erase_if(found_, [&](const Fates& fates) { return !seen.insert(key(fates)).second; });
        while (found_.size() > std::max<std::size_t>(budget_, 2)) {
            const auto victim = 2 + random_.below(found_.size() - 2);
            found_[victim] = std::move(found_.back());
            found_.pop_back();
        }
    }

    const std::vector<Change>& changes_;
    const std::vector<std::size_t>& pending_;
    std::size_t budget_;
    Random& random_;
    std::vector<Fates> found_;
};

}  // namespace

std::vector<std::size_t> pending_of(const std::vector<Change>& changes, std::size_t count) {
    std::vector<std::size_t> pending;
    std::set<NodeId> synced;       // by a later sync
    std::set<NodeId> dirs_synced;  // likewise
    for (std::size_t i = count; i-- > 0;) {
        const Change& change = changes[i];
        if (change.kind == Change::Kind::sync) synced.insert(change.node);
        if (change.kind == Change::Kind::sync_dir) dirs_synced.insert(change.dir);
        if ((change.is_data() && !synced.contains(change.node)) ||
            (change.is_name() && !dirs_synced.contains(change.dir))) {
            pending.push_back(i);
        }
    }
    std::ranges::reverse(pending);
    return pending;
}

DiskImage image_after(const DiskImage& start, const std::vector<Change>& changes, std::size_t count,
                      const std::vector<std::size_t>& pending, const Fates& fates) {
    DiskImage image = start;
    std::size_t next = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const Change& change = changes[i];
        if (change.kind == Change::Kind::link && image.size() <= change.node) {
            image.resize(change.node + 1);
            image[change.node].is_directory = change.is_directory;
        }
        Fate fate;
        if (next < pending.size() && pending[next] == i) fate = fates[next++];
        apply(image, change, fate);
    }
    return image;
}

std::vector<Fates> legal_fates(const std::vector<Change>& changes,
                               const std::vector<std::size_t>& pending, std::size_t budget,
                               Random& random) {
    return Combinations(changes, pending, budget, random).run();
}

std::string describe(const std::vector<std::size_t>& pending, const Fates& fates) {
    constexpr std::array<std::string_view, 5> kNames{"kept", "lost", "torn", "zeros", "garbage"};
    std::string text;
    for (std::size_t i = 0; i < fates.size(); ++i) {
        if (fates[i].kind == Fate::Kind::kept) continue;
        text += (text.empty() ? "" : " ") + std::to_string(pending[i]) + ":" +
                std::string(kNames[static_cast<std::size_t>(fates[i].kind)]);
        if (fates[i].at > 0) text += "@" + std::to_string(fates[i].at);
    }
    return text.empty() ? "everything kept" : text;
}

}  // namespace milena::log::test
