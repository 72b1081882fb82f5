#!/bin/sh
set -eu
cd "$(dirname "$0")"
# Steinhart and Hart: 1/T = A + B log R + C (log R)^3.
fitx fit data.csv --target inverse_temperature --features log_resistance --method poly --set poly.powers=0,1,3
# The columns as they are: a polynomial of the resistance does not get far.
fitx fit data.csv --target temperature --features resistance --method poly
