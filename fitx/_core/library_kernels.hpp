// Row operations of the search's library, compiled once for each instruction set (library_kernels.cpp).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "isa.hpp"

namespace fitx {

// Row operations of one instruction set (library_kernels.cpp). rows: a multiple of 16.
struct LibraryKernels {
  // out = f(scale * a) + offset for one argument, (a op scale * b) + offset for two; op is the evaluator's opcode,
  // but 0 is the identity and 1 the reciprocal.
  void (*apply)(int op, const double* a, const double* b, double scale, double offset, double* out, int rows);
  // Three numbers that two vectors share when, and in practice only when, one is a multiple of the other; false for a
  // vector that is constant, not finite or absurdly large. directions: three fixed unit-like vectors of `rows` numbers.
  bool (*fingerprint)(const double* v, const double* directions, int rows, double* out);
  // feature = unit vector along the part of weight * v (or weight * log|v|) that is orthogonal to `count` rows of
  // `basis`; false where less than 1e-11 of the squared length is left.
  bool (*project)(const double* v, bool log, const double* weight, const double* basis, int count, int rows, double* feature);
};
FITX_DECLARE(LibraryKernels, library_kernels)

}  // namespace fitx
