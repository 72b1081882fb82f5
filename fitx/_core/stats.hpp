// Sums over all rows of a table in one pass, the same for any number of threads.
#pragma once

#include <cstddef>

namespace fitx {

// Gram matrix (degree + 2, degree + 2) of [T_0(t) .. T_degree(t), y], t = (2x - lo - hi)/(hi - lo), weighted by w (or
// null). x, y, w: n numbers.
void chebyshev_gram(const double* x, const double* y, const double* w, size_t n, int degree, double lo, double hi,
                    int threads, double* gram);

struct Moments {
    double sum_w, sum_wy;
    double sum_wyy;  // about the weighted mean of y
    double sum_wrr, sum_wr, max_r;
    size_t undefined;
};
Moments moments(const double* y, const double* p, const double* w, size_t n, int threads);

}  // namespace fitx
