#!/bin/sh
set -eu
cd "$(dirname "$0")"
model=$(mktemp)
trap 'rm -f "$model"' EXIT
# The polynomial through all five counts.
fitx fit data.csv --method lagrange --save "$model"
# What it says of 6, 7 and 10 points.
fitx predict "$model" more.csv
