// What the search keeps of one (parent, variable), and what a thread works in.
#pragma once

#include "mars_search.hpp"

namespace fitx {

struct MarsSearch::Pair {
    std::vector<int32_t> position;  // of the candidates, in the variable's order
    std::vector<float> h0;
    std::vector<double> hh, lin, hr;
    std::vector<double> rho;        // <u, r_k>
    double u2 = 0, u0 = 0;          // |u|^2 now and at first
    double line = 0;                // |B (x - least x)|^2 less the constant's share
    double b2 = 0, centre = 0;      // |B|^2, and x weighted by B^2
    int64_t seen = -1;              // columns of Q taken off; -1: not begun
    int64_t used = 0;               // the clock when last asked
    bool stays = true;              // kept after the question

    int64_t count() const { return (int64_t)position.size(); }
    MarsCandidates view(int64_t responses) {
        return {count(), responses, h0.data(), hh.data(), lin.data(), hr.data()};
    }
    double bytes() const {
        return 4.0 * position.capacity() + 4.0 * h0.capacity() + 8.0 * (hh.capacity() + lin.capacity() + hr.capacity());
    }
};

struct MarsSearch::Scratch {
    std::vector<int32_t> row, at;
    std::vector<double> b, x, newest, out, gains, extra;
    void fit(int64_t rows) {
        if ((int64_t)row.size() == rows) return;
        row.resize(rows);
        b.resize(rows);
        x.resize(rows);
    }
};

}  // namespace fitx
