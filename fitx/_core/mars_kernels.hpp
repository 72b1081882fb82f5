// The inner loops of the MARS forward pass, once an instruction set. What they are for is said in mars_search.hpp.
#pragma once

#include <stdint.h>

#include "isa.hpp"

namespace fitx {

// Rows of one parent term B in the order of a falling variable x, most with B = 0 left out.
struct MarsRows {
    int64_t n;
    const int32_t* row;
    const double* b;
    const double* x;
};

// Candidate knots of one (parent, variable), hinge h_t = B (x - t)+, and what of h_t is orthogonal to the basis:
// hh = |h|^2, lin = <h, u>, hr[k] = <h, r_k>. u is B (x - centre) and r_k the residuals, orthogonal to the basis both;
// h0 is |h|^2 less the constant's share only.
struct MarsCandidates {
    int64_t count;
    int64_t responses;
    float* h0;
    double* hh;
    double* lin;
    double* hr;  // (responses, count)
};

struct MarsKernels {
    // Rows with B != 0, and those of the candidates (positions in the order), in order; `at` says where the candidates
    // went. Returns how many.
    int64_t (*gather)(int64_t n, const int32_t* order, const double* x, const double* b, int64_t count,
                      const int32_t* position, int32_t* at, int32_t* row, double* b_out, double* x_out);
    // out[j][lane] = <h_t, q_lane> for the knots at rows `at`, columns q (n, 2) or (n, 8); totals = sum of B q, and of
    // B q (x - last x), by lane.
    void (*sweep2)(const MarsRows& rows, const double* q, int64_t count, const int32_t* at, double* out, double* totals);
    void (*sweep8)(const MarsRows& rows, const double* q, int64_t count, const int32_t* at, double* out, double* totals);
    // The same over all n rows of the order, B not gathered yet, q in the order already.
    void (*sweep_all)(int64_t n, const int32_t* order, const double* x, const double* b, const double* q, int64_t count,
                      const int32_t* at, double* out, double* totals);
    // |h|^2 and <h, B (x - centre)> of every candidate; returns |B|^2, the centre weighted by B^2, |B (x - centre)|^2.
    void (*moments)(const MarsRows& rows, int64_t count, const int32_t* at, const MarsCandidates& c, double* sums);
    // Takes the columns `first` to `last` of out (count, width) off; theta (responses, width) are the columns' products
    // with the responses, beta with u.
    void (*take_off)(const MarsCandidates& c, const double* out, int width, int first, int last, const double* beta,
                     const double* theta);
    // The best candidate once u is in the model: its gain, and its index (-1: none gains). scratch: count.
    int64_t (*best)(const MarsCandidates& c, double u2, const double* rho, double tolerance, double* scratch,
                    double* gain);
    // For rows begin..end and columns v (m of them, each n long): dots[m][8 groups] += Q^T v after v -= Q coefficient;
    // either pointer may be null. Groups of 8 columns: q[g] is (n, 8).
    void (*project)(int64_t begin, int64_t end, int m, double* const* v, int groups, const double* const* q,
                    const double* coefficient, double* dots);
};

FITX_DECLARE(MarsKernels, mars_kernels)

}  // namespace fitx
