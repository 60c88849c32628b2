#!/bin/sh
# Gradescope runs this once, as root, while it makes the image.
set -e
cd "$(dirname "$0")/staircase"
apt-get update -q
apt-get install -y -q --no-install-recommends make git
YES=1 tests/tools/packages.sh test build/have/test
