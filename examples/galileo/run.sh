#!/bin/sh
set -eu
cd "$(dirname "$0")"
# Any polynomial that the rows support.
fitx fit data.csv --method poly
# The law alone: distance as the square of the time.
fitx fit data.csv --method poly --set poly.powers=2
