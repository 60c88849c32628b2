#!/bin/sh
# diff_step.sh NN: what step NN changes against the one before: the files that
# it brings, those that now come from common/, and how main.c changes.
set -eu
cd steps
before=''
for step in */; do
    step=${step%/}
    case $step in "$1"-*) break ;; esac
    before=$step
done
if [ -z "$before" ]; then
    echo "$step is the first step: everything in it is new."
    wc -l "$step"/*.[ch]
    exit 0
fi

echo "From $before to $step"
echo
echo 'Taught here:'
for file in "$step"/*.[ch]; do
    [ "$file" = "$step/main.c" ] ||
        printf '  %-14s %4d lines\n' "${file##*/}" "$(wc -l <"$file")"
done
echo "From now on used from common/:"
for file in "$before"/*.[ch]; do
    case ${file##*/} in main.c | client.c) ;; *) echo "  ${file##*/}" ;; esac
done
echo

# Colors for a terminal.
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    green=$(printf '\033[32m') red=$(printf '\033[31m')
    bold=$(printf '\033[1m') plain=$(printf '\033[0m')
else
    green='' red='' bold='' plain=''
fi
diff -u -L "$before/main.c" -L "$step/main.c" \
    "$before/main.c" "$step/main.c" | awk \
    -v green="$green" -v red="$red" -v bold="$bold" -v plain="$plain" '
    /^(---|\+\+\+) / { print bold $0 plain; next }
    /^@@/ { print bold $0 plain; next }
    /^\+/ { come++; print green $0 plain; next }
    /^-/ { go++; print red $0 plain; next }
    { print }
    END { printf "\nmain.c: %d lines come, %d go\n", come, go }'
