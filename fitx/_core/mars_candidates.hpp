// Which rows may be knots of a parent term in one variable.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace fitx {

enum class MarsRules : int { pyearth = 0, even = 1 };

// Rows between knots when nobody says (Friedman 1991, eq. 43): -log2(-log(1 - alpha)/(variables used))/2.5.
inline int64_t mars_minspan(double alpha, int64_t variables, int64_t used) {
    const double run = -std::log2(-std::log1p(-alpha) / ((double)variables * (double)used)) / 2.5;
    return (int64_t)run;
}

// py-earth's rule, over all rows of the order (x falls, b is the parent's value): after a row that cannot be a knot,
// tie or zero of the parent, minspan rows must pass. The `holes` rows that are missing count as zeros of the parent, after
// the first hole_at rows. Returns positions in the order.
inline void candidates_pyearth(int64_t n, const int32_t* order, const double* x, const double* b, int64_t holes,
                               int64_t hole_at, int64_t endspan, int64_t minspan, std::vector<int32_t>& out) {
    out.clear();
    bool any = false;
    double last = 0;
    int64_t wait = 0;
    for (int64_t all = endspan; all + endspan <= n + holes && all < n + holes; all++) {
        const bool hole = all >= hole_at && all < hole_at + holes;
        const int64_t i = all < hole_at ? all : all - holes;
        if (hole || (any && x[i] == last) || b[order[i]] == 0) {
            wait = minspan;
            continue;
        }
        last = x[i];
        any = true;
        if (wait <= 0) {
            out.push_back((int32_t)i);
            wait = minspan;
        } else {
            wait--;
        }
    }
}

// The even rule, over all rows of the order: a knot at the row after every minspan rows that the parent uses, the first
// after endspan of them and what keeps about as many rows at the lower end; none among the last endspan rows, but always
// one. A knot at the least x is the linear term and left out. Returns positions in the order.
inline void candidates_even(int64_t n, const int32_t* order, const double* x, const double* b, int64_t endspan,
                            int64_t minspan, std::vector<int32_t>& out) {
    out.clear();
    endspan = std::max<int64_t>(0, std::min(endspan, n / 2 - 1));
    minspan = std::max<int64_t>(1, minspan);
    const int64_t last = n - 1 - endspan;
    int64_t used = 0, next = endspan + ((last - endspan) % minspan + 1) / 2;
    double before = n ? x[0] : 0;
    for (int64_t i = 0; i <= last; i++) {
        if (used == next) {
            if (x[i] != before && x[i] != x[n - 1]) out.push_back((int32_t)i);
            before = x[i];
            next += minspan;
        }
        used += b[order[i]] != 0;
    }
}

}  // namespace fitx
