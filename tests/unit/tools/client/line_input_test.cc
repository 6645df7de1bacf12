#include "tools/client/line_input.h"

#include "tools/client/machine.h"

#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace milena::client {
namespace {

std::vector<std::string> lines(const std::vector<std::string_view>& pieces) {
    LineSplitter splitter;
    std::vector<std::string> out;
    const auto drain = [&] {
        while (const auto line = splitter.next()) out.emplace_back(*line);
    };
    for (const auto piece : pieces) {
        splitter.feed(piece);
        drain();
    }
    splitter.finish();
    drain();
    return out;
}

TEST(LineSplitter, EndsLinesAsJavaDoesWhereverTheInputIsCut) {
    using Lines = std::vector<std::string>;
    const std::pair<std::vector<std::string_view>, Lines> cases[] = {
        {{}, {}},
        {{"a\nb\n"}, {"a", "b"}},
        {{"a\nb"}, {"a", "b"}},
        {{"\n\n"}, {"", ""}},
        {{"a\r\nb\rc\n"}, {"a", "b", "c"}},
        {{"a\r", "\nb"}, {"a", "b"}},
        {{"a\r"}, {"a"}},
        {{"a\r", "b\n"}, {"a", "b"}},
        {{"lo", "ng", " line\nx"}, {"long line", "x"}},
    };
    for (const auto& [pieces, expected] : cases) EXPECT_EQ(lines(pieces), expected);
}

class LineInputTest : public testing::Test {
  protected:
    void SetUp() override { ASSERT_EQ(::pipe(pipe_), 0); }
    void TearDown() override {
        ::close(pipe_[0]);
        close_writer();
    }
    void close_writer() {
        if (pipe_[1] >= 0) ::close(std::exchange(pipe_[1], -1));
    }
    void write(std::string_view text) {
        ASSERT_EQ(::write(pipe_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
    // What next() says, with the line if there is one.
    std::string next(LineInput& input) {
        std::string_view line;
        const auto state = input.next(clock_.now(), line);
        if (!state) return state.error().detail;
        if (*state == LineInput::State::end) return "end";
        return *state == LineInput::State::line ? "line " + std::string(line) : "nothing yet";
    }

    int pipe_[2] = {-1, -1};
    MachineClock clock_;
};

TEST_F(LineInputTest, TellsWhenNothingIsThereYet) {
    LineInput input(pipe_[0], clock_);
    EXPECT_EQ(next(input), "nothing yet");
    write("one\ntw");
    EXPECT_EQ(next(input), "line one");
    EXPECT_EQ(next(input), "nothing yet");
    write("o\nrest");
    EXPECT_EQ(next(input), "line two");
    close_writer();
    EXPECT_EQ(next(input), "line rest");
    EXPECT_EQ(next(input), "end");
    EXPECT_EQ(next(input), "end");
}

TEST_F(LineInputTest, ReportsAnInputThatCannotBeRead) {
    const int directory = ::open("/", O_RDONLY | O_CLOEXEC);
    ASSERT_GE(directory, 0);
    LineInput input(directory, clock_);
    EXPECT_EQ(next(input), "cannot read the input: Is a directory");
    ::close(directory);
}

}  // namespace
}  // namespace milena::client
