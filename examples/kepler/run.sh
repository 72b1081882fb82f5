#!/bin/sh
set -eu
cd "$(dirname "$0")"
# The logarithms: a straight line, whose slope is the power of the law.
fitx fit data.csv --target log_period --features log_axis --method poly --set poly.degree=1
# The columns as they are: the nearest polynomial, which is not the law.
fitx fit data.csv --target period --features axis --method poly
