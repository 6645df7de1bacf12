#!/bin/bash
# What kcat says to the broker $1: produce, consume, query, a group, a transaction.
set -e
b=$1
printf 'k1:v1\nk2:v2\n' | kcat -b "$b" -P -K: -t golden-kcat -X enable.idempotence=true
printf 'k1:v1\nk2:v2\n' | kcat -b "$b" -P -z zstd -K: -t golden-kcat
kcat -b "$b" -L -t golden-kcat
kcat -b "$b" -C -e -t golden-kcat -o beginning
kcat -b "$b" -Q -t golden-kcat:0:-1
timeout 10 kcat -b "$b" -G golden-kcat-group golden-kcat -e -X auto.offset.reset=earliest
printf 'k1:v1\n' | kcat -b "$b" -P -K: -t golden-kcat -X transactional.id=golden-txn-kcat
