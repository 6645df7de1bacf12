// A hash map whose copies share what they have in common: copying is one pointer, changing one
// entry copies about 130 pointers, however many entries there are. It holds the large collections
// of the metadata image, of which every change makes a new version.
//
// Shape: a root of 64 branches of 64 leaves; a leaf is a short array (2.5 entries at 10,000).
// Nodes are never changed once a map that holds them was copied: an Editor changes in place only
// nodes that it made itself, so that a run of changes copies each node once.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace milena::metadata {

// Traits: `using Key` (what lookups take), `static Key key(const Value&)`,
// `static std::size_t hash(Key)`. Values are immutable and shared.
template <class Value, class Traits>
class PersistentMap {
  public:
    using Key = typename Traits::Key;
    using Pointer = std::shared_ptr<const Value>;

  private:
    static constexpr std::size_t kWidth = 64;

    struct Entry {
        std::size_t hash = 0;
        Pointer value;
    };
    struct Leaf {
        std::uint64_t edit = 0;
        std::vector<Entry> entries;
    };
    struct Branch {
        std::uint64_t edit = 0;
        std::array<std::shared_ptr<Leaf>, kWidth> children;
    };
    struct Root {
        std::uint64_t edit = 0;
        std::array<std::shared_ptr<Branch>, kWidth> children;
    };

  public:
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

    // nullptr when there is none. Valid as long as this version of the map, or the value, is held.
    const Value* find(Key key) const {
        const Pointer* entry = find_entry(key);
        return entry ? entry->get() : nullptr;
    }
    Pointer share(Key key) const {
        const Pointer* entry = find_entry(key);
        return entry ? *entry : nullptr;
    }

    // In an order that depends on the hashes only.
    template <class Visit>
    void for_each(Visit&& visit) const {
        if (!root_) return;
        for (const auto& branch : root_->children) {
            if (!branch) continue;
            for (const auto& leaf : branch->children) {
                if (!leaf) continue;
                for (const auto& entry : leaf->entries) visit(entry.value);
            }
        }
    }

    // Changes one map; the map may be read and copied again when its editor is gone.
    class Editor {
      public:
        explicit Editor(PersistentMap& map) : map_(map), edit_(next_edit()) {}
        Editor(const Editor&) = delete;
        Editor& operator=(const Editor&) = delete;

        void set(Pointer value) {
            const std::size_t hash = spread(Traits::hash(Traits::key(*value)));
            Leaf& leaf = own_leaf(hash);
            for (auto& entry : leaf.entries) {
                if (entry.hash == hash && Traits::key(*entry.value) == Traits::key(*value)) {
                    entry.value = std::move(value);
                    return;
                }
            }
            leaf.entries.push_back({hash, std::move(value)});
            ++map_.size_;
        }

        // `key` may not view into the value that is erased.
        void erase(Key key) {
            if (!map_.find_entry(key)) return;
            const std::size_t hash = spread(Traits::hash(key));
            Leaf& leaf = own_leaf(hash);
            std::erase_if(leaf.entries, [&](const Entry& entry) {
                return entry.hash == hash && Traits::key(*entry.value) == key;
            });
            --map_.size_;
        }

      private:
        template <class Node>
        Node& own(std::shared_ptr<Node>& node) {
            if (!node || node->edit != edit_) {
                node = node ? std::make_shared<Node>(*node) : std::make_shared<Node>();
                node->edit = edit_;
            }
            return *node;
        }
        Leaf& own_leaf(std::size_t hash) {
            auto& root = own(map_.root_);
            auto& branch = own(root.children[branch_of(hash)]);
            return own(branch.children[leaf_of(hash)]);
        }
        static std::uint64_t next_edit() {
            static std::atomic<std::uint64_t> last{0};
            return last.fetch_add(1, std::memory_order_relaxed) + 1;
        }

        PersistentMap& map_;
        std::uint64_t edit_;
    };

  private:
    // Every bit of the key's hash reaches the twelve bits that choose the leaf.
    static std::size_t spread(std::size_t hash) {
        hash ^= hash >> 32;
        hash *= 0x9e3779b97f4a7c15ULL;
        return hash ^ (hash >> 29);
    }
    static std::size_t branch_of(std::size_t hash) { return hash % kWidth; }
    static std::size_t leaf_of(std::size_t hash) { return hash / kWidth % kWidth; }

    const Pointer* find_entry(Key key) const {
        if (!root_) return nullptr;
        const std::size_t hash = spread(Traits::hash(key));
        const auto& branch = root_->children[branch_of(hash)];
        if (!branch) return nullptr;
        const auto& leaf = branch->children[leaf_of(hash)];
        if (!leaf) return nullptr;
        for (const auto& entry : leaf->entries) {
            if (entry.hash == hash && Traits::key(*entry.value) == key) return &entry.value;
        }
        return nullptr;
    }

    std::shared_ptr<Root> root_;
    std::size_t size_ = 0;
};

}  // namespace milena::metadata
