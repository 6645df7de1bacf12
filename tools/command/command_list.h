// One function per subcommand; commands.cc holds the table.
#pragma once

#include "tools/io.h"

namespace milena::cli {

int run_bench(int argc, char** argv, const Io& io);
int run_consume(int argc, char** argv, const Io& io);
int run_dev(int argc, char** argv, const Io& io);
int run_group(int argc, char** argv, const Io& io);
int run_log(int argc, char** argv, const Io& io);
int run_produce(int argc, char** argv, const Io& io);
int run_topic(int argc, char** argv, const Io& io);
int run_txn(int argc, char** argv, const Io& io);
int run_version(int argc, char** argv, const Io& io);

}  // namespace milena::cli
