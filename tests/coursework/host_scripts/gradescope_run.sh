#!/bin/sh
# shellcheck disable=SC1083 # names in braces are filled in by hosts.py
# Gradescope runs this, as root, for each submission: /autograder/submission is
# what a student handed in, /autograder/results/results.json what is shown.
place=/autograder
chmod go= $place/source $place/results # not for the program that is graded
cd $place/source/staircase || exit
python=$(cat build/have/python)
submitted=$("$python" -c 'import json, sys
print(json.load(open(sys.argv[1])).get("created_at", ""))' \
    $place/submission_metadata.json 2>/dev/null)
report=$(mktemp -d)/report.json
export PYTHONPATH=tests
"$python" -m coursework grade_submission --step {number} --name submission \
    --submission $place/submission --report "$report" \
    ${submitted:+--submitted "$submitted"} {course}
"$python" -m coursework export "$report" --gradescope $place/results/results.json
