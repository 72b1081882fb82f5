// Interval arithmetic on postfix programs: what values a program can take on a box, and what can go wrong there.
//
// [lo, hi] holds every value of the program on the box, of real arithmetic and of the evaluator's, where it is a
// number; infinite ends stand for values that may grow without bound or are infinite. NaN ends: a number nowhere.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fitx {

enum : int32_t {
    may_be_undefined = 1,  // NaN somewhere
    may_have_pole = 2,     // beyond all bounds near some point
    may_overflow = 4,      // a finite real value beyond double precision
};

struct IntervalProgram {
    const int32_t* codes;
    const int32_t* operands;
    size_t length;
    const double* constants;
    size_t constant_count;
};

// Throws std::invalid_argument for a malformed program.
void check_interval_program(const IntervalProgram& program, size_t columns);

// For boxes i < n with ends low[j * n + i], high[j * n + i]: lo, hi, flags, and `blame`: the summed widths of the
// operands that raised the flags, which fall where the box is cut along the right column; 0 where there is no flag.
void enclose(const IntervalProgram& program, const double* low, const double* high, size_t n, double* lo, double* hi,
             double* blame, int32_t* flags);

}  // namespace fitx
