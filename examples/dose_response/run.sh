#!/bin/sh
set -eu
cd "$(dirname "$0")"
# Every curve of the catalogue; the simplest within noise of the best is chosen.
fitx fit data.csv --method curve
# The curve that assays are read by: Hill's, with an exponent.
fitx fit data.csv --method curve --set curve.only=hill
# Curves named by the user compete, too.
fitx fit data.csv --method curve --set curve.only=power,tanh_saturation,exponential_offset
