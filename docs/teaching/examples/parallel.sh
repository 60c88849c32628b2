#!/bin/bash
# Grades a class on several hosts by GNU parallel, one part each. The tree and
# submissions/ are there on all of them under the same path (NFS, or rsync).
#
#     docs/teaching/examples/parallel.sh ada.example.edu bob.example.edu
set -eu
count=$#
here=$(pwd)
seq "$count" | parallel --sshlogin "$(IFS=, && echo "$*")" --jobs 1 \
    "cd '$here' && make grade-class STEP=03 SUBMISSIONS=submissions SEED=2026 \
        SHARD={}/$count OUT=build/parts/{} BUILD=build/of-{}"
parts=$(seq -f 'build/parts/%g' "$count" | tr '\n' ' ')
make merge-class STEP=03 PARTS="$parts"
